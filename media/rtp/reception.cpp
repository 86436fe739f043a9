#include "sotto/rtp/reception.hpp"

#include <algorithm>

namespace sotto::rtp {

void Reception::on_packet(std::uint16_t sequence, std::uint32_t timestamp, TimePoint arrival) {
  const std::int64_t number = sequences_.unwrap(sequence);
  if (received_ == 0) first_ = number;
  first_ = std::min(first_, number);
  ++received_;

  const std::int64_t transit =
      to_ticks(arrival.time_since_epoch(), clock_rate_) - timestamps_.unwrap(timestamp);
  if (transit_) {
    const std::int64_t d = transit > *transit_ ? transit - *transit_ : *transit_ - transit;
    jitter16_ += d - ((jitter16_ + 8) >> 4);
  }
  transit_ = transit;
}

void Reception::on_sender_report(const SenderReport& report, TimePoint arrival) {
  last_report_ = report;
  last_report_->blocks.clear();
  last_report_arrival_ = arrival;
}

std::int64_t Reception::lost() const {
  if (received_ == 0) return 0;
  return *sequences_.highest() - first_ + 1 - static_cast<std::int64_t>(received_);
}

ReportBlock Reception::make_report(TimePoint now) {
  ReportBlock block;
  block.source = source_;
  if (received_ > 0) {
    const std::int64_t expected = *sequences_.highest() - first_ + 1;
    const std::int64_t expected_now = expected - expected_at_report_;
    const std::int64_t lost_now = expected_now - static_cast<std::int64_t>(received_ - received_at_report_);
    expected_at_report_ = expected;
    received_at_report_ = received_;
    last_fraction_lost_ = expected_now > 0 && lost_now > 0
                              ? static_cast<double>(lost_now) / static_cast<double>(expected_now)
                              : 0;
    block.fraction_lost = static_cast<std::uint8_t>(std::min(255.0, last_fraction_lost_ * 256));
    block.cumulative_lost = static_cast<std::int32_t>(
        std::clamp<std::int64_t>(lost(), -kMaxCumulativeLost - 1, kMaxCumulativeLost));
    block.highest_sequence = static_cast<std::uint32_t>(*sequences_.highest());
    block.jitter = static_cast<std::uint32_t>(jitter16_ >> 4);
  }
  if (last_report_) {
    block.last_sr = compact(last_report_->ntp);
    block.delay_since_last_sr = to_compact(now - last_report_arrival_);
  }
  return block;
}

Duration Reception::jitter() const { return from_ticks(jitter16_ >> 4, clock_rate_); }

std::optional<NtpTime> Reception::ntp_of(std::uint32_t timestamp) const {
  if (!last_report_) return std::nullopt;
  const auto ticks = static_cast<std::int32_t>(timestamp - last_report_->rtp_timestamp);
  const std::int64_t fixed = (std::int64_t{ticks} << 32) / static_cast<std::int64_t>(clock_rate_);
  return NtpTime{static_cast<std::uint64_t>(last_report_->ntp) + static_cast<std::uint64_t>(fixed)};
}

std::optional<Duration> round_trip(const ReportBlock& block, TimePoint now) {
  if (block.last_sr == 0) return std::nullopt;
  const std::uint32_t elapsed = compact(to_ntp(now)) - block.last_sr - block.delay_since_last_sr;
  const auto difference = static_cast<std::int32_t>(elapsed);
  // Rounding of the three numbers can make a loopback's trip slightly negative.
  if (difference < -64 || difference > 60 * 65536) return std::nullopt;
  return from_compact(static_cast<std::uint32_t>(std::max(difference, 0)));
}

}  // namespace sotto::rtp
