#include "world.hpp"

#include <algorithm>
#include <cstdio>

#include "failure.hpp"

namespace sotto::mls::sim {
namespace {

constexpr std::uint64_t kStartSeconds = 1'700'000'000;

CipherSuite suite_of(std::uint64_t seed) {
  // The first suite most often.
  switch (seed % 5) {
    case 1: return CipherSuite::p256_aes128gcm_sha256_p256;
    case 3: return CipherSuite::x25519_chacha20poly1305_sha256_ed25519;
    default: return CipherSuite::x25519_aes128gcm_sha256_ed25519;
  }
}

}  // namespace

World::World(const Options& options)
    : options_(options),
      random_(options.seed),
      suite_(suite_of(options.seed)),
      service_(random_),
      tree_(crypto::HashAlgorithm::sha256) {
  const auto algorithm = *signature_algorithm_of(suite_);
  outside_key_ = crypto::SigningKey::generate(algorithm, random_);
  const bool encrypt = chance(50);
  clients_.reserve(options.clients);
  for (std::size_t i = 0; i < options.clients; ++i) {
    Capabilities capabilities = default_capabilities();
    capabilities.extensions = {static_cast<ExtensionType>(0xF001), static_cast<ExtensionType>(0x1A1A)};
    capabilities.proposals = {static_cast<ProposalType>(0xF002)};
    Client client(i, {Credential::basic(identity_of(i)),
                      crypto::SigningKey::generate(algorithm, random_),
                      std::move(capabilities),
                      {}});
    client.config.encrypt_handshake = encrypt;
    constexpr std::size_t kPaddings[] = {0, 0, 16, 256, 4096};
    client.config.padding = kPaddings[below(5)];
    clients_.push_back(std::move(client));
  }
}

Environment World::environment(Client& client) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now_.time_since_epoch()).count();
  return {random_, policy_, &psks_, kStartSeconds + static_cast<std::uint64_t>(seconds), &client.disk};
}

void World::run() {
  found();
  for (std::size_t i = 0; i < options_.steps; ++i) {
    step();
    if (i % 150 == 149) settle();
  }
  settle();
}

void World::found() {
  Client& founder = clients_.front();
  auto group = Group::create(suite_, to_bytes("the group"), founder.identity.copy(), {}, founder.config,
                             environment(founder));
  require(group.ok(), "a group cannot be created");
  founder.group = *std::move(group);
  founder.has_records = true;
  save(founder);
  tree_.add(std::get<LeafNode>(*founder.group->ratchet_tree().nodes[0]));
  members_.insert(0);
  epochs_[0] = {tree_.tree_hash(), {}, {}, {}, {}};

  CommitOptions options;
  for (std::size_t i = 1; i < options_.founders; ++i) {
    options.by_value.push_back({Add{fresh_package(clients_[i])}});
  }
  auto made = founder.group->commit(options, environment(founder));
  require(made.ok(), "the first commit cannot be made");
  Group after = founder.group->copy();
  const CommitSummary summary = founder.group->pending_commit()->summary();
  require(after.merge_pending_commit().ok(), "the first commit cannot be merged");
  post_commit(founder, made->commit.encode(), summary, after.ratchet_tree(), made->welcome, false);
  catch_up(founder);
  publish_group_info(founder);
}

void World::step() {
  now_ += std::chrono::milliseconds(below(200));
  deliver_pushes();
  operate();
  ++counts_.operations;
  counts_.largest = std::max(counts_.largest, members_.size());
}

void World::operate() {
  // Weights, out of 100.
  const std::uint64_t dice = below(100);
  Client* member = some_member();
  if (member == nullptr) {
    for (Client& client : clients_) client.online = true;
    settle();
    return;
  }
  maybe_fail_disk(*member);
  if (dice < 22) {
    send_message(*member);
  } else if (dice < 42) {
    propose_something(*member);
  } else if (dice < 46) {
    propose_from_outside();
  } else if (dice < 62) {
    commit_some();
  } else if (dice < 67) {
    if (Client* outsider = some_outsider()) join_externally(*outsider);
  } else if (dice < 68) {
    if (std::ranges::count_if(members_, [&](std::size_t one) { return clients_[one].has_records; }) > 4) {
      lose_state(*member);
    }
  } else if (dice < 72) {
    Client& client = clients_[below(clients_.size())];
    client.online = !client.online;
  } else if (dice < 77) {
    crash(*member);
  } else if (dice < 79) {
    publish_group_info(*member);
  } else {
    catch_up(*member);
  }
  if (member->disk.failed()) crash(*member);
  Client& other = clients_[below(clients_.size())];
  if (!other.group && other.has_records) restart(other);
  if (other.online && chance(50)) catch_up(other);
}

void World::deliver_pushes() {
  while (auto push = service_.next_push(now_)) handle_push(*push);
}

// Everybody reads to the end of the log; then nobody may differ.
void World::settle() {
  now_ += std::chrono::seconds(5);
  deliver_pushes();
  service_.drop_pushes();
  for (Client& client : clients_) {
    client.disk.repair();
    if (!client.group && client.has_records) restart(client);
    catch_up(client);
    // A client that lost its state comes back from outside, once it is seen to be needed.
    require(client.is_in() == members_.contains(client.number) || !client.has_records,
            "client " + std::to_string(client.number) + " is not where the log says");
    if (client.is_in()) {
      require(client.group->epoch() == service_.epoch(), "a member did not reach the last epoch");
      if (client.group->has_pending_commit()) client.group->discard_pending_commit();
      save(client);
    }
  }
  require(tree_.parent_hashes_hold(), "a parent hash does not hold");
}

void World::trace(const Client& client, const std::string& what) const {
  if (!options_.trace) return;
  std::fprintf(stderr, "%zu: client %zu, epoch %llu, position %zu of %zu: %s\n", counts_.operations,
               client.number, static_cast<unsigned long long>(client.group ? client.group->epoch() : 0),
               client.position, service_.log().size(), what.c_str());
}

Client* World::some_member(bool only_active) {
  std::vector<Client*> found;
  for (Client& client : clients_) {
    if (client.online && client.group && (!only_active || client.is_in())) found.push_back(&client);
  }
  return found.empty() ? nullptr : found[below(found.size())];
}

Client* World::some_outsider() {
  std::vector<Client*> found;
  for (Client& client : clients_) {
    if (client.online && !client.has_records && client.letters.empty()) found.push_back(&client);
  }
  return found.empty() ? nullptr : found[below(found.size())];
}

KeyPackage World::fresh_package(Client& client) {
  const std::uint64_t now = environment(client).now_s;
  auto own = make_key_package(suite_, client.identity.copy(), {now - 3600, now + 86400}, {}, random_);
  require(own.ok(), "a key package cannot be made");
  constexpr std::size_t kPackagesKept = 200;
  if (client.packages.size() >= kPackagesKept) client.packages.erase(client.packages.begin());
  client.packages.push_back(*std::move(own));
  return client.packages.back().package;
}

std::vector<std::size_t> World::listeners() const {
  std::vector<std::size_t> out;
  for (const Client& client : clients_) {
    if (client.online && client.is_in()) out.push_back(client.number);
  }
  return out;
}

}  // namespace sotto::mls::sim
