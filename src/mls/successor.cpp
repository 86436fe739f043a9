// Groups that come from a group: re-initialisation and branching (RFC 9420 sections 11.2, 11.3).
#include <algorithm>

#include "join.hpp"

namespace sotto::mls {
namespace {

using Impl = GroupAccess::Impl;

PreSharedKeyId founding_psk(const Impl& from, const Suite& suite, ResumptionPskUsage usage, Random& random) {
  PreSharedKeyId id;
  id.type = PskType::resumption;
  id.usage = usage;
  id.psk_group_id = from.epoch.context.group_id;
  id.psk_epoch = from.epoch.context.epoch;
  id.psk_nonce = random.bytes(suite.hash_size());
  return id;
}

// Gives the founding key to whatever asks for it, and passes the rest on.
class FoundingPsk final : public PskSource {
 public:
  FoundingPsk(const Impl& from, const PskSource* rest) : from_(from), rest_(rest) {}
  std::optional<SecretBytes> external_psk(ByteView id) const override {
    return rest_ == nullptr ? std::nullopt : rest_->external_psk(id);
  }
  std::optional<SecretBytes> resumption_psk(ByteView group_id, std::uint64_t epoch) const override {
    if (equal(group_id, from_.epoch.context.group_id) && epoch == from_.epoch.context.epoch) {
      return from_.epoch.secrets.resumption_psk.copy();
    }
    return rest_ == nullptr ? std::nullopt : rest_->resumption_psk(group_id, epoch);
  }

 private:
  const Impl& from_;
  const PskSource* rest_;
};

// Whether each of `some` is among `all`.
template <class Some, class All>
bool are_among(const Some& some, const All& all, const CredentialPolicy& policy) {
  return std::ranges::all_of(some, [&](const Credential& one) {
    return std::ranges::any_of(all,
                               [&](const Credential& other) { return policy.is_same_client(one, other); });
  });
}

std::vector<Credential> credentials_of(const RatchetTree& tree) {
  std::vector<Credential> out;
  tree.each_member([&](LeafIndex, const LeafNode& leaf) {
    out.push_back(leaf.credential);
    return true;
  });
  return out;
}

struct Plan {
  ProtocolVersion version;
  CipherSuite suite;
  Bytes group_id;
  ExtensionList extensions;
  ResumptionPskUsage usage;
};
Plan plan_of(const ReInit& announced) {
  return {announced.version, announced.cipher_suite, announced.group_id, announced.extensions,
          ResumptionPskUsage::reinit};
}

}  // namespace

// A group of one, and at once the commit that adds the others under the founding key.
struct Founder {
  static Outcome<Group::Founded> found(const Impl& from, const Plan& plan, ClientIdentity identity,
                                       const std::vector<KeyPackage>& packages, bool tree_in_welcome,
                                       bool force_path, const Environment& env) {
    if (plan.version != ProtocolVersion::mls10)
      return reject("The protocol version that was announced is not known here.");
    const auto suite = Suite::of(plan.suite);
    if (!suite) return reject(suite.error());
    std::vector<Credential> wanted{identity.credential};
    for (const KeyPackage& package : packages) wanted.push_back(package.leaf_node.credential);
    const std::vector<Credential> present = credentials_of(from.epoch.tree);
    if (!are_among(wanted, present, env.credentials)) return reject("The new group would hold somebody new.");
    if (plan.usage == ResumptionPskUsage::reinit && !are_among(present, wanted, env.credentials)) {
      return reject("A re-initialised group must hold every member.");
    }

    const FoundingPsk psks(from, env.psks);
    Environment inner = env;
    inner.psks = &psks;
    auto epoch = make_first_epoch(*suite, plan.group_id, identity, plan.extensions, inner);
    if (!epoch) return reject(std::move(epoch).error());
    auto impl = std::make_unique<Impl>(*suite, std::move(identity), from.config, *std::move(epoch));
    CommitBuild build{*impl, {}, {}, force_path, tree_in_welcome, plan.usage};
    const Sender self = Sender::member(impl->epoch.keys.own());
    for (const KeyPackage& package : packages) build.proposals.push_back({Proposal{Add{package}}, self});
    build.proposals.push_back({Proposal{Psk{founding_psk(from, *suite, plan.usage, env.random)}}, self});
    for (const ListedProposal& listed : build.proposals) build.entries.push_back({listed.proposal});
    auto built = build_commit(std::move(build), WireFormat::private_message, inner);
    if (!built) return reject(std::move(built).error());
    if (!built->welcome) return reject("The new group would have no other member.");
    GroupAccess::merge(*impl, std::move(built->staged));
    auto group = GroupAccess::make(std::move(impl), env);
    if (!group) return std::move(group).refusal();
    return Group::Founded{*std::move(group), MlsMessage{*std::move(built->welcome)}};
  }

