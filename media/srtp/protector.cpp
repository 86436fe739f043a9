#include <limits>

#include "sotto/srtp/srtp.hpp"
#include "srtp/session.hpp"

namespace sotto::srtp {

struct Protector::Session {
  SrtpHandle handle;
};

Protector::Protector(std::unique_ptr<Session> session) : session_(std::move(session)) {}
Protector::Protector(Protector&&) noexcept = default;
Protector& Protector::operator=(Protector&&) noexcept = default;
Protector::~Protector() = default;

Result<Protector> Protector::create(ByteView key, ByteView salt) {
  auto handle = make_session(key, salt, ssrc_any_outbound);
  if (!handle) return std::move(handle).error();
  return Protector(std::make_unique<Session>(Session{*std::move(handle)}));
}

Result<Bytes> Protector::protect_rtp(ByteView packet) {
  if (packet.size() > rtp::kMaxDatagramBytes - kRtpOverhead || !rtp::header_bytes(packet)) {
    return fail(ErrorCode::invalid_argument, "not an RTP packet");
  }
  Bytes out;
  out.reserve(packet.size() + SRTP_MAX_TRAILER_LEN);
  append(out, packet);
  out.resize(packet.size() + SRTP_MAX_TRAILER_LEN);
  int length = static_cast<int>(packet.size());
  if (srtp_protect(session_->handle.get(), out.data(), &length) != srtp_err_status_ok) {
    return fail(ErrorCode::conflict, "the packet could not be protected");
  }
  out.resize(static_cast<std::size_t>(length));
  return out;
}

Result<Bytes> Protector::protect_rtcp(ByteView compound) {
  if (compound.size() > rtp::kMaxDatagramBytes - kRtcpOverhead ||
      rtp::classify(compound) != rtp::Kind::rtcp) {
    return fail(ErrorCode::invalid_argument, "not an RTCP packet");
  }
  Bytes out;
  out.reserve(compound.size() + SRTP_MAX_TRAILER_LEN + 4);
  append(out, compound);
  out.resize(compound.size() + SRTP_MAX_TRAILER_LEN + 4);
  int length = static_cast<int>(compound.size());
  if (srtp_protect_rtcp(session_->handle.get(), out.data(), &length) != srtp_err_status_ok) {
    return fail(ErrorCode::conflict, "the report could not be protected");
  }
  out.resize(static_cast<std::size_t>(length));
  return out;
}

}  // namespace sotto::srtp
