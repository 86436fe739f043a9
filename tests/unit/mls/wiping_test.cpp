// RFC 9420 section 9.2 on the heap: no block that is given back holds a secret. This program's operator
// delete looks into every block before it goes, and the tests ask afterwards whether a secret that they know
// was in one.
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "sotto/wire/writer.hpp"
#include "support/mls_insider/forge.hpp"

namespace {

// What the blocks held that were given back while the watch was on. Not on the heap that is watched.
struct Watch {
  static constexpr std::size_t kRoom = std::size_t{64} << 20;
  std::uint8_t* seen = static_cast<std::uint8_t*>(std::malloc(kRoom));
  std::size_t size = 0;
  bool on = false;
  bool full = false;

  void look_at(const void* block) {
    if (!on || block == nullptr) return;
    const std::size_t bytes =
        malloc_usable_size(const_cast<void*>(block));  // NOLINT: the C function lacks const
    full = full || bytes > kRoom - size;
    if (full) return;
    std::memcpy(seen + size, block, bytes);
    size += bytes;
  }
};
Watch& watch() {
  static Watch one;
  return one;
}

void give_back(void* block) noexcept {
  watch().look_at(block);
  std::free(block);
}

}  // namespace

void* operator new(std::size_t size) {
  // Whole of zero: what nobody wrote is no secret of before.
  void* block = std::calloc(1, std::max<std::size_t>(size, 1));
  if (block == nullptr) throw std::bad_alloc();
  return block;
}
void* operator new[](std::size_t size) { return operator new(size); }
void operator delete(void* block) noexcept { give_back(block); }
void operator delete[](void* block) noexcept { give_back(block); }
void operator delete(void* block, std::size_t) noexcept { give_back(block); }
void operator delete[](void* block, std::size_t) noexcept { give_back(block); }

namespace sotto::mls::insider {
namespace {

class GivenBack : public testing::Test {
 protected:
  ~GivenBack() override { watch().on = false; }

  template <class Do>
  void during(Do&& what) {
    watch().size = 0;
    watch().on = true;
    std::forward<Do>(what)();
    watch().on = false;
    ASSERT_FALSE(watch().full);
  }
  static bool held(ByteView secret) {
    const ByteView seen(watch().seen, watch().size);
    return !std::ranges::search(seen, secret).empty();
  }
  // `secrets`: copied before they went.
  static void expect_none_of(const std::vector<std::pair<std::string, Bytes>>& secrets) {
    for (const auto& [name, secret] : secrets)
      EXPECT_FALSE(held(secret)) << name << " lay in a block that was given back";
  }
  static void add_keys_of(const EpochState& epoch, const std::string& which,
                          std::vector<std::pair<std::string, Bytes>>& out) {
    const EpochSecrets& s = epoch.secrets;
    const std::pair<const char*, const SecretBytes*> all[] = {{"sender data secret", &s.sender_data_secret},
                                                              {"exporter secret", &s.exporter_secret},
                                                              {"external secret", &s.external_secret},
                                                              {"confirmation key", &s.confirmation_key},
                                                              {"membership key", &s.membership_key},
                                                              {"resumption PSK", &s.resumption_psk},
                                                              {"init secret", &s.init_secret},
                                                              {"joiner secret", &s.joiner_secret},
                                                              {"welcome secret", &s.welcome_secret}};
    for (const auto& [name, secret] : all) {
      if (!secret->empty()) out.emplace_back(which + " " + name, to_bytes(secret->view()));
    }
    for (const auto& [node, key] : epoch.keys.all()) {
      out.emplace_back(which + " private key of node " + std::to_string(node.value),
                       to_bytes(key->bytes().view()));
    }
    for (const auto& [node, secret] : epoch.messages.nodes()) {
      out.emplace_back(which + " secret of node " + std::to_string(node.value), to_bytes(secret.view()));
    }
    for (const auto& [id, ratchet] : epoch.messages.ratchets()) {
      out.emplace_back(which + " ratchet of leaf " + std::to_string(id.leaf.value),
                       to_bytes(ratchet.secret.view()));
      for (const auto& [generation, keys] : ratchet.skipped) {
        out.emplace_back(which + " skipped key " + std::to_string(generation), to_bytes(keys.key.view()));
      }
    }
  }

