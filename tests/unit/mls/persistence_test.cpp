// A group kept as records: what an operation writes, what a cut-off write leaves, what a restored group is.
#include <gtest/gtest.h>

#include <set>

#include "sotto/mls/group.hpp"

namespace sotto::mls {
namespace {

constexpr CipherSuite kSuite = CipherSuite::x25519_aes128gcm_sha256_ed25519;

Bytes text(std::string_view value) { return to_bytes(value); }

StateRecords copy_of(const StateRecords& records) {
  StateRecords out;
  for (const auto& [key, value] : records) out.emplace(key, value.copy());
  return out;
}

// A writer that keeps the records, and every prefix's worth of what was last written.
class Disk final : public StateWriter {
 public:
  Status write(const StateChanges& changes) override {
    if (fails) return fail(ErrorCode::storage, "The disk is full.");
    before = copy_of(records);
    last.list.clear();
    for (const StateChange& change : changes.list) {
      last.list.push_back({change.key, change.value ? std::optional(change.value->copy()) : std::nullopt});
    }
    changes.apply_to(records);
    return ok_status();
  }
  void take(Group& group) { ASSERT_TRUE(write(group.take_changes())); }

  StateRecords records;
  StateRecords before;  // the last write
  StateChanges last;
  bool fails = false;
};

class Persistence : public testing::Test {
 protected:
  Persistence() : random_(7), env_{random_, policy_, nullptr, 1000} {}

  ClientIdentity identity(const std::string& name) {
    return {Credential::basic(as_bytes(name)),
            crypto::SigningKey::generate(crypto::SignatureAlgorithm::ed25519, random_),
            default_capabilities(),
            {}};
  }
  OwnKeyPackage package(const std::string& name) {
    return *make_key_package(kSuite, identity(name), {0, 1'000'000}, {}, random_);
  }
  Group create(GroupConfig config = {}) {
    auto group = Group::create(kSuite, as_bytes("group"), identity("0"), {}, config, env_);
    return *std::move(group);
  }
  // `count` members; the first is the founder. Only the first `here` take part.
  std::vector<Group> make_group(int count, std::size_t here = SIZE_MAX) {
    std::vector<Group> out;
    Group founder = create();
    std::vector<OwnKeyPackage> packages;
    CommitOptions add;
    for (int i = 1; i < count; ++i) {
      packages.push_back(package(std::to_string(i)));
      add.by_value.push_back(Proposal{Add{packages.back().package}});
    }
    auto made = founder.commit(add, env_);
    EXPECT_TRUE(made);
    EXPECT_TRUE(founder.merge_pending_commit());
    out.push_back(std::move(founder));
    for (const OwnKeyPackage& own : packages) {
      if (out.size() == here) break;
      auto joined = Group::join(*made->welcome->get<Welcome>(), own, nullptr, {}, env_);
      EXPECT_TRUE(joined);
      out.push_back(*std::move(joined));
    }
    return out;
  }

  Group restored(const StateRecords& records, GroupConfig config = {}) {
    auto group = Group::restore(records, config);
    EXPECT_TRUE(group) << group.error().message;
    return *std::move(group);
  }
  // What is on disk is the group, and restores to the same records.
  void expect_is_on_disk(const Group& group, const StateRecords& records) {
    EXPECT_TRUE(group.state_records() == records);
    Group again = restored(records);
    EXPECT_TRUE(again.state_records() == records);
    EXPECT_TRUE(again.take_changes().empty());
  }

