// What a receiver knows about one source: losses, jitter, the numbers for its reports (RFC 3550 appendix A).
//
//   reception.on_packet(packet, arrival);            // authenticated ones only
//   reception.on_sender_report(report, arrival);
//   ReportBlock block = reception.make_report(now);  // starts a new interval for fraction_lost
//
// Thread: any one at a time.
#pragma once

#include <cstdint>
#include <optional>

#include "sotto/base/time.hpp"
#include "sotto/rtp/packet.hpp"
#include "sotto/rtp/rtcp.hpp"
#include "sotto/rtp/unwrap.hpp"

namespace sotto::rtp {

class Reception {
 public:
  Reception(Ssrc source, std::uint32_t clock_rate) : source_(source), clock_rate_(clock_rate) {}

  void on_packet(std::uint16_t sequence, std::uint32_t timestamp, TimePoint arrival);
  void on_sender_report(const SenderReport& report, TimePoint arrival);
  ReportBlock make_report(TimePoint now);

  Ssrc source() const { return source_; }
  std::uint64_t received() const { return received_; }
  std::int64_t lost() const;  // negative when duplicates outnumber losses
  double last_fraction_lost() const { return last_fraction_lost_; }  // 0..1, of the last closed interval
  Duration jitter() const;
  // The sender's clock at a media timestamp, once a sender report came.
  std::optional<NtpTime> ntp_of(std::uint32_t timestamp) const;

 private:
  Ssrc source_;
  std::uint32_t clock_rate_;

  SequenceUnwrapper sequences_;
  std::int64_t first_ = 0;
  std::uint64_t received_ = 0;
  std::int64_t expected_at_report_ = 0;
  std::uint64_t received_at_report_ = 0;
  double last_fraction_lost_ = 0;

  std::optional<std::int64_t> transit_;  // arrival minus timestamp, in timestamp units
  std::int64_t jitter16_ = 0;            // times 16, as in appendix A.8
  TimestampUnwrapper timestamps_;

  std::optional<SenderReport> last_report_;
  TimePoint last_report_arrival_{};
};

// Round-trip time from a report block about our packets (section 6.4.1): now - LSR - DLSR. Nothing without
// a sender report on the other side yet, or when the numbers make no sense.
std::optional<Duration> round_trip(const ReportBlock& block, TimePoint now);

}  // namespace sotto::rtp
