// Ways into a group. First byte: how the Welcome or GroupInfo comes to be.
//   0  any bytes as a Welcome          1  a genuine Welcome, edited
//   2  GroupSecrets, GroupInfo, GroupContext and tree changed, then signed, tagged and sealed by an insider
//   3  any bytes, or edited ones, as a ratchet tree beside a genuine Welcome or GroupInfo
//   4  a GroupInfo changed and signed by an insider, for an external join
// Whoever gets in holds a tree that others accept, and can go on in the group.
#include <cstdlib>

#include "fuzz/mls_mutations.hpp"
#include "support/mls_insider/fingerprint.hpp"
#include "support/mls_insider/forge.hpp"

namespace {

using namespace sotto;
using namespace sotto::mls;
using namespace sotto::mls::insider;
using fuzzing::demand;

struct World {
  Cast cast;
  OwnKeyPackage joiner = cast.package("joiner");
  std::vector<Group> members;
  std::vector<ClientIdentity> identities;  // by leaf, for signing again
  Bytes welcome;
  RatchetTreeNodes tree;
  std::optional<Group> founder;  // of the epoch that the Welcome leads to
  std::optional<SecretBytes> path_secret;
  fuzzing::Known known;

  World() {
    cast.psks.give("one", as_bytes("a secret that all share"));
    members = cast.warm_group_of(5);
    for (const Group& member : members) identities.push_back(GroupAccess::impl(member).identity.copy());
    CommitPlan plan;
    plan.proposals.push_back({Proposal{Add{joiner.package}}, {}, {}});
    Forged forged = forge_commit(members[2], cast, std::move(plan));
    for (std::size_t i = 0; i < forged.path.size(); ++i) {
      if (is_below(forged.added[0], forged.path[i].node)) {
        path_secret = forged.path_secrets.steps[i].copy();
        break;
      }
    }
    founder = members[2].copy();
    tree = forged.next.tree.to_nodes();
    adopt(*founder, std::move(forged.next));
    WelcomePlan honest = plan_for(tree);
    welcome = wire::encode(forge_welcome(joiner.package, cast, honest));
    known.take(tree);
    known.packages = {joiner.package};
    // What is genuine gets in, or nothing below means anything.
    demand(Group::join(*wire::decode<Welcome>(welcome), joiner, nullptr, cast.config, cast.env()).ok());
  }

  WelcomePlan plan_for(RatchetTreeNodes nodes) {
    WelcomePlan plan;
    plan.context = GroupAccess::impl(*founder).epoch.context;
    plan.tree = std::move(nodes);
    plan.signer = {2};
    plan.signing_key = &identities[2].signing_key;
    plan.path_secret = path_secret->copy();
    return plan;
  }

