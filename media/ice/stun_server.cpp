#include "sotto/ice/stun_server.hpp"

#include <algorithm>

namespace sotto::ice {
namespace {

//  0                   1                   2                   3      RFC 8489 section 5
//  |0 0|     STUN Message Type     |         Message Length        |
//  |                         Magic Cookie                          |
//  |                     Transaction ID (96 bits)                  |
constexpr std::size_t kHeaderBytes = 20;
constexpr std::uint32_t kMagicCookie = 0x2112A442;
constexpr std::uint16_t kBindingRequest = 0x0001;
constexpr std::uint16_t kBindingSuccess = 0x0101;
constexpr std::uint16_t kBindingError = 0x0111;

constexpr std::uint16_t kErrorCode = 0x0009;
constexpr std::uint16_t kUnknownAttributes = 0x000A;
constexpr std::uint16_t kMessageIntegrity = 0x0008;
constexpr std::uint16_t kMessageIntegritySha256 = 0x001C;
constexpr std::uint16_t kMappedAddress = 0x0001;
constexpr std::uint16_t kXorMappedAddress = 0x0020;
constexpr std::uint16_t kFingerprint = 0x8028;
constexpr std::uint32_t kFingerprintXor = 0x5354554E;
constexpr std::size_t kFingerprintBytes = 8;

constexpr std::string_view kUnknownReason = "Unknown Attribute";

constexpr std::size_t kBuckets = 16384;  // 128 KiB; chosen

std::uint16_t u16(ByteView in, std::size_t at) {
  return static_cast<std::uint16_t>(in[at] << 8 | in[at + 1]);
}
std::uint32_t u32(ByteView in, std::size_t at) {
  return static_cast<std::uint32_t>(u16(in, at)) << 16 | u16(in, at + 2);
}
void put16(Bytes& out, std::size_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}
void put32(Bytes& out, std::uint32_t value) {
  put16(out, value >> 16);
  put16(out, value & 0xFFFF);
}

// CRC-32 of ITU V.42, as FINGERPRINT wants it (RFC 8489 section 14.7).
constexpr std::array<std::uint32_t, 256> kCrcTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0xEDB88320U : 0);
    table[i] = value;
  }
  return table;
}();
std::uint32_t crc32(ByteView data) {
  std::uint32_t value = 0xFFFFFFFF;
  for (const std::uint8_t byte : data) value = (value >> 8) ^ kCrcTable[(value ^ byte) & 0xFF];
  return ~value;
}

// Those of RFC 8489 that may stand in a request without our having to act on them: we serve everybody.
bool is_understood(std::uint16_t type) {
  switch (type) {
    case kMappedAddress:
    case 0x0006:  // USERNAME
    case kMessageIntegrity:
    case kErrorCode:
    case kUnknownAttributes:
    case 0x0014:  // REALM
    case 0x0015:  // NONCE
    case kMessageIntegritySha256:
    case 0x001D:  // PASSWORD-ALGORITHM
    case 0x001E:  // USERHASH
    case kXorMappedAddress: return true;
    default: return type >= 0x8000;  // comprehension-optional
  }
}

// RFC 3489, without the cookie: its clients know neither XOR-MAPPED-ADDRESS nor FINGERPRINT (RFC 8489 section
// 11). One of them is libnice, when it looks for its reflexive address.
bool is_classic(ByteView request) { return u32(request, 4) != kMagicCookie; }

// The comprehension-required attributes we do not know, or nothing when this is no proper binding request.
std::optional<std::vector<std::uint16_t>> read_request(ByteView in) {
  if (in.size() > StunServer::kMaxRequestBytes || !StunServer::looks_like_stun(in)) return std::nullopt;
  if (u16(in, 0) != kBindingRequest) return std::nullopt;

  std::vector<std::uint16_t> unknown;
  bool after_integrity = false;
  for (std::size_t at = kHeaderBytes; at < in.size();) {
    if (in.size() - at < 4) return std::nullopt;
    const std::uint16_t type = u16(in, at);
    const std::size_t length = u16(in, at + 2);
    const std::size_t padded = (length + 3) / 4 * 4;
    if (in.size() - at - 4 < padded) return std::nullopt;
    if (type == kFingerprint) {
      if (length != 4 || at + kFingerprintBytes != in.size()) return std::nullopt;  // always the last
      if (u32(in, at + 4) != (crc32(in.first(at)) ^ kFingerprintXor)) return std::nullopt;
    } else if (!is_understood(type) && !after_integrity &&
               std::ranges::find(unknown, type) == unknown.end()) {
      unknown.push_back(type);
    }
    // What follows the integrity is not protected and must be ignored (RFC 8489 section 14.5).
    after_integrity = after_integrity || type == kMessageIntegrity || type == kMessageIntegritySha256;
    at += 4 + padded;
  }
  return unknown;
}

