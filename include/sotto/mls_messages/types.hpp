// The small types of MLS (RFC 9420): registries, indices, limits. Names are the RFC's.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

#include "sotto/base/bytes.hpp"
#include "sotto/wire/reader.hpp"
#include "sotto/wire/writer.hpp"

namespace sotto::mls {

// Section 6. Values of the registries below that we do not know are kept as they are.
enum class ProtocolVersion : std::uint16_t { reserved = 0, mls10 = 1 };

// Section 17.1.
enum class CipherSuite : std::uint16_t {
  x25519_aes128gcm_sha256_ed25519 = 1,
  p256_aes128gcm_sha256_p256 = 2,
  x25519_chacha20poly1305_sha256_ed25519 = 3,
};

// Section 17.2.
enum class WireFormat : std::uint16_t {
  public_message = 1,
  private_message = 2,
  welcome = 3,
  group_info = 4,
  key_package = 5,
};

// Section 17.3.
enum class ExtensionType : std::uint16_t {
  application_id = 1,
  ratchet_tree = 2,
  required_capabilities = 3,
  external_pub = 4,
  external_senders = 5,
};

// Section 17.4.
enum class ProposalType : std::uint16_t {
  add = 1,
  update = 2,
  remove = 3,
  psk = 4,
  reinit = 5,
  external_init = 6,
  group_context_extensions = 7,
};

// Section 17.5.
enum class CredentialType : std::uint16_t { basic = 1, x509 = 2 };

// Section 6.
enum class ContentType : std::uint8_t { application = 1, proposal = 2, commit = 3 };
enum class SenderType : std::uint8_t {
  member = 1,
  external = 2,
  new_member_proposal = 3,
  new_member_commit = 4
};

// Position of a member among the leaves, and of a node in the array form of the tree (appendix C).
struct LeafIndex {
  std::uint32_t value = 0;
  friend auto operator<=>(const LeafIndex&, const LeafIndex&) = default;
};
struct NodeIndex {
  std::uint32_t value = 0;
  friend auto operator<=>(const NodeIndex&, const NodeIndex&) = default;
};
using Epoch = std::uint64_t;

// Bounds on what a peer may make us read. The RFC has none; chosen far above what a group of kMaxMembers
// needs and far below what would hurt.
inline constexpr std::size_t kMaxMembers = 8192;
inline constexpr std::size_t kMaxMessageBytes = std::size_t{16} << 20;  // one MLSMessage, trees included
inline constexpr std::size_t kMaxFieldBytes = std::size_t{1} << 20;     // one opaque field of no own limit
inline constexpr std::size_t kMaxKeyBytes = 1024;                       // public keys, signatures, nonces
inline constexpr std::size_t kMaxIdBytes = 1024;                        // group and PSK ids
inline constexpr std::size_t kMaxCertificateBytes = 16384;
inline constexpr std::size_t kMaxListEntries = 1024;  // capabilities, extensions, proposals

template <class Enum>
void write_enum(wire::Writer& out, Enum value) {
  if constexpr (sizeof(Enum) == 1) {
    out.u8(static_cast<std::uint8_t>(value));
  } else {
    out.u16(static_cast<std::uint16_t>(value));
  }
}
template <class Enum>
Enum read_enum(wire::Reader& in) {
  if constexpr (sizeof(Enum) == 1) {
    return static_cast<Enum>(in.u8());
  } else {
    return static_cast<Enum>(in.u16());
  }
}

// RFC 9420 section 13.5: values reserved so that nobody comes to rely on a closed list.
constexpr bool is_grease(std::uint16_t value) {
  return (value & 0x0F0F) == 0x0A0A && (value >> 8) == (value & 0xFF) && value != 0xFAFA;
}

}  // namespace sotto::mls
