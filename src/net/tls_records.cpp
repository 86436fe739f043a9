#include "tls_records.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cassert>
#include <cstring>

namespace sotto::net {
namespace {

constexpr std::size_t kTagBytes = 16;
// Below this, copying the parts together costs less than giving them to OpenSSL one by one.
constexpr std::size_t kGatherBytes = 2048;

int to_int(std::size_t size) { return static_cast<int>(size); }

}  // namespace

std::optional<RecordSuite> record_suite(const SSL_CIPHER* cipher) {
  switch (cipher == nullptr ? 0 : SSL_CIPHER_get_id(cipher)) {
    case TLS1_3_CK_AES_256_GCM_SHA384: return RecordSuite{EVP_aes_256_gcm(), EVP_sha384()};
    case TLS1_3_CK_AES_128_GCM_SHA256: return RecordSuite{EVP_aes_128_gcm(), EVP_sha256()};
    case TLS1_3_CK_CHACHA20_POLY1305_SHA256: return RecordSuite{EVP_chacha20_poly1305(), EVP_sha256()};
    default: return std::nullopt;
  }
}

SecretBytes expand_label(const EVP_MD* hash, ByteView secret, std::string_view label, ByteView context,
                         std::size_t length) {
  constexpr std::string_view kPrefix = "tls13 ";
  assert(length <= static_cast<std::size_t>(EVP_MD_get_size(hash)));
  Bytes info{static_cast<std::uint8_t>(length >> 8), static_cast<std::uint8_t>(length),
             static_cast<std::uint8_t>(kPrefix.size() + label.size())};
  append(info, as_bytes(kPrefix));
  append(info, as_bytes(label));
  info.push_back(static_cast<std::uint8_t>(context.size()));
  append(info, context);
  info.push_back(1);  // the first and only block of HKDF-Expand, RFC 5869 section 2.3
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> block{};
  HMAC(hash, secret.data(), to_int(secret.size()), info.data(), info.size(), block.data(), nullptr);
  SecretBytes out(length);
  std::copy_n(block.begin(), length, out.data());
  OPENSSL_cleanse(block.data(), block.size());
  return out;
}

SecretBytes export_keying_material(const EVP_MD* hash, ByteView exporter_secret, std::string_view label,
                                   std::size_t length) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> nothing{};
  unsigned size = 0;
  EVP_Digest("", 0, nothing.data(), &size, hash, nullptr);
  const ByteView empty_hash(nothing.data(), size);
  const SecretBytes derived = expand_label(hash, exporter_secret, label, empty_hash, size);
  return expand_label(hash, derived.view(), "exporter", empty_hash, length);
}

RecordKey::RecordKey(const RecordSuite& suite, ByteView traffic_secret, bool sealing)
    : suite_(suite), sealing_(sealing), context_(EVP_CIPHER_CTX_new()) {
  use(traffic_secret);
}

void RecordKey::use(ByteView traffic_secret) {
  secret_ = SecretBytes(traffic_secret);
  const SecretBytes key =
      expand_label(suite_.hash, traffic_secret, "key", {}, static_cast<std::size_t>(EVP_CIPHER_get_key_length(suite_.cipher)));
  const SecretBytes iv = expand_label(suite_.hash, traffic_secret, "iv", {}, iv_.size());
  std::copy_n(iv.data(), iv_.size(), iv_.begin());
  EVP_CipherInit_ex(context_.get(), suite_.cipher, nullptr, key.data(), nullptr, sealing_ ? 1 : 0);
  sequence_ = 0;
}

void RecordKey::update() {
  const SecretBytes next = expand_label(suite_.hash, secret_.view(), "traffic upd", {}, secret_.size());
  use(next.view());
}

// Section 5.3.
std::array<std::uint8_t, 12> RecordKey::next_nonce() {
  std::array<std::uint8_t, 12> nonce = iv_;
  for (std::size_t i = 0; i < 8; ++i) nonce[11 - i] ^= static_cast<std::uint8_t>(sequence_ >> (8 * i));
  ++sequence_;
  return nonce;
}

std::size_t RecordKey::seal(RecordType type, std::span<const ByteView> parts, std::uint8_t* out) {
  std::size_t size = 1;
  for (const ByteView part : parts) size += part.size();
  const std::size_t body = size + kTagBytes;
  // Section 5.2: the outer type and version are always these.
  const std::uint8_t header[kRecordHeaderBytes] = {23, 3, 3, static_cast<std::uint8_t>(body >> 8),
                                                   static_cast<std::uint8_t>(body)};
  std::memcpy(out, header, kRecordHeaderBytes);
  std::uint8_t* to = out + kRecordHeaderBytes;
  const auto inner_type = static_cast<std::uint8_t>(type);
  const auto nonce = next_nonce();
  EVP_CIPHER_CTX* const context = context_.get();
  int count = 0;
  bool ok = EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, nonce.data()) == 1 &&
            EVP_EncryptUpdate(context, nullptr, &count, header, kRecordHeaderBytes) == 1;
  if (size <= kGatherBytes) {
    for (const ByteView part : parts) {
      if (!part.empty()) std::memcpy(to, part.data(), part.size());
      to += part.size();
    }
    *to++ = inner_type;
    std::uint8_t* const from = out + kRecordHeaderBytes;
    ok = ok && EVP_EncryptUpdate(context, from, &count, from, to_int(size)) == 1;
  } else {
    for (const ByteView part : parts) {
      ok = ok && EVP_EncryptUpdate(context, to, &count, part.data(), to_int(part.size())) == 1;
      to += part.size();
    }
    ok = ok && EVP_EncryptUpdate(context, to++, &count, &inner_type, 1) == 1;
  }
  ok = ok && EVP_EncryptFinal_ex(context, to, &count) == 1 &&
       EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, to_int(kTagBytes), to) == 1;
  return ok ? kRecordHeaderBytes + body : 0;
}

std::optional<RecordKey::Opened> RecordKey::open(ByteView record, std::uint8_t* out) {
  if (record.size() < kRecordOverhead) return std::nullopt;
  const ByteView header = record.first(kRecordHeaderBytes);
  const ByteView sealed = record.subspan(kRecordHeaderBytes, record.size() - kRecordHeaderBytes - kTagBytes);
  std::array<std::uint8_t, kTagBytes> tag{};
  std::ranges::copy(record.last(kTagBytes), tag.begin());
  const auto nonce = next_nonce();
  EVP_CIPHER_CTX* const context = context_.get();
  int count = 0;
  const bool ok = EVP_DecryptInit_ex(context, nullptr, nullptr, nullptr, nonce.data()) == 1 &&
                  EVP_DecryptUpdate(context, nullptr, &count, header.data(), to_int(header.size())) == 1 &&
                  EVP_DecryptUpdate(context, out, &count, sealed.data(), to_int(sealed.size())) == 1 &&
                  EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, to_int(kTagBytes), tag.data()) == 1 &&
                  EVP_DecryptFinal_ex(context, out + sealed.size(), &count) == 1;
  if (!ok) return std::nullopt;
  // The type is the last byte that is not padding (section 5.4).
  std::size_t size = sealed.size();
  while (size > 0 && out[size - 1] == 0) --size;
  if (size == 0 || size - 1 > SSL3_RT_MAX_PLAIN_LENGTH) return std::nullopt;
  return Opened{static_cast<RecordType>(out[size - 1]), size - 1};
}

}  // namespace sotto::net
