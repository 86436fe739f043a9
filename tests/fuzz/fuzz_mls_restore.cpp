// Stored groups that were damaged. First byte: which group; second: with which bounds it is restored; then
// edits of its records: dropped, cut, lengthened, bits and bytes changed, values swapped, keys changed,
// records of another group or of another time put in. Refused, or a group that can be used and stored: what
// it then says is on disk restores to itself, it speaks, proposes, commits and receives (or says why not),
// and restores again after all that.
#include <cstdlib>

#include "fuzz/mls_mutations.hpp"
#include "support/mls_insider/fingerprint.hpp"
#include "support/mls_insider/forge.hpp"

namespace {

using namespace sotto;
using namespace sotto::mls;
using namespace sotto::mls::insider;
using fuzzing::demand;

StateRecords copy_of(const StateRecords& records) {
  StateRecords out;
  for (const auto& [key, value] : records) out.emplace(key, value.copy());
  return out;
}

struct World {
  Cast cast;
  std::vector<StateRecords> stored;
  std::vector<MlsMessage> messages;  // to member 1 of the group of five

  World() {
    cast.psks.give("one", as_bytes("a secret that all share"));
    auto members = cast.warm_group_of(5);
    std::vector<MlsMessage> early;
    for (int i = 0; i < 3; ++i) early.push_back(*members[0].protect(as_bytes("early"), {}, cast.env()));
    demand(members[1].receive(early[2], cast.env()).ok());  // two keys are skipped
    messages.push_back(early[0]);
    keep(members[1]);
    cast.commit(members, 3, {.by_value = {Proposal{Remove{{4}}}}});
    const MlsMessage first = *members[0].protect(as_bytes("first"), {}, cast.env());
    const MlsMessage second = *members[0].protect(as_bytes("second"), as_bytes("aad"), cast.env());
    demand(members[1].receive(second, cast.env()).ok());
    messages.push_back(first);
    cast.deliver(members, 1, *members[1].propose_update(cast.env()));
    cast.deliver(members, 2, *members[2].propose(Proposal{Remove{{3}}}, cast.env()));
    cast.deliver(members, 0,
                 *members[0].propose(members[0].psk_proposal(as_bytes("one"), cast.env()), cast.env()));
    keep(members[1]);
    keep(members[2]);
    Group busy = members[1].copy();
    demand(busy.commit({.by_value = {Proposal{Add{cast.package("new").package}}}}, cast.env()).ok());
    keep(busy);
    Group ends = members[1].copy();
    demand(ends.commit({.by_value = {Proposal{ReInit{{7}, ProtocolVersion::mls10, cast.suite(), {}}}},
                        .include_pending = false},
                       cast.env())
               .ok());
    keep(ends);
    demand(ends.merge_pending_commit().ok());
    keep(ends);
    Group removed = members[3].copy();
    const auto without =
        members[0].copy().commit({.by_value = {Proposal{Remove{{3}}}}, .include_pending = false}, cast.env());
    auto staged = removed.receive(without->commit, cast.env());
    demand(removed.merge(std::move(*staged->get<StagedCommit>())).ok());
    keep(removed);
    messages.push_back(*members[0].protect(as_bytes("third"), {}, cast.env()));
    messages.push_back(*members[2].propose(Proposal{Remove{{0}}}, cast.env()));
    messages.push_back(members[0].copy().commit({}, cast.env())->commit);
    messages.push_back(
        members[2].copy().commit({.include_pending = false, .force_path = true}, cast.env())->commit);

    Cast other(CipherSuite::p256_aes128gcm_sha256_p256, 2);
    auto pair = other.warm_group_of(2);
    keep(pair[0]);
    keep(other.group_of(std::vector<std::string>{"alone"})[0]);
    for (const StateRecords& records : stored) demand(Group::restore(records, {}).ok());
  }