  // Members' leaves signed again after a change; parent hashes stay as the fuzzer left them.
  void resign_leaves(RatchetTreeNodes& nodes, ByteView group_id) {
    const Suite suite = *Suite::of(cast.suite());
    for (std::uint32_t i = 0; i < nodes.nodes.size(); i += 2) {
      auto* leaf = nodes.nodes[i] ? std::get_if<LeafNode>(&*nodes.nodes[i]) : nullptr;
      if (leaf == nullptr || leaf->signature_key == joiner.package.leaf_node.signature_key) continue;
      const ClientIdentity& signer = identities[i / 2 % identities.size()];
      leaf->signature_key = signer.signing_key.public_key();
      resign(suite, *leaf, signer.signing_key, group_id, {i / 2});
    }
  }
};

void check_member(World& world, Group& group) {
  Environment env = world.cast.env();
  const auto info = group.group_info(true, true);
  demand(info.ok());
  // It can speak and commit, or says why not.
  demand(group.protect(as_bytes("hello"), {}, env).ok());
  const Bytes before = fingerprint(group);
  auto made = group.commit({.force_path = true}, env);
  if (!made) {
    demand(fingerprint(group) == before);
    return;
  }
  demand(group.merge_pending_commit().ok());
  const RatchetTreeNodes tree = group.ratchet_tree();
  const auto again = RatchetTree::from_nodes(*Suite::of(group.cipher_suite()), tree);
  demand(again.ok() && again->parent_hashes_are_valid() && again->root_hash() == group.context().tree_hash);
}

void join(World& world, const Welcome& welcome, const RatchetTreeNodes* tree) {
  auto group = Group::join(welcome, world.joiner, tree, world.cast.config, world.cast.env());
  if (!group) {
    demand(!group.refusal().error.message.empty());
    return;
  }
  check_member(world, *group);
}

void join_from_outside(World& world, const GroupInfo& info, const RatchetTreeNodes* tree, bool remove_prior) {
  auto joined = Group::join_externally(
      info, tree, world.cast.identity(remove_prior ? "member-1" : "outsider"), remove_prior,
      {to_bytes(std::string_view("one"))}, world.cast.config, world.cast.env());
  if (!joined) {
    demand(!joined.refusal().error.message.empty());
    return;
  }
  check_member(world, joined->group);
}

void forged_welcome(World& world, fuzzing::Input& in) {
  const std::uint8_t flags = in.u8();
  RatchetTreeNodes tree = world.tree;
  WelcomePlan plan = world.plan_for({});
  if ((flags & 1) != 0) fuzzing::change(plan.context, in, world.known);
  for (std::size_t edits = in.below(4); edits > 0; --edits) fuzzing::change(tree, in, world.known);
  if ((flags & 2) != 0) world.resign_leaves(tree, plan.context.group_id);
  plan.tree = std::move(tree);
  plan.tree_inside = (flags & 4) == 0;
  plan.keep_tree_hash = (flags & 8) != 0;
  if ((flags & 16) != 0) plan.path_secret.reset();
  if ((flags & 32) != 0) {
    for (std::size_t count = in.below(4); count > 0; --count) {
      PreSharedKeyId id;
      id.psk_id = to_bytes(std::string_view("one"));
      id.psk_nonce = Bytes(32, in.u8());
      while (in.flag()) fuzzing::change(id, in, world.known);
      plan.psks.push_back(std::move(id));
    }
  }
  if ((flags & 64) != 0) {
    plan.on_info = [&](GroupInfo& info) {
      switch (in.below(3)) {
        case 0: fuzzing::change(info.extensions, in, world.known); break;
        case 1: info.signer = {in.u8()}; break;
        default: fuzzing::change_bytes(info.confirmation_tag, in, world.known);
      }
    };
  }
  if ((flags & 128) != 0) {
    plan.on_secrets = [&](GroupSecrets& secrets) {
      Bytes fresh;
      fuzzing::change_bytes(fresh, in, world.known);
      if (in.flag()) {
        secrets.path_secret = SecretBytes(ByteView(fresh));
      } else {
        secrets.joiner_secret = SecretBytes(ByteView(fresh));
      }
    };
  }
  const Welcome welcome = forge_welcome(world.joiner.package, world.cast, plan);
  join(world, welcome, plan.tree_inside ? nullptr : &plan.tree);
}

void given_tree(World& world, fuzzing::Input& in) {
  const std::uint8_t flags = in.u8();
  const Bytes bytes = (flags & 1) != 0 ? fuzzing::edited(wire::encode(world.tree), in) : to_bytes(in.rest());
  const auto tree = wire::decode<RatchetTreeNodes>(bytes);
  if (!tree) return;
  if ((flags & 2) != 0) {
    WelcomePlan plan = world.plan_for(*tree);
    plan.tree_inside = false;
    plan.keep_tree_hash = (flags & 4) != 0;
    join(world, forge_welcome(world.joiner.package, world.cast, plan), &*tree);
  } else {
    join_from_outside(world, *world.founder->group_info(false, true), &*tree, (flags & 8) != 0);
  }
}

void changed_info(World& world, fuzzing::Input& in) {
  const std::uint8_t flags = in.u8();
  const GroupInfo info =
      forge_group_info(*world.founder, (flags & 1) == 0, (flags & 2) == 0, [&](GroupInfo& made) {
        do {
          switch (in.below(4)) {
            case 0: fuzzing::change(made.group_context, in, world.known); break;
            case 1: fuzzing::change(made.extensions, in, world.known); break;
            case 2: made.signer = {in.u8()}; break;
            default: {
              RatchetTreeNodes tree = world.tree;
              fuzzing::change(tree, in, world.known);
              if (in.flag()) world.resign_leaves(tree, made.group_context.group_id);
              const auto rebuilt = RatchetTree::from_nodes(*Suite::of(world.cast.suite()), tree);
              if (rebuilt && in.flag()) made.group_context.tree_hash = rebuilt->root_hash();
              for (Extension& extension : made.extensions) {
                if (extension.type == ExtensionType::ratchet_tree) extension.data = wire::encode(tree);
              }
            }
          }
        } while (in.flag());
      });
  join_from_outside(world, info, (flags & 4) != 0 ? &world.tree : nullptr, (flags & 8) != 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World world;
  world.cast.random = SeededRandom(7);
  fuzzing::Input in(ByteView(data, size));
  switch (in.u8() % 5) {
    case 0:
    case 1: {
      const bool raw = data != nullptr && size > 0 && data[0] % 5 == 0;
      const auto welcome =
          wire::decode<Welcome>(raw ? to_bytes(in.rest()) : fuzzing::edited(world.welcome, in));
      if (welcome) join(world, *welcome, nullptr);
      break;
    }
    case 2: forged_welcome(world, in); break;
    case 3: given_tree(world, in); break;
    default: changed_info(world, in);
  }
  return 0;
}
