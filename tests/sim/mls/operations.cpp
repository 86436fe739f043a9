// What clients do of their own accord.
#include <algorithm>

#include "failure.hpp"
#include "world.hpp"

namespace sotto::mls::sim {
namespace {

constexpr auto kCustomExtension = static_cast<ExtensionType>(0xF001);
constexpr auto kGreaseExtension = static_cast<ExtensionType>(0x1A1A);
constexpr auto kCustomProposal = static_cast<ProposalType>(0xF002);

// A disk that failed is the only reason why a sound operation of a member may be refused.
template <class T>
bool made(const Client& client, const Outcome<T>& outcome, const std::string& what) {
  if (client.disk.failed()) return false;  // nothing of it was handed out
  require(outcome.ok(), what + " is refused: " + (outcome.ok() ? "" : outcome.refusal().error.message));
  return true;
}

// The number in front tells the messages apart.
Bytes message_text(std::uint64_t number, std::size_t size) {
  wire::Writer out;
  out.u64(number);
  out.fixed(Bytes(size, static_cast<std::uint8_t>(number)));
  return std::move(out).take();
}

}  // namespace

void World::send_message(Client& client) {
  constexpr std::uint64_t kSizes[] = {0, 20, 200, 2000, 40000};
  const std::uint64_t number = ++last_message_;
  Bytes text = message_text(number, below(kSizes[below(5)] + 1));
  const Bytes data = random_.bytes(below(40));
  auto message = client.group->protect(text, data, environment(client));
  if (!made(client, message, "a message")) return;
  append(text, data);
  messages_[number] = std::move(text);
  ++counts_.messages;
  const Epoch epoch = client.group->epoch();
  service_.post({EntryKind::application, epoch, client.number, number, message->encode()}, now_, listeners());
}

std::optional<MlsMessage> World::proposal_of(Client& client) {
  Group& group = *client.group;
  const Environment env = environment(client);
  const auto take = [&](Outcome<MlsMessage> message, const char* what) -> std::optional<MlsMessage> {
    if (!made(client, message, what)) return std::nullopt;
    return *std::move(message);
  };
  switch (below(8)) {
    case 0:
    case 1: return take(group.propose_update(env), "an update");
    case 2: {
      Client& other = clients_[below(clients_.size())];
      return take(group.propose({Add{fresh_package(other)}}, env), "an add");
    }
    case 3: {
      const auto members = group.members();
      return take(group.propose({Remove{members[below(members.size())].leaf}}, env), "a remove");
    }
    case 4: return take(group.propose({Remove{group.own_leaf()}}, env), "leaving");
    case 5:
      return take(group.propose(group.psk_proposal(CommonPsks::id(below(CommonPsks::kCount)), env), env),
                  "a key");
    case 6: {
      ExtensionList extensions;
      if (chance(50)) extensions.push_back({kCustomExtension, random_.bytes(below(100))});
      if (chance(30)) extensions.push_back({kGreaseExtension, random_.bytes(below(10))});
      if (chance(30))
        extensions.push_back(to_extension(RequiredCapabilities{{kCustomExtension}, {kCustomProposal}, {}}));
      if (chance(70)) {
        extensions.push_back(to_extension(std::vector<ExternalSender>{
            {outside_key_->public_key(), Credential::basic(to_bytes("client 0"))}}));
      }
      return take(group.propose({GroupContextExtensions{std::move(extensions)}}, env), "new extensions");
    }
    default:
      return take(group.propose({CustomProposal{kCustomProposal, random_.bytes(below(50))}}, env),
                  "a custom one");
  }
}

void World::propose_something(Client& client) {
  const auto message = proposal_of(client);
  if (!message) return;
  ++counts_.proposals;
  trace(client, "proposes");
  const Epoch epoch = client.group->epoch();
  const ProposalRef ref = client.group->proposals().back().ref;
  if (chance(5)) return;  // lost before it was sent
  if (service_.post({EntryKind::proposal, epoch, client.number, 0, message->encode()}, now_, listeners())) {
    posted_proposals_[epoch].insert(ref);
  }
}

// By an external sender, where the group has one, or by a client that wants to be added. Made with the newest
// GroupContext that some member has; the service takes it if that is the group's.
void World::propose_from_outside() {
  Client* known = some_member();
  const GroupContext& context = known->group->context();
  Result<MlsMessage> message = fail(ErrorCode::not_found, "");
  if (find_extension(context.extensions, ExtensionType::external_senders) != nullptr && chance(60)) {
    Proposal proposal{Add{fresh_package(clients_[below(clients_.size())])}};
    if (chance(50)) {
      const auto members = known->group->members();
      proposal = {Remove{members[below(members.size())].leaf}};
    }
    message = propose_externally(context, 0, *outside_key_, std::move(proposal));
  } else if (Client* outsider = some_outsider()) {
    fresh_package(*outsider);
    message = propose_own_add(context, outsider->packages.back());
  } else {
    return;
  }
  require(message.ok(), "a proposal from outside cannot be made");
  if (context.epoch != service_.epoch()) return;
  ++counts_.proposals;
  service_.post({EntryKind::proposal, context.epoch, kOutside, 0, message->encode()}, now_, listeners());
}

std::vector<Proposal> World::choose_by_value(Client& client, bool with_pending) {
  // What goes beside the pending proposals may not touch what they touch.
  const Group& group = *client.group;
  const Environment env = environment(client);
  std::set<LeafIndex> touched{group.own_leaf()};
  std::set<std::size_t> adding;
  std::set<Bytes> keys;
  bool adds = false;
  bool extensions = false;
  if (with_pending) {
    for (const ReceivedProposal& pending : group.proposals()) {
      if (const auto* add = pending.proposal.get<Add>()) {
        adding.insert(client_of(add->key_package.leaf_node.credential));
        adds = true;
      }
      if (const auto* remove = pending.proposal.get<Remove>()) touched.insert(remove->removed);
      if (pending.proposal.get<Update>() != nullptr) touched.insert(pending.sender.leaf);
      if (const auto* psk = pending.proposal.get<Psk>()) keys.insert(psk->psk.psk_id);
      extensions = extensions || pending.proposal.get<GroupContextExtensions>() != nullptr;
    }
  }
  for (const Member& member : group.members()) adding.insert(client_of(member.credential));

  std::vector<Proposal> out;
  const bool is_small = group.members().size() < options_.clients * 2 / 3;
  for (std::uint64_t i = below(is_small ? 4 : 2); i > 0; --i) {
    Client& other = clients_[below(clients_.size())];
    if (!adding.insert(other.number).second) continue;
    out.push_back({Add{fresh_package(other)}});
    adds = true;
  }
  if (chance(is_small ? 15 : 60) && group.members().size() > 3) {
    const auto members = group.members();
    for (std::uint64_t i = below(3); i > 0; --i) {
      const LeafIndex leaf = members[below(members.size())].leaf;
      if (touched.insert(leaf).second) out.push_back({Remove{leaf}});
    }
  }
  if (chance(15)) {
    const Bytes id = CommonPsks::id(below(CommonPsks::kCount));
    if (keys.insert(id).second) out.push_back(group.psk_proposal(id, env));
  }
  // An old epoch's key only where everybody was there, and nobody joins who was not.
  if (!adds && chance(15)) {
    Epoch oldest = std::max(client.joined_epoch, group.epoch() < 8 ? 0 : group.epoch() - 8);
    for (const std::size_t member : members_) oldest = std::max(oldest, clients_[member].joined_epoch);
    if (oldest <= group.epoch()) {
      out.push_back(group.resumption_psk_proposal(oldest + below(group.epoch() - oldest + 1), env));
    }
  }
  if (!extensions && chance(10))
    out.push_back({GroupContextExtensions{{{kCustomExtension, random_.bytes(5)}}}});
  if (chance(5)) out.push_back({CustomProposal{kCustomProposal, random_.bytes(below(50))}});
  for (std::size_t i = out.size(); i > 1; --i) std::swap(out[i - 1], out[below(i)]);
  return out;
}

CommitOptions World::choose_commit(Client& client) {
  const auto pending = client.group->proposals();
  const auto& posted = posted_proposals_[client.group->epoch()];
  // What was never sent, because the power failed, nobody else knows.
  const bool all_known = std::ranges::all_of(pending, [&](const ReceivedProposal& one) {
    return one.sender.type != SenderType::member || posted.contains(one.ref);
  });
  CommitOptions options;
  options.force_path = chance(30);
  options.tree_in_welcome = chance(70);
  options.include_pending = all_known && chance(70);
  if (options.include_pending || pending.empty() || chance(50)) {
    if (chance(60)) options.by_value = choose_by_value(client, options.include_pending);
    return options;
  }
  // One alone, by reference.
  const ReceivedProposal& one = pending[below(pending.size())];
  const auto* remove = one.proposal.get<Remove>();
  const auto* add = one.proposal.get<Add>();
  const bool own = one.sender == Sender::member(client.group->own_leaf());
  const bool usable =
      (one.sender.type != SenderType::member || posted.contains(one.ref)) &&
      !(own && one.proposal.get<Update>() != nullptr) &&
      (remove == nullptr || remove->removed != client.group->own_leaf()) &&
      (add == nullptr || std::ranges::none_of(client.group->members(), [&](const Member& member) {
         return member.credential == add->key_package.leaf_node.credential;
       }));
  if (usable) options.only = {one.ref};
  return options;
}

void World::commit_some() {
  // Several at once: the service takes the first of each epoch.
  for (std::uint64_t i = chance(40) ? 3 : 1; i > 0; --i) {
    Client* client = some_member();
    if (client == nullptr) return;
    commit(*client);
    if (client->disk.failed()) crash(*client);
  }
}

void World::commit(Client& client) {
  // One's own commit may have been taken: a second one in its place could never be followed.
  if (client.group->has_pending_commit()) catch_up(client);
  if (!client.is_in() || client.group->has_pending_commit()) return;
  const CommitOptions options = choose_commit(client);
  auto made_commit = client.group->commit(options, environment(client));
  if (!made(client, made_commit, "a commit")) return;
  const CommitSummary summary = client.group->pending_commit()->summary();
  trace(client, "commits " + std::to_string(summary.changes.size()) + " proposals");
  Group after = client.group->copy();
  require(after.merge_pending_commit().ok(), "a pending commit cannot be merged");
  if (chance(5)) return;  // lost before it was sent
  const Bytes message = made_commit->commit.encode();
  const Epoch epoch = client.group->epoch();
  if (epoch != service_.epoch()) {
    ++counts_.lost_commits;
    require(!service_.post({EntryKind::commit, epoch, client.number, 0, message}, now_, {}),
            "two commits of one epoch");
    if (chance(50)) client.group->discard_pending_commit();
    return;
  }
  post_commit(client, message, summary, after.ratchet_tree(), made_commit->welcome, !options.tree_in_welcome);
  if (chance(10)) return crash(client);  // before it hears that it won
  if (chance(50)) return;                // hears it from the log, later
  catch_up(client);
  if (client.is_in() && chance(60)) publish_group_info(client);
}

void World::post_commit(Client& client, const Bytes& message, const CommitSummary& summary,
                        const RatchetTreeNodes& after, const std::optional<MlsMessage>& welcome,
                        bool tree_beside) {
  const Epoch before = service_.epoch();
  const std::size_t position = service_.log().size();
  ExtensionList extensions = epochs_.at(before).extensions;
  for (const auto& change : summary.changes) {
    if (const auto* add = change.proposal.get<Add>()) {
      members_.insert(client_of(add->key_package.leaf_node.credential));
    } else if (change.proposal.get<Remove>() != nullptr) {
      members_.erase(client_of(*change.credential));
    } else if (const auto* change_extensions = change.proposal.get<GroupContextExtensions>()) {
      extensions = change_extensions->extensions;
    }
  }
  for (const auto& change : summary.changes) {
    // Removed and added in one commit: a member.
    if (const auto* add = change.proposal.get<Add>()) {
      members_.insert(client_of(add->key_package.leaf_node.credential));
      require(welcome.has_value(), "a commit that adds somebody has no Welcome");
      Client& added = of(add->key_package.leaf_node.credential);
      WelcomeLetter letter{add->key_package, welcome->encode(), std::nullopt, position};
      if (tree_beside) letter.tree = wire::encode(after);
      added.letters.push_back(std::move(letter));
      added.joined_epoch = before + 1;
    }
  }
  if (summary.committer.type == SenderType::new_member_commit) members_.insert(client.number);
  tree_.apply(summary, after);
  require(tree_.nodes() == after, "the tree after a commit is not the plain model's");
  ++counts_.checked_trees;
  require(service_.post({EntryKind::commit, before, client.number, 0, message}, now_, listeners()),
          "the service refuses the first commit of an epoch");
  ++counts_.commits;
  epochs_[before + 1] = {tree_.tree_hash(),
                         crypto::hash(crypto::HashAlgorithm::sha256, wire::encode(after)),
                         {},
                         {},
                         std::move(extensions)};
}

void World::publish_group_info(Client& client) {
  const bool tree_inside = chance(50);
  auto info = client.group->group_info(tree_inside, true);
  require(info.ok(), "a GroupInfo cannot be made");
  std::optional<Bytes> tree;
  if (!tree_inside) tree = wire::encode(client.group->ratchet_tree());
  if (client.group->epoch() < group_info_epoch_) return;
  group_info_epoch_ = client.group->epoch();
  group_info_ = {MlsMessage{*std::move(info)}.encode(), std::move(tree)};
}

void World::join_externally(Client& client) {
  if (!group_info_) return;
  const auto message = MlsMessage::decode(group_info_->first);
  require(message.ok(), "a GroupInfo cannot be read");
  std::optional<RatchetTreeNodes> tree;
  if (group_info_->second) tree = *wire::decode<RatchetTreeNodes>(*group_info_->second);
  const GroupInfo& info = *message->get<GroupInfo>();

  // Its own former leaf, if it is there in that epoch.
  RatchetTreeNodes nodes;
  if (tree) {
    nodes = *tree;
  } else {
    nodes =
        *wire::decode<RatchetTreeNodes>(find_extension(info.extensions, ExtensionType::ratchet_tree)->data);
  }
  std::optional<LeafIndex> prior;
  for (std::uint32_t i = 0; i < nodes.nodes.size(); i += 2) {
    if (nodes.nodes[i] && std::get<LeafNode>(*nodes.nodes[i]).credential == client.identity.credential)
      prior = {i / 2};
  }
  std::vector<Bytes> keys;
  if (chance(30)) keys.push_back(CommonPsks::id(below(CommonPsks::kCount)));
  client.disk.records.clear();
  auto joined = Group::join_externally(info, tree ? &*tree : nullptr, client.identity.copy(),
                                       prior.has_value(), keys, client.config, environment(client));
  if (client.disk.failed()) {
    client.disk.repair();
    client.disk.records.clear();
    return;
  }
  require(joined.ok(),
          "joining from outside is refused: " + (joined.ok() ? "" : joined.refusal().error.message));
  if (info.group_context.epoch != service_.epoch()) {
    ++counts_.lost_commits;
    client.disk.records.clear();
    return;
  }
  CommitSummary summary;
  summary.committer.type = SenderType::new_member_commit;
  summary.epoch = info.group_context.epoch + 1;
  if (prior)
    summary.changes.push_back(
        {Proposal{Remove{*prior}}, summary.committer, *prior, client.identity.credential});
  post_commit(client, joined->commit.encode(), summary, joined->group.ratchet_tree(), std::nullopt, false);
  client.group = std::move(joined->group);
  client.has_records = true;
  client.joined_epoch = summary.epoch;
  client.position = service_.log().size();
  ++counts_.external_joins;
  enter_epoch(client);
}

// The device is lost, or its profile is: the client knows nothing of the group any more.
void World::lose_state(Client& client) {
  client.group.reset();
  client.disk.records.clear();
  client.disk.repair();
  client.has_records = false;
}

}  // namespace sotto::mls::sim