  void keep(const Group& group) { stored.push_back(group.state_records()); }
};

SecretBytes secret_of(const Bytes& bytes) { return SecretBytes(ByteView(bytes)); }

void edit(const World& world, StateRecords& records, fuzzing::Input& in) {
  const auto any_of = [&](auto& some) {
    auto at = some.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(in.u16() % some.size()));
    return at;
  };
  for (int edits = 0; edits < 16 && !in.empty() && !records.empty(); ++edits) {
    const std::uint8_t what = in.u8() % 9;
    const auto at = any_of(records);
    Bytes value = to_bytes(at->second.view());
    switch (what) {
      case 0: records.erase(at); continue;
      case 1:
        if (!value.empty()) value[in.u16() % value.size()] ^= static_cast<std::uint8_t>(1U << in.below(8));
        break;
      case 2: value.resize(in.u16() % (value.size() + 1)); break;
      case 3: {
        const ByteView more = in.take(in.u8() % 16);
        value.insert(value.end(), more.begin(), more.end());
        break;
      }
      case 4: {
        const auto other = any_of(records);
        if (other != at) std::swap(at->second, other->second);
        continue;
      }
      case 5: {
        const auto from = any_of(world.stored[in.below(world.stored.size())]);
        records.insert_or_assign(from->first, from->second.copy());
        continue;
      }
      case 6: {
        // Under another key: of another epoch, node, leaf or generation, or of none.
        Bytes key = at->first;
        key[in.below(key.size())] = in.u8();
        const bool moved = in.flag();
        SecretBytes same = at->second.copy();
        if (moved) records.erase(at);
        records.insert_or_assign(std::move(key), std::move(same));
        continue;
      }
      case 7: value = fuzzing::edited(value, in); break;
      default: {
        // A number: a count, an index, an epoch.
        const std::size_t width = std::size_t{1} << in.below(4);
        const std::size_t where = in.u16();
        const ByteView number = in.take(width);
        for (std::size_t i = 0; i < number.size() && where % (value.size() + 1) + i < value.size(); ++i) {
          value[where % (value.size() + 1) + i] = number[i];
        }
      }
    }
    at->second = secret_of(value);
  }
}

GroupConfig config_of(std::uint8_t choice) {
  GroupConfig config;
  config.encrypt_handshake = (choice & 1) != 0;
  if ((choice & 2) != 0) config.past_epochs = choice % 3;
  if ((choice & 4) != 0) config.resumption_psks = choice % 3;
  if ((choice & 8) != 0) config.max_skipped_keys = choice % 3;
  if ((choice & 16) != 0) config.max_generation_skip = 2;
  return config;
}

void use(World& world, Group& group, std::uint8_t choice) {
  const Environment env = world.cast.env();
  (void)group.members();
  (void)group.proposals();
  (void)group.export_secret("label", {}, 32);
  (void)group.resumption_psk(group.epoch());
  (void)group.group_info(true, true);
  demand(group.protect(as_bytes("hello"), as_bytes("aad"), env).ok() == group.is_active());
  for (const MlsMessage& message : world.messages) {
    const Bytes before = fingerprint(group);
    auto received = group.receive(message, env);
    if (!received) {
      demand(!received.refusal().error.message.empty() && fingerprint(group) == before);
      continue;
    }
    if (auto* staged = received->get<StagedCommit>(); staged != nullptr && (choice & 1) != 0) {
      demand(group.merge(std::move(*staged)).ok());
    }
  }
  (void)group.propose_update(env);
  if (group.has_pending_commit()) {
    (void)group.pending_commit()->summary();
    if ((choice & 2) != 0) {
      demand(group.merge_pending_commit().ok());
    } else {
      group.discard_pending_commit();
    }
  }
  if (group.commit({.force_path = true}, env)) demand(group.merge_pending_commit().ok());
  demand(group.protect(as_bytes("goodbye"), {}, env).ok() == group.is_active());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World world;
  world.cast.random = SeededRandom(7);
  fuzzing::Input in(ByteView(data, size));
  StateRecords records = copy_of(world.stored[in.below(world.stored.size())]);
  const std::uint8_t choice = in.u8();
  const GroupConfig config = config_of(choice);
  edit(world, records, in);

  auto group = Group::restore(records, config);
  if (!group) {
    demand(!group.error().message.empty());
    return 0;
  }
  group->take_changes().apply_to(records);
  demand(records == group->state_records());
  const auto again = Group::restore(records, config);
  demand(again.ok() && fingerprint(*again) == fingerprint(*group));
  use(world, *group, static_cast<std::uint8_t>(choice >> 5));
  group->take_changes().apply_to(records);
  demand(records == group->state_records());
  demand(Group::restore(records, config).ok());
  return 0;
}
