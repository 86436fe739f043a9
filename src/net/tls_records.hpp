// The record layer of TLS 1.3 once OpenSSL has done the handshake (RFC 8446 sections 5 and 7): what OpenSSL would do,
// without its object for each connection (some 12 kB of an idle one) and most of its time for each record.
//
//   RecordKey out(suite, secret);                       // one direction's keys, from the traffic secret
//   size = out.seal(RecordType::application_data, parts, buffer);
//   if (auto opened = in.open(record, buffer)) ...      // one whole record, header included
//
// A record that does not open was damaged or forged: the connection has to end. Thread: the stream's.
#pragma once

#include <openssl/ssl.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "sotto/base/bytes.hpp"
#include "sotto/base/secret_bytes.hpp"

namespace sotto::net {

enum class RecordType : std::uint8_t { alert = 21, handshake = 22, application_data = 23 };

inline constexpr std::size_t kRecordHeaderBytes = 5;
inline constexpr std::size_t kRecordOverhead = kRecordHeaderBytes + 1 + 16;  // header, type, tag
inline constexpr std::size_t kMaxRecordBody = SSL3_RT_MAX_PLAIN_LENGTH + 256;  // section 5.2

// What the suite of a connection says; both are OpenSSL's constants.
struct RecordSuite {
  const EVP_CIPHER* cipher = nullptr;
  const EVP_MD* hash = nullptr;
};
std::optional<RecordSuite> record_suite(const SSL_CIPHER* cipher);

// HKDF-Expand-Label of section 7.1; `length` is at most that of the hash.
SecretBytes expand_label(const EVP_MD* hash, ByteView secret, std::string_view label, ByteView context,
                         std::size_t length);
// The exporter of section 7.5 without context.
SecretBytes export_keying_material(const EVP_MD* hash, ByteView exporter_secret, std::string_view label,
                                   std::size_t length);

class RecordKey {
 public:
  // A fresh key is wanted after this many records: RFC 8446 section 5.5 allows 2^24.5 with AES-GCM.
  static constexpr std::uint64_t kMaxRecords = 1ULL << 23;

  RecordKey(const RecordSuite& suite, ByteView traffic_secret, bool sealing);

  // One record of all parts, at most 16 KiB together, into `out`, which has room for kRecordOverhead more; `out` is
  // none of the parts. The record's size; 0: OpenSSL failed.
  std::size_t seal(RecordType type, std::span<const ByteView> parts, std::uint8_t* out);

  struct Opened {
    RecordType type = RecordType::application_data;
    std::size_t size = 0;  // of the plaintext
  };
  // `out` has room for as many bytes as the record has.
  std::optional<Opened> open(ByteView record, std::uint8_t* out);

  std::uint64_t records() const { return sequence_; }
  void update();  // KeyUpdate, section 7.2

 private:
  struct Free {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
  };
  void use(ByteView traffic_secret);
  std::array<std::uint8_t, 12> next_nonce();

  RecordSuite suite_;
  bool sealing_;
  std::unique_ptr<EVP_CIPHER_CTX, Free> context_;
  SecretBytes secret_;  // for update()
  std::array<std::uint8_t, 12> iv_{};
  std::uint64_t sequence_ = 0;
};

}  // namespace sotto::net
