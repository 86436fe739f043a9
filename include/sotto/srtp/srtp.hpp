// SRTP and SRTCP with AEAD_AES_256_GCM, 16-byte tags, no MKI (RFC 3711, RFC 7714), over libsrtp.
//
//   auto protector = Protector::create(keys.send.key.view(), keys.send.salt.view());
//   transmit(*protector->protect_rtp(rtp::serialise(packet)));
//   auto plain = unprotector->unprotect(datagram);   // RTP or RTCP, told apart by RFC 5761
//
// One Protector and one Unprotector per direction of a call, with keys of their own; there is no mode
// without encryption. State (rollover counter, replay window, sources) changes only after authentication.
// Thread: any one at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "sotto/base/bytes.hpp"
#include "sotto/base/result.hpp"
#include "sotto/rtp/packet.hpp"

namespace sotto::srtp {

inline constexpr std::size_t kKeyBytes = 32;
inline constexpr std::size_t kSaltBytes = 12;
inline constexpr std::size_t kTagBytes = 16;
inline constexpr std::size_t kRtpOverhead = kTagBytes;
inline constexpr std::size_t kRtcpOverhead = kTagBytes + 4;  // and the E bit with the SRTCP index
// Packets that may overtake each other: 1 s of the highest packet rate that a call reaches.
inline constexpr unsigned long kReplayWindow = 1024;
// Sources that one peer may use under one key: sound, picture, and one of each after a change.
inline constexpr std::size_t kMaxSources = 4;
// RFC 3711 section 3.3.1 and security requirement: a first number below 2^15 keeps the receiver's guess
// of the rollover counter right even when the first packets are lost.
inline constexpr std::uint16_t kMaxInitialSequence = 0x7fff;

class Protector {
 public:
  static Result<Protector> create(ByteView key, ByteView salt);
  Protector(Protector&&) noexcept;
  Protector& operator=(Protector&&) noexcept;
  ~Protector();

  // The same sequence number twice is refused: it would reveal both packets.
  Result<Bytes> protect_rtp(ByteView packet);
  Result<Bytes> protect_rtcp(ByteView compound);

 private:
  struct Session;
  explicit Protector(std::unique_ptr<Session> session);
  std::unique_ptr<Session> session_;
};

class Unprotector {
 public:
  struct Plain {
    rtp::Kind kind = rtp::Kind::none;  // rtp or rtcp
    Bytes packet;
  };
  struct Counters {
    std::uint64_t accepted = 0;
    std::uint64_t malformed = 0;  // too short, unencrypted, not SRTP at all, too many sources
    std::uint64_t forged = 0;     // the tag does not hold: another key or a changed packet
    std::uint64_t replayed = 0;   // seen before, or older than the window
    std::uint64_t rejected() const { return malformed + forged + replayed; }
  };

  static Result<Unprotector> create(ByteView key, ByteView salt);
  Unprotector(Unprotector&&) noexcept;
  Unprotector& operator=(Unprotector&&) noexcept;
  ~Unprotector();

  // invalid_argument (malformed), untrusted (forged) or conflict (replayed); each is also counted.
  Result<Plain> unprotect(ByteView datagram);
  // The same in the caller's buffer, whose first `size` bytes are the packet afterwards. On failure its
  // content is unspecified.
  struct InPlace {
    rtp::Kind kind = rtp::Kind::none;
    std::size_t size = 0;
  };
  Result<InPlace> unprotect_in_place(MutableByteView datagram);

  const Counters& counters() const { return counters_; }

 private:
  struct Session;
  explicit Unprotector(std::unique_ptr<Session> session);
  Error reject(int status);
  Error reject_malformed(const char* why);
  bool knows_or_has_room(std::uint32_t ssrc) const;
  void remember(std::uint32_t ssrc);

  std::unique_ptr<Session> session_;
  Counters counters_;
  std::array<std::uint32_t, kMaxSources> sources_{};
  std::size_t source_count_ = 0;
};

}  // namespace sotto::srtp
