// What clients do with what reaches them.
#include <algorithm>

#include "failure.hpp"
#include "world.hpp"

namespace sotto::mls::sim {

Bytes World::fingerprint(const Client& client) const {
  // Everything that would be on the disk, and what is not.
  crypto::HashAlgorithm sha = crypto::HashAlgorithm::sha256;
  wire::Writer out;
  for (const auto& [key, value] : client.group->state_records()) {
    out.opaque(key);
    out.opaque(value.view());
  }
  out.opaque(client.group->epoch_authenticator());
  return crypto::hash(sha, out.view());
}

std::optional<Refusal> World::receive(Client& client, ByteView bytes, std::size_t position) {
  const auto message = MlsMessage::decode(bytes);
  if (!message) return reject(message.error());
  // Looking at all of a large group costs more than the group itself.
  const bool look = client.group->members().size() < 40 || chance(5);
  const Bytes before = look ? fingerprint(client) : Bytes{};
  auto received = client.group->receive(*message, environment(client));
  if (received) {
    take(client, *std::move(received), position);
    return std::nullopt;
  }
  ++counts_.refused;
  trace(client, "refuses entry " + std::to_string(position) + ": " + received.refusal().error.message);
  if (look)
    require(fingerprint(client) == before,
            "a refused message left a trace: " + received.refusal().error.message);
  return std::move(received).refusal();
}

void World::take(Client& client, Received received, std::size_t position) {
  const LogEntry& entry = service_.log().at(position);
  trace(client, "takes entry " + std::to_string(position));
  if (const auto* message = received.get<ApplicationMessage>()) {
    require(entry.kind == EntryKind::application, "something else was read as a message");
    require(client_of(message->credential) == entry.sender, "a message came from another sender");
    require(message->epoch == entry.epoch, "a message came from another epoch");
    Bytes whole = message->data;
    append(whole, message->authenticated_data);
    require(whole == messages_.at(entry.number), "a message was read with another content");
    const auto [known, fresh] = generations_.emplace(
        std::tuple{message->epoch, message->sender.value, message->generation}, entry.number);
    require(fresh || known->second == entry.number, "two messages were sealed under one key");
    require(client.read.insert(entry.number).second || client.unsaved.contains(entry.number),
            "a message was read twice");
    ++counts_.readings;
    save(client);
    if (client.disk.failed()) client.unsaved.insert(entry.number);
  } else if (received.get<ReceivedProposal>() != nullptr) {
    require(entry.kind == EntryKind::proposal, "something else was read as a proposal");
    posted_proposals_[entry.epoch].insert(received.get<ReceivedProposal>()->ref);
    save(client);
  } else {
    require(entry.kind == EntryKind::commit, "something else was read as a commit");
    if (received.get<OwnCommit>() != nullptr) {
      require(entry.sender == client.number, "another's commit was taken for an own one");
      require(client.group->merge_pending_commit().ok(), "an own commit cannot be merged");
    } else {
      auto& staged = *received.get<StagedCommit>();
      const Bytes authenticator = staged.epoch_authenticator();
      const bool removes_self = staged.summary().removes_self;
      require(client.group->merge(std::move(staged)).ok(), "a commit cannot be merged");
      require(removes_self || equal(authenticator, client.group->epoch_authenticator()),
              "a merged commit gives another epoch than was announced");
    }
    save(client);
    if (client.is_in()) enter_epoch(client);
  }
}

// In this epoch everybody must have the same.
void World::enter_epoch(Client& client) {
  const Group& group = *client.group;
  EpochRecord& record = epochs_.at(group.epoch());
  require(group.context().tree_hash == record.tree_hash, "the tree hash is not the plain model's");
  require(
      crypto::hash(crypto::HashAlgorithm::sha256, wire::encode(group.ratchet_tree())) == record.tree_digest,
      "the tree is not the plain model's");
  require(group.context().extensions == record.extensions, "the extensions are not the ones proposed");
  ++counts_.checked_trees;
  const auto exported = group.export_secret("sim", as_bytes("context"), 32);
  require(exported.ok(), "nothing can be exported");
  if (record.authenticator.empty()) {
    record.authenticator = to_bytes(group.epoch_authenticator());
    record.exported = to_bytes(exported->view());
  }
  require(equal(record.authenticator, group.epoch_authenticator()), "the epoch authenticators differ");
  require(equal(record.exported, exported->view()), "the exported secrets differ");
}

// By the log: in order, nothing left out.
void World::handle_entry(Client& client, std::size_t position) {
  const LogEntry& entry = service_.log()[position];
  const Epoch epoch = client.group->epoch();
  require(entry.epoch <= epoch, "the log is ahead of the group");
  const bool had_read = client.read.contains(entry.number);
  const auto refusal = receive(client, entry.message, position);
  if (client.disk.failed()) return;
  const std::string who =
      "client " + std::to_string(client.number) + ", entry " + std::to_string(position) + ": ";
  switch (entry.kind) {
    case EntryKind::commit:
      require(!refusal == (entry.epoch == epoch),
              who + "a commit " + (refusal ? refusal->error.message : "taken twice"));
      if (refusal) require(refusal->kind == RefusalKind::ignore, who + "a commit that is over counts as bad");
      break;
    case EntryKind::proposal:
      if (refusal)
        require(refusal->kind == RefusalKind::ignore, who + "a proposal: " + refusal->error.message);
      break;
    case EntryKind::application: {
      const bool readable = entry.sender != client.number && entry.epoch >= client.joined_epoch &&
                            epoch - entry.epoch <= client.config.past_epochs;
      if (refusal) {
        require(refusal->kind == RefusalKind::ignore || !readable || entry.epoch < client.joined_epoch,
                who + "a message: " + refusal->error.message);
        require(!readable || had_read, who + "a message was never read: " + refusal->error.message);
      }
      break;
    }
  }
}

void World::handle_push(const Push& push) {
  Client& client = clients_[push.to];
  if (!client.is_in() || !client.online) return;
  const bool handled = push.position < client.position;
  const auto refusal = receive(client, push.message, push.position);
  if (client.disk.failed()) return crash(client);
  require(refusal.has_value() || !handled, "a message was taken again");
  if (push.damaged) {
    require(refusal.has_value(), "a damaged message was taken");
    require(refusal->kind != RefusalKind::group_broken,
            "a damaged message counts as authentic: " + refusal->error.message);
  }
}

void World::join(Client& client) {
  const WelcomeLetter letter = std::move(client.letters.front());
  client.letters.pop_front();
  const auto own = std::ranges::find(client.packages, letter.package, &OwnKeyPackage::package);
  require(own != client.packages.end(), "a Welcome is for an unknown key package");
  const auto message = MlsMessage::decode(letter.welcome);
  require(message.ok(), "a Welcome cannot be read");
  std::optional<RatchetTreeNodes> tree;
  if (letter.tree) tree = *wire::decode<RatchetTreeNodes>(*letter.tree);
  const Environment env = environment(client);
  client.disk.records.clear();
  if (chance(20)) {
    const auto wrong = MlsMessage::decode(damaged(letter.welcome, random_));
    if (wrong && wrong->get<Welcome>() != nullptr) {
      // What is damaged may be another's part of it.
      auto joined = Group::join(*wrong->get<Welcome>(), *own, tree ? &*tree : nullptr, client.config,
                                {env.random, env.credentials, env.psks, env.now_s, nullptr});
      require(!joined || equal(joined->epoch_authenticator(), epochs_.at(joined->epoch()).authenticator) ||
                  epochs_.at(joined->epoch()).authenticator.empty(),
              "a damaged Welcome leads elsewhere");
    }
  }
  auto joined = Group::join(*message->get<Welcome>(), *own, tree ? &*tree : nullptr, client.config, env);
  if (client.disk.failed()) {
    // As if it had never been opened: it will be again.
    client.disk.repair();
    client.disk.records.clear();
    client.letters.push_front(letter);
    return;
  }
  require(joined.ok(), "a Welcome is refused: " + (joined.ok() ? "" : joined.refusal().error.message));
  client.packages.erase(own);
  client.group = *std::move(joined);
  client.has_records = true;
  client.joined_epoch = client.group->epoch();
  client.position = letter.position + 1;
  ++counts_.joins;
  enter_epoch(client);
}

void World::catch_up(Client& client) {
  for (;;) {
    if (client.group && !client.is_in()) {
      // Removed: what it had is history.
      client.group.reset();
      client.disk.records.clear();
      client.has_records = false;
    }
    if (client.group) {
      if (client.position == service_.log().size()) break;
      handle_entry(client, client.position);
      if (client.disk.failed()) return crash(client);
      ++client.position;
    } else if (!client.letters.empty() && !client.has_records) {
      join(client);
    } else {
      return;
    }
  }
  // At the end of the log a commit that still waits was never sent, or lost.
  if (client.is_in() && client.group->has_pending_commit()) {
    trace(client, "discards a commit");
    client.group->discard_pending_commit();
    save(client);
    if (client.disk.failed()) crash(client);
  }
}

}  // namespace sotto::mls::sim