  Cast cast;
};

TEST_F(GivenBack, the_watch_sees_what_is_not_wiped) {
  const Bytes secret = cast.random.bytes(32);
  during([&] { const Bytes careless = secret; });
  EXPECT_TRUE(held(secret));
}

TEST_F(GivenBack, secret_bytes_are_wiped_when_they_die_are_replaced_or_moved) {
  const Bytes first = cast.random.bytes(32);
  const Bytes second = cast.random.bytes(48);
  during([&] {
    SecretBytes one{ByteView(first)};
    SecretBytes other{ByteView(second)};
    one = std::move(other);
    std::vector<SecretBytes> many;  // grows, and moves what it holds
    for (int i = 0; i < 20; ++i) many.push_back(one.copy());
  });
  expect_none_of({{"the first", first}, {"the second", second}});
}

TEST_F(GivenBack, a_secret_writer_wipes_every_buffer_it_outgrows_and_the_last) {
  const Bytes secret = cast.random.bytes(32);
  during([&] {
    wire::Writer out = wire::Writer::secret(8);
    out.opaque(secret);
    for (int i = 0; i < 200; ++i) out.u64(7);
    out.vector([&](wire::Writer& w) { w.fixed(Bytes(300, 1)); });
    (void)std::move(out).take_secret();
    wire::Writer dropped = wire::Writer::secret(8);
    dropped.fixed(secret);
    wire::Writer exact = wire::Writer::secret(32);
    exact.fixed(secret);
  });
  expect_none_of({{"what was written", secret}});
}

TEST_F(GivenBack, messages_leave_no_key_behind) {
  auto m = cast.warm_group_of(5);
  std::vector<std::pair<std::string, Bytes>> secrets;
  add_keys_of(GroupAccess::impl(m[0]).epoch, "the sender's", secrets);
  add_keys_of(GroupAccess::impl(m[1]).epoch, "the receiver's", secrets);
  const Bytes text = cast.random.bytes(100);
  SecretTree sender = GroupAccess::impl(m[0]).epoch.messages.copy();
  for (int i = 0; i < 3; ++i) {
    const auto keys = *sender.send(m[0].own_leaf(), RatchetType::application);
    secrets.emplace_back("key " + std::to_string(i), to_bytes(keys.keys.key.view()));
  }
  during([&] {
    std::vector<MlsMessage> sent;
    for (int i = 0; i < 3; ++i) sent.push_back(*m[0].protect(text, {}, cast.env()));
    for (const std::size_t i : {2U, 0U, 1U}) ASSERT_TRUE(m[1].receive(sent[i], cast.env()));
  });
  add_keys_of(GroupAccess::impl(m[0]).epoch, "the sender's later", secrets);
  add_keys_of(GroupAccess::impl(m[1]).epoch, "the receiver's later", secrets);
  expect_none_of(secrets);
}

TEST_F(GivenBack, a_commit_leaves_no_secret_of_the_old_epoch_or_the_new_behind) {
  auto m = cast.warm_group_of(5);
  cast.psks.give("one", as_bytes("a pre-shared key of no other use"));
  const OwnKeyPackage own = cast.package("new");
  std::vector<std::pair<std::string, Bytes>> secrets;
  for (const std::size_t i : {0U, 1U}) add_keys_of(GroupAccess::impl(m[i]).epoch, "an old", secrets);
  secrets.emplace_back("the newcomer's init key", to_bytes(own.init_key.bytes().view()));
  secrets.emplace_back("the newcomer's leaf key", to_bytes(own.leaf_key.bytes().view()));
  std::optional<Group> joined;
  during([&] {
    CommitOptions options;
    options.by_value = {Proposal{Add{own.package}}, m[0].psk_proposal(as_bytes("one"), cast.env())};
    options.force_path = true;
    const auto made = m[0].commit(options, cast.env());
    ASSERT_TRUE(made);
    auto received = m[1].receive(made->commit, cast.env());
    ASSERT_TRUE(received);
    ASSERT_TRUE(m[1].merge(std::move(*received->get<StagedCommit>())));
    ASSERT_TRUE(m[0].merge_pending_commit());
    auto group = Group::join(*made->welcome->get<Welcome>(), own, nullptr, cast.config, cast.env());
    ASSERT_TRUE(group);
    joined.emplace(*std::move(group));
    for (Group& group_of_five : m) group_of_five.forget_past_epochs();
  });
  for (const std::size_t i : {0U, 1U}) add_keys_of(GroupAccess::impl(m[i]).epoch, "a new", secrets);
  add_keys_of(GroupAccess::impl(*joined).epoch, "the newcomer's", secrets);
  expect_none_of(secrets);
}

TEST_F(GivenBack, a_welcome_that_is_opened_leaves_its_secrets_nowhere) {
  auto m = cast.warm_group_of(3);
  const OwnKeyPackage own = cast.package("new");
  const Bytes path_secret = cast.random.bytes(32);
  Bytes joiner;
  RatchetTree tree = GroupAccess::impl(m[0]).epoch.tree;
  tree.add(own.package.leaf_node);
  WelcomePlan plan;
  plan.context = m[0].context();
  plan.tree = tree.to_nodes();
  plan.signer = {0};
  plan.signing_key = &GroupAccess::impl(m[0]).identity.signing_key;
  plan.on_secrets = [&](GroupSecrets& secrets) {
    joiner = to_bytes(secrets.joiner_secret.view());
    secrets.path_secret = SecretBytes(ByteView(path_secret));
  };
  const Welcome welcome = forge_welcome(own.package, cast, plan);
  // With a path secret that fits nothing it is refused late; that leaves as little behind.
  during([&] { EXPECT_FALSE(Group::join(welcome, own, nullptr, cast.config, cast.env())); });
  expect_none_of({{"the joiner secret", joiner}, {"the path secret", path_secret}});
}

TEST_F(GivenBack, storing_and_restoring_leaves_no_secret_behind) {
  auto m = cast.warm_group_of(5);
  const MlsMessage first = *m[0].protect(as_bytes("first"), {}, cast.env());
  const MlsMessage second = *m[0].protect(as_bytes("second"), {}, cast.env());
  ASSERT_TRUE(m[1].receive(second, cast.env()));
  ASSERT_TRUE(m[1].propose_update(cast.env()));
  std::vector<std::pair<std::string, Bytes>> secrets;
  add_keys_of(GroupAccess::impl(m[1]).epoch, "a", secrets);
  secrets.emplace_back("the signature key",
                       to_bytes(GroupAccess::impl(m[1]).identity.signing_key.private_key().view()));
  for (const auto& [public_key, key] : GroupAccess::impl(m[1]).update_keys) {
    secrets.emplace_back("the key of an update", to_bytes(key.bytes().view()));
  }
  during([&] {
    StateRecords records = m[1].state_records();
    m[1].take_changes().apply_to(records);
    auto again = Group::restore(records, cast.config);
    ASSERT_TRUE(again);
    (void)again->take_changes();
  });
  expect_none_of(secrets);
}

}  // namespace
}  // namespace sotto::mls::insider