Bytes begin_reply(std::uint16_t type, ByteView request, std::size_t attribute_bytes) {
  const std::size_t body = attribute_bytes + (is_classic(request) ? 0 : kFingerprintBytes);
  Bytes out;
  out.reserve(kHeaderBytes + body);
  put16(out, type);
  put16(out, body);
  append(out, request.subspan(4, 16));  // cookie and transaction id
  return out;
}

Bytes end_reply(Bytes out) {
  if (is_classic(out)) return out;
  const std::uint32_t value = crc32(out) ^ kFingerprintXor;
  put16(out, kFingerprint);
  put16(out, 4);
  put32(out, value);
  return out;
}

Bytes success_reply(ByteView request, const TransportAddress& source) {
  const std::size_t ip_bytes = source.v6 ? 16 : 4;
  // XORed with cookie and transaction id, which lie side by side in the header (RFC 8489 section 14.2).
  std::array<std::uint8_t, 16> mask{};
  if (!is_classic(request)) std::copy_n(request.begin() + 4, mask.size(), mask.begin());

  Bytes out = begin_reply(kBindingSuccess, request, 8 + ip_bytes);
  put16(out, is_classic(request) ? kMappedAddress : kXorMappedAddress);
  put16(out, 4 + ip_bytes);
  put16(out, source.v6 ? 2 : 1);
  put16(out, source.port ^ u16(mask, 0));
  for (std::size_t i = 0; i < ip_bytes; ++i) out.push_back(static_cast<std::uint8_t>(source.ip[i] ^ mask[i]));
  return end_reply(std::move(out));
}

Bytes unknown_attributes_reply(ByteView request, const std::vector<std::uint16_t>& unknown) {
  const std::size_t reason_padded = (kUnknownReason.size() + 3) / 4 * 4;
  const std::size_t list_padded = (unknown.size() * 2 + 3) / 4 * 4;
  Bytes out = begin_reply(kBindingError, request, 8 + reason_padded + 4 + list_padded);
  put16(out, kErrorCode);
  put16(out, 4 + kUnknownReason.size());
  put32(out, 4 << 8 | 20);  // 420: class and number
  append(out, as_bytes(kUnknownReason));
  out.resize(out.size() + reason_padded - kUnknownReason.size());
  put16(out, kUnknownAttributes);
  put16(out, unknown.size() * 2);
  for (const std::uint16_t type : unknown) put16(out, type);
  out.resize(out.size() + list_padded - unknown.size() * 2);
  return end_reply(std::move(out));
}

TransportAddress unmapped(TransportAddress address) {
  constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (address.v6 && std::equal(kMapped.begin(), kMapped.end(), address.ip.begin())) {
    std::copy(address.ip.begin() + 12, address.ip.end(), address.ip.begin());
    std::fill(address.ip.begin() + 4, address.ip.end(), std::uint8_t{0});
    address.v6 = false;
  }
  return address;
}

std::uint64_t mixed(std::uint64_t value) {  // the finalizer of splitmix64
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
  return value ^ (value >> 31);
}

}  // namespace

StunServer::StunServer(std::uint64_t hash_key) : hash_key_(hash_key), full_at_(kBuckets, TimePoint::min()) {}

bool StunServer::looks_like_stun(ByteView datagram) {
  return datagram.size() >= kHeaderBytes && (datagram[0] & 0xC0) == 0 && u16(datagram, 2) % 4 == 0 &&
         u16(datagram, 2) + kHeaderBytes == datagram.size();
}

std::optional<Bytes> StunServer::on_datagram(ByteView datagram, const TransportAddress& from, TimePoint now) {
  const auto unknown = read_request(datagram);
  if (!unknown) {
    ++counters_.ignored;
    return std::nullopt;
  }
  const TransportAddress source = unmapped(from);
  if (!allow(source, now)) {
    ++counters_.limited;
    return std::nullopt;
  }
  if (!unknown->empty()) {
    ++counters_.errors;
    return unknown_attributes_reply(datagram, *unknown);
  }
  ++counters_.answered;
  return success_reply(datagram, source);
}

bool StunServer::allow(const TransportAddress& source, TimePoint now) {
  std::uint64_t prefix = 0;  // the whole IPv4 address, or the /64
  for (std::size_t i = 0; i < (source.v6 ? 8U : 4U); ++i) prefix = prefix << 8 | source.ip[i];
  const std::uint64_t hash = mixed(mixed(prefix ^ hash_key_) + (source.v6 ? 1 : 0));
  TimePoint& full_at = full_at_[hash % kBuckets];

  constexpr Duration kToken = Duration(std::chrono::seconds(1)) / kPerSecond;
  const TimePoint after = std::max(full_at, now) + kToken;
  if (after - now > kToken * kBurst) return false;
  full_at = after;
  return true;
}

}  // namespace sotto::ice
