// What stands between the clients: one ordered log per group, which takes the first commit of an epoch and
// refuses the rest; and a network that pushes log entries ahead, late, twice, damaged, out of order or not at
// all. A client that fetches from the log gets everything, in order.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "sotto/base/random.hpp"
#include "sotto/base/time.hpp"
#include "sotto/mls/group.hpp"

namespace sotto::mls::sim {

enum class EntryKind { proposal, commit, application };

struct LogEntry {
  EntryKind kind{};
  Epoch epoch = 0;
  std::size_t sender = 0;    // client; for what comes from outside the group kOutside
  std::uint64_t number = 0;  // of an application message
  Bytes message;
};
inline constexpr std::size_t kOutside = SIZE_MAX;

struct WelcomeLetter {
  KeyPackage package;
  Bytes welcome;
  std::optional<Bytes> tree;  // beside it
  std::size_t position = 0;   // of its commit
};

struct Push {
  std::size_t to = 0;
  std::size_t position = 0;
  Bytes message;
  bool damaged = false;
};

class DeliveryService {
 public:
  explicit DeliveryService(Random& random) : random_(random) {}

  Epoch epoch() const { return epoch_; }
  const std::vector<LogEntry>& log() const { return log_; }
  // False: too late, another commit was first, or the epoch is over.
  bool post(LogEntry entry, TimePoint now, const std::vector<std::size_t>& online);
  std::optional<Push> next_push(TimePoint now);
  void drop_pushes() { pushes_.clear(); }

 private:
  Random& random_;
  Epoch epoch_ = 0;
  std::vector<LogEntry> log_;
  std::multimap<TimePoint, Push> pushes_;
};

// Something else than `message`, in one of several ways.
Bytes damaged(ByteView message, Random& random);

}  // namespace sotto::mls::sim