  Outcome<ApplicationMessage> open(Group& group, const MlsMessage& message) {
    auto received = group.receive(message, env_);
    if (!received) return std::move(received).refusal();
    return *received->get<ApplicationMessage>();
  }
  void merge(Group& group, const MlsMessage& commit) {
    auto received = group.receive(commit, env_);
    ASSERT_TRUE(received) << received.refusal().error.message;
    ASSERT_TRUE(group.merge(std::move(*received->get<StagedCommit>())));
  }
  MlsMessage commit_of(Group& group) {
    CommitOptions options;
    options.force_path = true;
    auto made = group.commit(options, env_);
    EXPECT_TRUE(made) << made.refusal().error.message;
    return made->commit;
  }
  std::uint32_t generation_of(Group& receiver, const MlsMessage& message) {
    Group copy = receiver.copy();
    auto opened = open(copy, message);
    EXPECT_TRUE(opened) << opened.refusal().error.message;
    return opened ? opened->generation : UINT32_MAX;
  }

  SeededRandom random_;
  BasicCredentialPolicy policy_;
  Environment env_;
};

TEST_F(Persistence, a_new_group_is_restored_as_it_is) {
  Group group = create();
  Disk disk;
  disk.take(group);
  expect_is_on_disk(group, disk.records);
  EXPECT_TRUE(group.take_changes().empty());
}

TEST_F(Persistence, nothing_is_restored_from_nothing) {
  const auto group = Group::restore({}, {});
  ASSERT_FALSE(group);
  EXPECT_EQ(group.error().code, ErrorCode::not_found);
}

TEST_F(Persistence, a_message_writes_a_few_hundred_bytes_and_the_next_fewer) {
  auto members = make_group(130, 2);
  Disk sender;
  sender.take(members[0]);
  Disk receiver;
  receiver.take(members[1]);
  const auto first = members[0].protect(text("one"), {}, env_);
  sender.take(members[0]);
  EXPECT_LT(sender.last.bytes(), 800U);
  expect_is_on_disk(members[0], sender.records);
  ASSERT_TRUE(open(members[1], *first));
  receiver.take(members[1]);
  EXPECT_LT(receiver.last.bytes(), 800U);
  const auto second = members[0].protect(text("two"), {}, env_);
  sender.take(members[0]);
  EXPECT_LT(sender.last.bytes(), 100U);
  ASSERT_TRUE(open(members[1], *second));
  receiver.take(members[1]);
  EXPECT_LT(receiver.last.bytes(), 100U);
  expect_is_on_disk(members[1], receiver.records);
}

TEST_F(Persistence, a_commit_writes_what_it_changed_and_not_the_tree) {
  auto members = make_group(130, 2);
  Disk disk;
  disk.take(members[1]);
  const std::size_t all = disk.last.bytes();
  for (int i = 0; i < 5; ++i) {  // fills the committer's path
    const MlsMessage commit = commit_of(members[0]);
    ASSERT_TRUE(members[0].merge_pending_commit());
    merge(members[1], commit);
    disk.take(members[1]);
    expect_is_on_disk(members[1], disk.records);
  }
  EXPECT_LT(disk.last.bytes(), 6000U);
  EXPECT_LT(disk.last.bytes() * 5, all);
}

TEST_F(Persistence, a_restored_sender_goes_on_where_it_stopped) {
  auto members = make_group(3);
  Disk disk;
  env_.state = &disk;
  for (std::uint32_t i = 0; i < 3; ++i) {
    const auto message = members[0].protect(text("x"), {}, env_);
    ASSERT_TRUE(message);
    EXPECT_EQ(generation_of(members[1], *message), 2 * i);
    Group again = restored(disk.records);
    const auto next = again.protect(text("y"), {}, env_);
    ASSERT_TRUE(next);
    EXPECT_EQ(generation_of(members[1], *next), 2 * i + 1);
    members[0] = std::move(again);
  }
}

TEST_F(Persistence, messages_skipped_before_a_restart_still_open_once) {
  auto members = make_group(2);
  std::vector<MlsMessage> sent;
  for (int i = 0; i < 6; ++i) sent.push_back(*members[0].protect(text(std::to_string(i)), {}, env_));
  ASSERT_TRUE(open(members[1], sent[4]));
  Disk disk;
  disk.take(members[1]);
  expect_is_on_disk(members[1], disk.records);
  Group again = restored(disk.records);
  for (const int i : {2, 0, 5, 1, 3}) {
    const auto opened = open(again, sent[static_cast<std::size_t>(i)]);
    ASSERT_TRUE(opened) << i;
    EXPECT_EQ(opened->data, text(std::to_string(i)));
    disk.take(again);
    expect_is_on_disk(again, disk.records);
  }
  Group last = restored(disk.records);
  for (const MlsMessage& message : sent) {
    const auto opened = open(last, message);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.refusal().kind, RefusalKind::ignore);
  }
}

TEST_F(Persistence, late_messages_of_past_epochs_open_after_a_restart) {
  auto members = make_group(4);
  const auto late = *members[3].protect(text("late"), {}, env_);
  CommitOptions remove;
  remove.by_value.push_back(Proposal{Remove{{3}}});
  const auto commit = members[0].commit(remove, env_);
  ASSERT_TRUE(commit);
  ASSERT_TRUE(members[0].merge_pending_commit());
  merge(members[1], commit->commit);
  // The place of the removed member is taken by another before the restart.
  const OwnKeyPackage fresh = package("fresh");
  CommitOptions add;
  add.by_value.push_back(Proposal{Add{fresh.package}});
  const auto second = members[0].commit(add, env_);
  ASSERT_TRUE(second);
  merge(members[1], second->commit);
  Disk disk;
  disk.take(members[1]);
  expect_is_on_disk(members[1], disk.records);
  Group again = restored(disk.records);
  const auto opened = open(again, late);
  ASSERT_TRUE(opened) << opened.refusal().error.message;
  EXPECT_EQ(opened->credential, Credential::basic(as_bytes("3")));
  EXPECT_EQ(again.member({3})->credential, Credential::basic(as_bytes("fresh")));
}

TEST_F(Persistence, changes_taken_at_every_step_or_once_are_the_same_records) {
  auto members = make_group(9);
  Disk often;
  for (int round = 0; round < 12; ++round) {
    Group& committer = members[static_cast<std::size_t>(round % 3)];
    CommitOptions options;
    if (round == 3) options.by_value.push_back(Proposal{Remove{{8}}});
    if (round == 5) options.by_value.push_back(Proposal{Remove{{7}}});
    if (round == 6) options.by_value.push_back(Proposal{Add{package("new").package}});
    if (round == 8) {
      options.by_value.push_back(
          Proposal{GroupContextExtensions{{{ExtensionType::required_capabilities, {0, 0, 0}}}}});
    }
    const auto made = committer.commit(options, env_);
    ASSERT_TRUE(made) << made.refusal().error.message;
    for (int i = 0; i < 3; ++i) {
      Group& member = members[static_cast<std::size_t>(i)];
      if (&member == &committer) {
        if (i == 1) often.take(member);  // with the commit pending
        ASSERT_TRUE(member.merge_pending_commit());
      } else {
        merge(member, made->commit);
      }
    }
    const auto message = members[0].protect(text("x"), {}, env_);
    ASSERT_TRUE(open(members[1], *message));
    often.take(members[1]);
    expect_is_on_disk(members[1], often.records);
  }
  Disk once;
  once.take(members[2]);
  expect_is_on_disk(members[2], once.records);
}

TEST_F(Persistence, a_pending_commit_survives_a_restart_and_is_merged) {
  auto members = make_group(3);
  Disk disk;
  env_.state = &disk;
  const MlsMessage commit = commit_of(members[0]);
  expect_is_on_disk(members[0], disk.records);
  Group again = restored(disk.records);
  ASSERT_TRUE(again.has_pending_commit());
  EXPECT_EQ(again.pending_commit()->summary().epoch, 2U);
  const auto back = again.receive(commit, env_);
  ASSERT_TRUE(back);
  EXPECT_NE(back->get<OwnCommit>(), nullptr);
  ASSERT_TRUE(again.merge_pending_commit());
  merge(members[1], commit);
  EXPECT_TRUE(equal(again.epoch_authenticator(), members[1].epoch_authenticator()));
  disk.take(again);
  expect_is_on_disk(again, disk.records);
  const auto message = again.protect(text("after"), {}, env_);
  EXPECT_TRUE(open(members[1], *message));
}

TEST_F(Persistence, a_pending_commit_that_lost_leaves_nothing_behind) {
  auto members = make_group(3);
  Disk disk;
  env_.state = &disk;
  (void)commit_of(members[0]);
  env_.state = nullptr;
  Group again = restored(disk.records);
  merge(again, commit_of(members[1]));
  disk.take(again);
  expect_is_on_disk(again, disk.records);
  EXPECT_FALSE(restored(disk.records).has_pending_commit());
}

TEST_F(Persistence, a_pending_commit_that_is_discarded_leaves_nothing_behind) {
  auto members = make_group(3);
  Disk disk;
  disk.take(members[0]);
  const StateRecords without = copy_of(disk.records);
  (void)commit_of(members[0]);
  disk.take(members[0]);
  // Another in its place, written at once.
  members[0].discard_pending_commit();
  const MlsMessage second = commit_of(members[0]);
  disk.take(members[0]);
  expect_is_on_disk(members[0], disk.records);
  Group again = restored(disk.records);
  ASSERT_TRUE(again.merge_pending_commit());
  merge(members[1], second);
  EXPECT_TRUE(equal(again.epoch_authenticator(), members[1].epoch_authenticator()));

  members[0].discard_pending_commit();
  disk.take(members[0]);
  expect_is_on_disk(members[0], disk.records);
  // What stays different are the ratchets that the two commits advanced.
  EXPECT_LE(disk.records.size(), without.size() + 6);
}

TEST_F(Persistence, proposals_and_the_key_of_an_own_update_survive_a_restart) {
  auto members = make_group(4);
  Disk disk;
  env_.state = &disk;
  const auto update = members[1].propose_update(env_);
  ASSERT_TRUE(update);
  const auto remove = members[1].propose(Proposal{Remove{{3}}}, env_);
  ASSERT_TRUE(remove);
  env_.state = nullptr;
  expect_is_on_disk(members[1], disk.records);
  members[1] = restored(disk.records);
  for (const auto* message : {&*update, &*remove}) ASSERT_TRUE(members[0].receive(*message, env_));
  const auto commit = members[0].commit({}, env_);
  ASSERT_TRUE(commit);
  ASSERT_TRUE(members[0].merge_pending_commit());
  merge(members[1], commit->commit);
  EXPECT_EQ(members[1].members().size(), 3U);
  EXPECT_TRUE(equal(members[0].epoch_authenticator(), members[1].epoch_authenticator()));
  disk.take(members[1]);
  expect_is_on_disk(members[1], disk.records);

  ASSERT_TRUE(members[1].propose_update(env_));
  disk.take(members[1]);
  members[1].forget_proposals();
  disk.take(members[1]);
  expect_is_on_disk(members[1], disk.records);
}

TEST_F(Persistence, a_commit_received_before_a_crash_can_be_received_again) {
  auto members = make_group(3);
  Disk disk;
  disk.take(members[1]);
  const MlsMessage commit = commit_of(members[0]);
  ASSERT_TRUE(members[1].receive(commit, env_));
  disk.take(members[1]);  // and the crash comes before the merge
  Group again = restored(disk.records);
  merge(again, commit);
  ASSERT_TRUE(members[0].merge_pending_commit());
  EXPECT_TRUE(equal(again.epoch_authenticator(), members[0].epoch_authenticator()));
}

TEST_F(Persistence, a_removed_member_stays_removed_after_a_restart) {
  auto members = make_group(3);
  CommitOptions remove;
  remove.by_value.push_back(Proposal{Remove{{2}}});
  const auto commit = members[0].commit(remove, env_);
  Disk disk;
  disk.take(members[2]);
  merge(members[2], commit->commit);
  disk.take(members[2]);
  EXPECT_FALSE(restored(disk.records).is_active());
}

TEST_F(Persistence, a_reinitialised_group_stays_so_after_a_restart) {
  auto members = make_group(2);
  CommitOptions end;
  end.by_value.push_back(Proposal{ReInit{text("next"), ProtocolVersion::mls10, kSuite, {}}});
  ASSERT_TRUE(members[0].commit(end, env_));
  Disk disk;
  disk.take(members[0]);
  Group again = restored(disk.records);
  ASSERT_TRUE(again.pending_commit()->summary().reinit);
  ASSERT_TRUE(again.merge_pending_commit());
  disk.take(again);
  expect_is_on_disk(again, disk.records);
  ASSERT_TRUE(restored(disk.records).pending_reinit());
  EXPECT_EQ(restored(disk.records).pending_reinit()->group_id, text("next"));
}

TEST_F(Persistence, nothing_is_handed_out_when_the_writer_fails_and_no_key_is_used_twice) {
  auto members = make_group(3);
  Disk disk;
  env_.state = &disk;
  ASSERT_TRUE(members[0].protect(text("0"), {}, env_));
  disk.fails = true;
  EXPECT_EQ(members[0].protect(text("lost"), {}, env_).refusal().error.code, ErrorCode::storage);
  EXPECT_FALSE(members[0].propose(Proposal{Remove{{2}}}, env_));
  EXPECT_FALSE(members[0].propose_update(env_));
  EXPECT_FALSE(members[0].commit({}, env_));
  EXPECT_FALSE(members[0].has_pending_commit());
  EXPECT_FALSE(Group::create(kSuite, as_bytes("other"), identity("x"), {}, {}, env_));
  disk.fails = false;
  const auto message = members[0].protect(text("2"), {}, env_);
  ASSERT_TRUE(message);
  EXPECT_EQ(generation_of(members[1], *message), 2U);
  expect_is_on_disk(members[0], disk.records);
  // Not one of the proposals that were never sent is committed.
  CommitOptions options;
  options.force_path = true;
  const auto commit = members[0].commit(options, env_);
  ASSERT_TRUE(commit);
  EXPECT_TRUE(members[0].pending_commit()->summary().changes.empty());
  expect_is_on_disk(members[0], disk.records);
}

TEST_F(Persistence, changes_put_back_come_first_in_the_next) {
  auto members = make_group(2);
  Disk disk;
  disk.take(members[0]);
  ASSERT_TRUE(members[0].protect(text("a"), {}, env_));
  members[0].put_back(members[0].take_changes());
  ASSERT_TRUE(members[0].protect(text("b"), {}, env_));
  disk.take(members[0]);
  expect_is_on_disk(members[0], disk.records);
}

TEST_F(Persistence, another_members_identity_is_not_taken_for_ones_own) {
  auto members = make_group(2);
  StateRecords records = members[0].state_records();
  const Bytes identity_key{'I'};
  records.insert_or_assign(identity_key, members[1].state_records().at(identity_key).copy());
  EXPECT_FALSE(Group::restore(records, {}));
}

TEST_F(Persistence, smaller_bounds_at_restore_drop_what_exceeds_them) {
  auto members = make_group(2);
  for (int i = 0; i < 4; ++i) {
    (void)commit_of(members[0]);
    ASSERT_TRUE(members[0].merge_pending_commit());
  }
  Disk disk;
  disk.take(members[0]);
  GroupConfig small;
  small.past_epochs = 1;
  small.resumption_psks = 2;
  Group again = restored(disk.records, small);
  disk.take(again);
  EXPECT_TRUE(again.state_records() == disk.records);
  EXPECT_TRUE(again.resumption_psk(4));
  EXPECT_FALSE(again.resumption_psk(2));
}

// --- Writes that are cut off ---

class CutOff : public Persistence {
 protected:
  // Every prefix of the last write restores, and having settled is again consistent record for record.
  // `check(group, whole)`: what must hold of each; `whole`: the write was complete.
  template <class Check>
  void each_prefix(const Disk& disk, Check&& check) {
    StateRecords records = copy_of(disk.before);
    for (std::size_t cut = 0; cut <= disk.last.list.size(); ++cut) {
      SCOPED_TRACE("cut after " + std::to_string(cut) + " of " + std::to_string(disk.last.list.size()));
      if (cut > 0) disk.last.list[cut - 1].apply_to(records);
      if (records.empty()) continue;
      auto group = Group::restore(records, {});
      if (!group && group.error().code == ErrorCode::not_found && disk.before.empty()) continue;
      ASSERT_TRUE(group) << group.error().message;
      StateRecords settled = copy_of(records);
      const StateChanges changes = group->take_changes();
      // Settling may be cut off, too.
      StateRecords half = copy_of(records);
      for (const StateChange& change : changes.list) {
        change.apply_to(half);
        auto again = Group::restore(half, {});
        ASSERT_TRUE(again) << again.error().message;
        ASSERT_TRUE(again->state_records() == group->state_records());
      }
      changes.apply_to(settled);
      ASSERT_TRUE(group->state_records() == settled);
      check(*group, cut == disk.last.list.size());
      if (HasFatalFailure()) return;
    }
  }
};

TEST_F(CutOff, a_message_key_that_was_handed_out_is_never_handed_out_again) {
  auto members = make_group(5);
  Disk disk;
  disk.take(members[0]);
  for (std::uint32_t generation = 0; generation < 3; ++generation) {
    ASSERT_TRUE(members[0].protect(text("sent"), {}, env_));
    disk.take(members[0]);
    // Own counters are the first to be written; before them the message was not handed out.
    std::uint32_t at_least = generation;
    each_prefix(disk, [&](Group& group, bool whole) {
      const auto next = group.protect(text("next"), {}, env_);
      ASSERT_TRUE(next);
      const std::uint32_t used = generation_of(members[1], *next);
      EXPECT_GE(used, at_least);
      EXPECT_LE(used, generation + 1);
      if (whole) {
        EXPECT_EQ(used, generation + 1);
      }
      at_least = used;
      // And the other ratchet of the leaf is where it was.
      const auto proposal = group.propose(Proposal{Remove{{4}}}, env_);
      ASSERT_TRUE(proposal);
      Group receiver = members[1].copy();
      EXPECT_TRUE(receiver.receive(*proposal, env_));
    });
  }
}

TEST_F(CutOff, receiving_loses_no_message) {
  auto members = make_group(5);
  std::vector<MlsMessage> sent;
  for (int i = 0; i < 5; ++i) sent.push_back(*members[0].protect(text(std::to_string(i)), {}, env_));
  Disk disk;
  disk.take(members[1]);
  std::set<std::size_t> received;
  for (const std::size_t i : {3U, 1U, 4U}) {
    ASSERT_TRUE(open(members[1], sent[i]));
    received.insert(i);
    disk.take(members[1]);
    each_prefix(disk, [&](Group& group, bool whole) {
      for (std::size_t other = 0; other < sent.size(); ++other) {
        if (!received.contains(other)) {
          EXPECT_TRUE(open(group, sent[other])) << other;
        } else if (whole) {
          EXPECT_FALSE(open(group, sent[other])) << other;
        }
      }
    });
  }
}

TEST_F(CutOff, receiving_a_proposal_keeps_it_or_can_receive_it_again) {
  auto members = make_group(5);
  Disk disk;
  disk.take(members[1]);
  for (int round = 0; round < 2; ++round) {
    const auto proposal = members[0].propose_update(env_);
    ASSERT_TRUE(proposal);
    const std::size_t before = members[1].proposals().size();
    ASSERT_TRUE(members[1].receive(*proposal, env_));
    disk.take(members[1]);
    each_prefix(disk, [&](Group& group, bool whole) {
      EXPECT_EQ(group.proposals().size() > before || group.receive(*proposal, env_).ok(), true);
      EXPECT_EQ(group.proposals().size(), before + 1);
      if (whole) {
        EXPECT_EQ(group.receive(*proposal, env_).refusal().kind, RefusalKind::ignore);
      }
    });
  }
}

TEST_F(CutOff, merging_a_commit_is_before_or_after_and_nothing_between) {
  auto members = make_group(6);
  Disk disk;
  disk.take(members[1]);
  for (int round = 0; round < 6; ++round) {
    const auto late = *members[2].protect(text("late"), {}, env_);
    CommitOptions options;
    if (round == 1) options.by_value.push_back(Proposal{Remove{{5}}});
    if (round == 2) options.by_value.push_back(Proposal{Remove{{4}}});  // the tree is cut in half
    if (round == 4) options.by_value.push_back(Proposal{Add{package("new").package}});
    options.force_path = true;
    const auto made = members[0].commit(options, env_);
    ASSERT_TRUE(made);
    ASSERT_TRUE(members[0].merge_pending_commit());
    const Epoch before = members[1].epoch();
    merge(members[1], made->commit);
    disk.take(members[1]);
    int unmerged = 0;
    each_prefix(disk, [&](Group& group, bool whole) {
      if (group.epoch() == before) {
        ++unmerged;
        EXPECT_FALSE(whole);
        merge(group, made->commit);
      }
      ASSERT_EQ(group.epoch(), before + 1);
      EXPECT_TRUE(equal(group.epoch_authenticator(), members[0].epoch_authenticator()));
      EXPECT_TRUE(open(group, late));
    });
    EXPECT_GT(unmerged, 0);
    merge(members[2], made->commit);
  }
}

TEST_F(CutOff, making_merging_and_giving_up_a_commit_loses_no_epoch) {
  auto members = make_group(5);
  Disk disk;
  disk.take(members[0]);
  const Epoch before = members[0].epoch();
  (void)commit_of(members[0]);
  disk.take(members[0]);
  each_prefix(disk, [&](Group& group, bool whole) {
    EXPECT_EQ(group.epoch(), before);
    EXPECT_TRUE(!whole || group.has_pending_commit());
  });
  members[0].discard_pending_commit();
  disk.take(members[0]);
  each_prefix(disk, [&](Group& group, bool whole) {
    EXPECT_EQ(group.epoch(), before);
    EXPECT_FALSE(whole && group.has_pending_commit());
  });

  const MlsMessage second = commit_of(members[0]);
  disk.take(members[0]);
  ASSERT_TRUE(members[0].merge_pending_commit());
  disk.take(members[0]);
  merge(members[1], second);
  each_prefix(disk, [&](Group& group, bool) {
    if (group.epoch() == before) {
      ASSERT_TRUE(group.has_pending_commit());
      ASSERT_TRUE(group.merge_pending_commit());
    }
    EXPECT_FALSE(group.has_pending_commit());
    EXPECT_TRUE(equal(group.epoch_authenticator(), members[1].epoch_authenticator()));
  });
}

TEST_F(CutOff, losing_against_another_commit_loses_no_epoch) {
  auto members = make_group(5);
  Disk disk;
  (void)commit_of(members[0]);
  disk.take(members[0]);
  const MlsMessage winner = commit_of(members[1]);
  merge(members[0], winner);
  disk.take(members[0]);
  ASSERT_TRUE(members[1].merge_pending_commit());
  each_prefix(disk, [&](Group& group, bool) {
    if (group.epoch() == 1) merge(group, winner);
    EXPECT_TRUE(equal(group.epoch_authenticator(), members[1].epoch_authenticator()));
    EXPECT_FALSE(group.has_pending_commit());
  });
}

TEST_F(CutOff, several_operations_in_one_write_are_as_safe) {
  auto members = make_group(5);
  Disk disk;
  disk.take(members[0]);
  const MlsMessage first = commit_of(members[0]);
  ASSERT_TRUE(members[0].merge_pending_commit());
  ASSERT_TRUE(members[0].protect(text("x"), {}, env_));
  ASSERT_TRUE(members[0].propose_update(env_));
  ASSERT_TRUE(members[0].propose(Proposal{Remove{{4}}}, env_));
  (void)commit_of(members[0]);
  disk.take(members[0]);
  expect_is_on_disk(members[0], disk.records);
  each_prefix(disk, [&](Group& group, bool whole) {
    EXPECT_EQ(group.epoch() == 2 && group.has_pending_commit(), whole || group.has_pending_commit());
  });
  members[0].forget_proposals();
  disk.take(members[0]);
  each_prefix(disk, [](Group&, bool) {});
}

TEST_F(CutOff, the_first_write_restores_to_nothing_or_all) {
  auto members = make_group(5);
  Disk disk;
  disk.take(members[3]);
  each_prefix(disk, [&](Group& group, bool) { EXPECT_EQ(group.epoch(), 1U); });
}

// --- Damage ---

TEST_F(Persistence, damaged_and_missing_records_are_refused_or_harmless) {
  auto members = make_group(5);
  ASSERT_TRUE(members[0].protect(text("x"), {}, env_));
  ASSERT_TRUE(members[0].propose_update(env_));
  (void)commit_of(members[0]);
  ASSERT_TRUE(members[0].merge_pending_commit());
  ASSERT_TRUE(members[0].propose_update(env_));
  (void)commit_of(members[0]);
  const StateRecords whole = members[0].state_records();
  int refused = 0;
  int tried = 0;
  for (const auto& [key, value] : whole) {
    SCOPED_TRACE(to_hex(key));
    StateRecords without = copy_of(whole);
    without.erase(key);
    ++tried;
    refused += Group::restore(without, {}) ? 0 : 1;
    for (std::size_t at = 0; at < value.size(); at += value.size() < 16 ? 1 : 5) {
      StateRecords flipped = copy_of(whole);
      flipped.at(key).data()[at] ^= 0x20;
      ++tried;
      refused += Group::restore(flipped, {}) ? 0 : 1;
    }
    StateRecords shorter = copy_of(whole);
    shorter.insert_or_assign(key, SecretBytes(value.view().first(value.size() / 2)));
    EXPECT_FALSE(!value.empty() && Group::restore(shorter, {}));
  }
  // Most of what a record holds is checked against the rest; a flipped bit in a secret that nothing vouches
  // for cannot be seen here (the store underneath is authenticated).
  EXPECT_GT(refused * 2, tried);
}

TEST_F(Persistence, records_of_an_unknown_kind_and_too_long_keys_are_refused) {
  Group group = create();
  StateRecords records = group.state_records();
  records.emplace(Bytes{'?'}, SecretBytes(3));
  EXPECT_FALSE(Group::restore(records, {}));
  records.erase(Bytes{'?'});
  records.emplace(Bytes(200, 'U'), SecretBytes(3));
  EXPECT_FALSE(Group::restore(records, {}));
}

TEST_F(Persistence, a_secret_tree_without_a_secret_for_some_leaf_is_refused) {
  auto members = make_group(5);
  ASSERT_TRUE(members[0].protect(text("x"), {}, env_));
  const StateRecords whole = members[0].state_records();
  int tried = 0;
  for (const auto& [key, value] : whole) {
    if (key[0] != 'T') continue;
    StateRecords without = copy_of(whole);
    without.erase(key);
    ++tried;
    EXPECT_FALSE(Group::restore(without, {})) << to_hex(key);
  }
  EXPECT_GT(tried, 2);
}

}  // namespace
}  // namespace sotto::mls
