// One simulated client: what it has in memory, what it has on disk, and how far it has read.
#pragma once

#include <deque>
#include <optional>
#include <set>

#include "delivery_service.hpp"
#include "sotto/mls/state.hpp"

namespace sotto::mls::sim {

// Keys that every client knows in advance.
class CommonPsks final : public PskSource {
 public:
  static constexpr std::uint64_t kCount = 4;
  static Bytes id(std::uint64_t number) { return to_bytes("psk " + std::to_string(number)); }
  std::optional<SecretBytes> external_psk(ByteView id) const override {
    return SecretBytes::from_text("secret of " + to_string(id));
  }
  std::optional<SecretBytes> resumption_psk(ByteView, std::uint64_t) const override { return std::nullopt; }
};

// Takes changes as they come, until its power fails in the middle of some.
class Disk final : public StateWriter {
 public:
  StateRecords records;
  std::size_t bytes_written = 0;

  // The next write stops after as many changes as there are, times `share` / 256.
  void fail_next_write(std::uint8_t share) { cut_ = share; }
  bool failed() const { return failed_; }
  void repair() {
    failed_ = false;
    cut_.reset();
  }
  Status write(const StateChanges& changes) override;

 private:
  std::optional<std::uint8_t> cut_;
  bool failed_ = false;
};

struct Client {
  Client(std::size_t index, ClientIdentity who) : number(index), identity(std::move(who)) {}

  std::size_t number;
  ClientIdentity identity;
  GroupConfig config;
  bool online = true;

  // In memory.
  std::optional<Group> group;
  // On disk, beside the group's records.
  Disk disk;
  bool has_records = false;
  Epoch joined_epoch = 0;    // the first epoch it may read
  std::size_t position = 0;  // in the log: everything before it was handled
  std::deque<WelcomeLetter> letters;
  std::vector<OwnKeyPackage> packages;
  std::set<std::uint64_t> read;     // application messages
  std::set<std::uint64_t> unsaved;  // read while the power failed: may come again

  bool is_in() const { return group && group->is_active(); }
};

inline Bytes identity_of(std::size_t client) { return to_bytes("client " + std::to_string(client)); }
std::size_t client_of(const Credential& credential);

}  // namespace sotto::mls::sim
