// A whole group in virtual time: clients, their disks, a delivery service, and what must hold of them.
//
//   World world({.seed = 7, .clients = 30, .steps = 400});
//   world.run();          // throws Failure at the first thing that must not be
//
// Everything follows from the seed (ECDSA signatures aside, whose bytes decide nothing).
#pragma once

#include <map>

#include "client.hpp"
#include "naive_tree.hpp"

namespace sotto::mls::sim {

struct Options {
  std::uint64_t seed = 1;
  std::size_t clients = 30;
  std::size_t founders = 2;  // added by the first commit
  std::size_t steps = 300;
  bool trace = false;  // tells on standard error what happens
};

struct Counts {
  std::size_t operations = 0, commits = 0, lost_commits = 0, paths = 0, external_joins = 0, joins = 0,
              proposals = 0, messages = 0, readings = 0, refused = 0, crashes = 0, restores = 0,
              cut_writes = 0, largest = 0, checked_trees = 0;
};

class World {
 public:
  explicit World(const Options& options);
  void run();
  const Counts& counts() const { return counts_; }

 private:
  // What all members must agree on in an epoch.
  struct EpochRecord {
    Bytes tree_hash;
    Bytes tree_digest;
    Bytes authenticator;  // empty until somebody got there
    Bytes exported;
    ExtensionList extensions;
  };

  // world.cpp: one step, the network, the end.
  void step();
  void operate();
  void deliver_pushes();
  void settle();
  void found();

  // operations.cpp
  void send_message(Client& client);
  void propose_something(Client& client);
  void propose_from_outside();
  void commit_some();
  void commit(Client& client);
  void join_externally(Client& client);
  void lose_state(Client& client);
  void publish_group_info(Client& client);
  CommitOptions choose_commit(Client& client);
  std::vector<Proposal> choose_by_value(Client& client, bool with_pending);
  std::optional<MlsMessage> proposal_of(Client& client);
  void post_commit(Client& client, const Bytes& message, const CommitSummary& summary,
                   const RatchetTreeNodes& after, const std::optional<MlsMessage>& welcome, bool tree_beside);

  // following.cpp
  void catch_up(Client& client);
  void handle_entry(Client& client, std::size_t position);
  void handle_push(const Push& push);
  // Whatever is refused must leave no trace. Null: refused.
  std::optional<Refusal> receive(Client& client, ByteView bytes, std::size_t position);
  void take(Client& client, Received received, std::size_t position);
  void join(Client& client);
  void enter_epoch(Client& client);
  void check_unchanged(const Client& client, const Bytes& before);
  Bytes fingerprint(const Client& client) const;

  // crashes.cpp
  void save(Client& client);
  void crash(Client& client);
  void restart(Client& client);
  void maybe_fail_disk(Client& client);

  void trace(const Client& client, const std::string& what) const;
  Environment environment(Client& client);
  std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }
  bool chance(unsigned percent) { return random_.below(100) < percent; }
  Client* some_member(bool only_active = true);
  Client* some_outsider();
  KeyPackage fresh_package(Client& client);
  std::vector<std::size_t> listeners() const;
  Client& of(const Credential& credential) { return clients_.at(client_of(credential)); }

  Options options_;
  SeededRandom random_;
  CipherSuite suite_;
  BasicCredentialPolicy policy_;
  CommonPsks psks_;
  TimePoint now_{};
  DeliveryService service_;
  std::vector<Client> clients_;
  NaiveTree tree_;
  std::set<std::size_t> members_;  // by the service's log
  std::map<Epoch, EpochRecord> epochs_;
  std::map<Epoch, std::set<ProposalRef>> posted_proposals_;
  std::optional<std::pair<Bytes, std::optional<Bytes>>> group_info_;  // and the tree beside it
  Epoch group_info_epoch_ = 0;
  std::optional<crypto::SigningKey> outside_key_;
  std::map<std::uint64_t, Bytes> messages_;  // by number
  std::uint64_t last_message_ = 0;
  // Message keys in use: a second message under one of them would reuse a nonce.
  std::map<std::tuple<Epoch, std::uint32_t, std::uint32_t>, std::uint64_t> generations_;
  Counts counts_;
};

}  // namespace sotto::mls::sim
