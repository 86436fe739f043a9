#include <algorithm>

#include "sotto/srtp/srtp.hpp"
#include "srtp/session.hpp"

namespace sotto::srtp {
namespace {

constexpr std::size_t kRtcpHeaderBytes = 8;

std::uint32_t read32(ByteView b, std::size_t at) {
  return std::uint32_t{b[at]} << 24 | std::uint32_t{b[at + 1]} << 16 | std::uint32_t{b[at + 2]} << 8 |
         b[at + 3];
}

}  // namespace

struct Unprotector::Session {
  SrtpHandle handle;
};

Unprotector::Unprotector(std::unique_ptr<Session> session) : session_(std::move(session)) {}
Unprotector::Unprotector(Unprotector&&) noexcept = default;
Unprotector& Unprotector::operator=(Unprotector&&) noexcept = default;
Unprotector::~Unprotector() = default;

Result<Unprotector> Unprotector::create(ByteView key, ByteView salt) {
  auto handle = make_session(key, salt, ssrc_any_inbound);
  if (!handle) return std::move(handle).error();
  return Unprotector(std::make_unique<Session>(Session{*std::move(handle)}));
}

Result<Unprotector::Plain> Unprotector::unprotect(ByteView datagram) {
  if (datagram.size() > rtp::kMaxDatagramBytes) return reject_malformed("the datagram is too large");
  Plain plain;
  plain.packet = to_bytes(datagram);
  const auto done = unprotect_in_place(plain.packet);
  if (!done) return done.error();
  plain.kind = done->kind;
  plain.packet.resize(done->size);
  return plain;
}

// Lengths are checked here because libsrtp 2.5 has been found to trust some of them (its issue 817).
Result<Unprotector::InPlace> Unprotector::unprotect_in_place(MutableByteView datagram) {
  if (datagram.size() > rtp::kMaxDatagramBytes) return reject_malformed("the datagram is too large");
  InPlace plain;
  plain.kind = rtp::classify(datagram);
  std::uint32_t ssrc = 0;
  if (plain.kind == rtp::Kind::rtp) {
    const auto header = rtp::header_bytes(datagram);
    if (!header || datagram.size() < *header + kTagBytes)
      return reject_malformed("the SRTP packet is too short");
    ssrc = read32(datagram, 8);
  } else if (plain.kind == rtp::Kind::rtcp) {
    if (datagram.size() < kRtcpHeaderBytes + kRtcpOverhead)
      return reject_malformed("the SRTCP packet is too short");
    if ((datagram[datagram.size() - 4] & 0x80) == 0)
      return reject_malformed("the SRTCP packet is not encrypted");
    ssrc = read32(datagram, 4);
  } else {
    return reject_malformed("neither SRTP nor SRTCP");
  }
  if (!knows_or_has_room(ssrc)) return reject_malformed("too many sources");

  int length = static_cast<int>(datagram.size());
  const srtp_err_status_t status =
      plain.kind == rtp::Kind::rtp ? srtp_unprotect(session_->handle.get(), datagram.data(), &length)
                                   : srtp_unprotect_rtcp(session_->handle.get(), datagram.data(), &length);
  if (status != srtp_err_status_ok) return reject(status);
  plain.size = static_cast<std::size_t>(std::clamp(length, 0, static_cast<int>(datagram.size())));
  remember(ssrc);
  ++counters_.accepted;
  return plain;
}

Error Unprotector::reject_malformed(const char* why) {
  ++counters_.malformed;
  return fail(ErrorCode::invalid_argument, why);
}

Error Unprotector::reject(int status) {
  switch (status) {
    case srtp_err_status_replay_fail:
    case srtp_err_status_replay_old:
    case srtp_err_status_pkt_idx_old:
      ++counters_.replayed;
      return fail(ErrorCode::conflict, "the packet was seen before or is too old");
    case srtp_err_status_auth_fail:
    case srtp_err_status_cipher_fail:
      ++counters_.forged;
      return fail(ErrorCode::untrusted, "the packet is not from the far side");
    default: return reject_malformed("the packet could not be read");
  }
}

bool Unprotector::knows_or_has_room(std::uint32_t ssrc) const {
  return source_count_ < kMaxSources || std::find(sources_.begin(), sources_.end(), ssrc) != sources_.end();
}

void Unprotector::remember(std::uint32_t ssrc) {
  const auto end = sources_.begin() + static_cast<std::ptrdiff_t>(source_count_);
  if (std::find(sources_.begin(), end, ssrc) != end) return;
  sources_[source_count_++] = ssrc;
}

}  // namespace sotto::srtp
