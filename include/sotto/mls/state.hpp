// A group's state as records for a database: small keys, small values, and what each operation changes.
//
//   StateRecords on_disk;                                   // or a table (group, key, value)
//   auto message = group.protect(text, {}, env);            // env.state writes, or:
//   for (const StateChange& change : group.take_changes().list) write(change);   // before the message leaves
//   ...
//   auto again = Group::restore(on_disk, config);
//
// Rules, on which the safety of the keys rests:
// 1. What an operation changed is written before its message leaves this device. With Environment::state set,
//    protect, propose, commit and the ways in do it themselves and hand nothing out if it fails.
// 2. The changes are written in their order: in one transaction, or one by one. Cut off at any point they
// leave
//    records that restore to the state before or after the operation; a message key that was handed out is
//    never handed out again. What a cut leaves over is erased by the first changes after restore().
// 3. Receiving: write the changes together with what was received, then tell the server.
// Values hold secrets: they belong into an encrypted store. Record layouts: docs/mls.md.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "sotto/base/bytes.hpp"
#include "sotto/base/result.hpp"
#include "sotto/base/secret_bytes.hpp"

namespace sotto::mls {

using StateRecords = std::map<Bytes, SecretBytes>;

struct StateChange {
  Bytes key;                         // at most kMaxStateKeyBytes
  std::optional<SecretBytes> value;  // nullopt: the record is erased

  void apply_to(StateRecords& records) const;
};

struct StateChanges {
  std::vector<StateChange> list;  // in the order of writing

  bool empty() const { return list.empty(); }
  std::size_t bytes() const;  // keys and values
  void apply_to(StateRecords& records) const;
};

inline constexpr std::size_t kMaxStateKeyBytes = 160;
// What restore() looks at; a group of the largest size stays far below.
inline constexpr std::size_t kMaxStateRecords = std::size_t{1} << 22;

// Where changes go before a message is handed out. Called on the group's thread, within the operation.
class StateWriter {
 public:
  virtual ~StateWriter() = default;
  // All of it, durably, or an error: then the operation is refused, and the changes come again, first, with
  // the next ones.
  virtual Status write(const StateChanges& changes) = 0;
};

}  // namespace sotto::mls
