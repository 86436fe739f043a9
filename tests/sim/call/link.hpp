// One direction of a network in virtual time: delay, jitter (which reorders), loss, a rate with a queue.
#pragma once

#include <map>
#include <optional>

#include "sotto/base/bytes.hpp"
#include "sotto/base/random.hpp"
#include "sotto/base/time.hpp"

namespace sotto::sim {

struct LinkSettings {
  Duration delay = std::chrono::milliseconds(20);
  Duration jitter{};           // up to this much more, evenly distributed, each packet for itself
  double loss = 0;             // 0..1
  double duplicates = 0;       // 0..1
  double bits_per_second = 0;  // 0: no limit
  Duration queue = std::chrono::milliseconds(300);  // what waits longer for the rate is dropped
};

class Link {
 public:
  Link(LinkSettings with, std::uint64_t seed) : settings(with), random_(seed) {}

  void send(Bytes datagram, TimePoint now) {
    ++sent;
    if (chance(settings.loss)) return;
    TimePoint leaves = now;
    if (settings.bits_per_second > 0) {
      free_at_ = std::max(free_at_, now);
      if (free_at_ - now > settings.queue) return;
      free_at_ += Duration(
          static_cast<std::int64_t>(static_cast<double>(datagram.size()) * 8e9 / settings.bits_per_second));
      leaves = free_at_;
    }
    const int copies = chance(settings.duplicates) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
      const Duration more(settings.jitter.count() == 0
                              ? 0
                              : static_cast<std::int64_t>(
                                    random_.below(static_cast<std::uint64_t>(settings.jitter.count()))));
      in_flight_.emplace(leaves + settings.delay + more, datagram);
    }
  }
  TimePoint next() const { return in_flight_.empty() ? kNever : in_flight_.begin()->first; }
  std::optional<Bytes> receive(TimePoint now) {
    if (next() > now) return std::nullopt;
    Bytes datagram = std::move(in_flight_.begin()->second);
    in_flight_.erase(in_flight_.begin());
    return datagram;
  }

  LinkSettings settings;
  std::uint64_t sent = 0;

 private:
  bool chance(double part) { return static_cast<double>(random_.below(1'000'000)) < part * 1e6; }

  SeededRandom random_;
  std::multimap<TimePoint, Bytes> in_flight_;
  TimePoint free_at_{};
};

}  // namespace sotto::sim
