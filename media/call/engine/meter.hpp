// Counts per second, over the last ten whole tenths of a second.
#pragma once

#include <array>
#include <cstdint>

#include "sotto/base/time.hpp"

namespace sotto::call {

class Meter {
 public:
  void add(double amount, TimePoint now) {
    advance(now);
    slots_[static_cast<std::size_t>(slot_ % kSlots)] += amount;
  }
  double per_second(TimePoint now) {
    advance(now);
    double sum = -slots_[static_cast<std::size_t>(slot_ % kSlots)];  // the tenth that is not over yet
    for (const double slot : slots_) sum += slot;
    return sum;
  }

 private:
  static constexpr std::int64_t kSlots = 11;
  static constexpr Duration kSlot = std::chrono::milliseconds(100);

  void advance(TimePoint now) {
    const std::int64_t slot = now.time_since_epoch() / kSlot;
    if (slot - slot_ >= kSlots) {
      slots_.fill(0);
    } else {
      for (std::int64_t s = slot_ + 1; s <= slot; ++s) slots_[static_cast<std::size_t>(s % kSlots)] = 0;
    }
    if (slot > slot_) slot_ = slot;
  }

  std::array<double, kSlots> slots_{};
  std::int64_t slot_ = 0;
};

}  // namespace sotto::call