  static Outcome<Group> join(const Impl& from, const Plan* announced, ResumptionPskUsage usage,
                             const Welcome& welcome, const OwnKeyPackage& own, const RatchetTreeNodes* tree,
                             const Environment& env) {
    const FoundingPsk psks(from, env.psks);
    Environment inner = env;
    inner.psks = &psks;
    auto joined = join_epoch(welcome, own, tree, usage, inner);
    if (!joined) return std::move(joined).refusal();
    const GroupContext& context = joined->epoch.context;
    if (context.epoch != 1) return reject("A group out of another begins with its first commit.");
    const bool founded_here = std::ranges::any_of(joined->psks, [&](const PreSharedKeyId& id) {
      return id.type == PskType::resumption && id.usage == usage &&
             id.psk_group_id == from.epoch.context.group_id && id.psk_epoch == from.epoch.context.epoch;
    });
    if (!founded_here) return reject("The group does not come from this one.");
    const std::vector<Credential> members = credentials_of(joined->epoch.tree);
    const std::vector<Credential> before = credentials_of(from.epoch.tree);
    if (!are_among(members, before, env.credentials)) return reject("The new group holds somebody new.");
    if (announced != nullptr) {
      if (context.version != announced->version || context.cipher_suite != announced->suite ||
          context.group_id != announced->group_id || context.extensions != announced->extensions) {
        return reject("The new group is not the one that was announced.");
      }
      if (!are_among(before, members, env.credentials)) return reject("The new group leaves a member out.");
    } else if (context.cipher_suite != from.epoch.context.cipher_suite) {
      return reject("A branch must keep the cipher suite.");
    }
    return GroupAccess::make(
        std::make_unique<Impl>(joined->suite, own.identity.copy(), from.config, std::move(joined->epoch)),
        env);
  }
};

Outcome<Group::Founded> Group::reinitialise(ClientIdentity identity, const std::vector<KeyPackage>& packages,
                                            bool tree_in_welcome, bool force_path,
                                            const Environment& env) const {
  const auto& reinit = impl_->epoch.reinit;
  if (!reinit) return reject("The group was not re-initialised.");
  return Founder::found(*impl_, plan_of(*reinit), std::move(identity), packages, tree_in_welcome, force_path,
                        env);
}

Outcome<Group> Group::join_reinitialised(const Welcome& welcome, const OwnKeyPackage& own,
                                         const RatchetTreeNodes* tree, const Environment& env) const {
  const auto& reinit = impl_->epoch.reinit;
  if (!reinit) return reject("The group was not re-initialised.");
  const Plan plan = plan_of(*reinit);
  return Founder::join(*impl_, &plan, ResumptionPskUsage::reinit, welcome, own, tree, env);
}

Outcome<Group::Founded> Group::branch(ByteView group_id, ClientIdentity identity, ExtensionList extensions,
                                      const std::vector<KeyPackage>& packages, bool tree_in_welcome,
                                      bool force_path, const Environment& env) const {
  if (!is_active()) return reject("The group is not active any more.");
  Plan plan{context().version, cipher_suite(), to_bytes(group_id), std::move(extensions),
            ResumptionPskUsage::branch};
  return Founder::found(*impl_, plan, std::move(identity), packages, tree_in_welcome, force_path, env);
}

Outcome<Group> Group::join_branch(const Welcome& welcome, const OwnKeyPackage& own,
                                  const RatchetTreeNodes* tree, const Environment& env) const {
  return Founder::join(*impl_, nullptr, ResumptionPskUsage::branch, welcome, own, tree, env);
}

}  // namespace sotto::mls
