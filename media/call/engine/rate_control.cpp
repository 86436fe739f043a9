#include "call/engine/rate_control.hpp"

#include <algorithm>

namespace sotto::call {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// RFC 8836 gives no numbers; these are those of the loss-based part of common practice: above 5 % the line
// is over capacity, below 2 % the loss is the line's own.
constexpr double kHighLoss = 0.05;
constexpr double kLowLoss = 0.02;
constexpr double kRaise = 1.05;  // a second
constexpr double kQueueingBackOff = 0.85;
constexpr Duration kStep = milliseconds(900);      // up, with every second report
constexpr Duration kStepDown = milliseconds(450);  // down, with every one
constexpr Duration kCalmAfterLowering = seconds(3);
// A round trip this much above the least means that a queue stands somewhere.
constexpr Duration kQueueing = milliseconds(100);

}  // namespace

std::optional<int> RateControl::on_report(double loss, std::optional<Duration> round_trip, TimePoint now) {
  if (round_trip) least_round_trip_ = std::min(least_round_trip_.value_or(*round_trip), *round_trip);
  const Duration since = now - changed_;
  if (since < kStepDown) return std::nullopt;

  const double before = target_;
  if (loss > kHighLoss) {
    target_ *= 1 - std::min(loss, 0.6) / 2;
    lowered_ = now;
  } else if (round_trip && *round_trip > *least_round_trip_ * 2 &&
             *round_trip > *least_round_trip_ + kQueueing) {
    target_ *= kQueueingBackOff;
    lowered_ = now;
    *least_round_trip_ += milliseconds(1);  // the path itself may have become longer: learn it slowly
  } else if (loss < kLowLoss && since >= kStep && now - lowered_ > kCalmAfterLowering) {
    target_ *= kRaise;
  } else {
    return std::nullopt;
  }
  target_ = std::clamp(target_, static_cast<double>(bitrates_.least), static_cast<double>(bitrates_.most));
  changed_ = now;
  if (static_cast<int>(target_) == static_cast<int>(before)) return std::nullopt;
  return target();
}

}  // namespace sotto::call
