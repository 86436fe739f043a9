// A key package from a directory: raw, edited, or changed and signed again by its owner. Whatever is
// accepted into a group must leave a tree that a newcomer accepts; whatever is not must leave the group as
// it was.
#include <cstdlib>

#include "fuzz/mls_mutations.hpp"
#include "support/mls_insider/fingerprint.hpp"
#include "support/mls_insider/forge.hpp"

namespace {

using namespace sotto;
using namespace sotto::mls;
using namespace sotto::mls::insider;

struct World {
  Cast cast;
  std::vector<Group> members = cast.warm_group_of(3);
  OwnKeyPackage joiner = cast.package("joiner");
  Bytes encoded = wire::encode(joiner.package);
  fuzzing::Known known;

  World() { known.take(members[0].ratchet_tree()); }
};

std::optional<KeyPackage> candidate(World& world, fuzzing::Input in) {
  const std::uint8_t mode = in.u8();
  if (mode % 3 == 0) {
    auto read = wire::decode<KeyPackage>(in.rest());
    return read ? std::optional(*std::move(read)) : std::nullopt;
  }
  if (mode % 3 == 1) {
    auto read = wire::decode<KeyPackage>(fuzzing::edited(world.encoded, in));
    if (!read) return std::nullopt;
    if ((mode & 64) != 0) resign(*Suite::of(world.cast.suite()), *read, world.joiner.identity.signing_key);
    return *std::move(read);
  }
  return changed_package(
      world.joiner,
      [&](KeyPackage& package) {
        do {
          fuzzing::change(package, in, world.known);
        } while (!in.empty());
      },
      (mode & 64) == 0, (mode & 128) == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World world;
  if (size < 2) return 0;
  world.cast.random = SeededRandom(7);
  const auto package = candidate(world, fuzzing::Input(ByteView(data, size)));
  if (!package) return 0;
  const Status checked = check_key_package(*package);
  if (!checked && checked.error().message.empty()) std::abort();

  Environment env = world.cast.env();
  Group alice = world.members[0].copy();
  const Bytes before = fingerprint(alice);
  auto made = alice.commit({.by_value = {Proposal{Add{*package}}}}, env);
  if (!made) {
    if (fingerprint(alice) != before) std::abort();
  } else {
    if (!checked || !alice.merge_pending_commit()) std::abort();
    const auto info = alice.group_info(true, true);
    ClientIdentity newcomer = world.cast.identity("newcomer");
    if (!Group::join_externally(*info, nullptr, std::move(newcomer), false, {}, world.cast.config, env))
      std::abort();
  }

  // The same from another member, who checked nothing. Without a path, which would replace a key of the
  // committer that the package repeats.
  CommitPlan plan;
  plan.path = false;
  plan.proposals.push_back({Proposal{Add{*package}}, {}, {}});
  const Forged forged = forge_commit(world.members[1], world.cast, std::move(plan));
  Group carol = world.members[2].copy();
  const Bytes carol_before = fingerprint(carol);
  auto received = carol.receive(forged.message, env);
  if (fingerprint(carol) != carol_before) std::abort();
  // Both sides of an Add judge alike.
  if (received.ok() != made.ok()) std::abort();
  if (received && !carol.merge(std::move(*received->get<StagedCommit>()))) std::abort();
  return 0;
}
