#include "sotto/crypto/aead.hpp"

#include <algorithm>
#include <array>
#include <climits>
#include <stdexcept>

#include "openssl/support.hpp"

namespace sotto::crypto {
namespace {

static_assert(kAeadMaxMessage <= INT_MAX, "OpenSSL counts in int");

// Associated data has no limit of its own in the interface, so it goes in parts.
bool add_aad(EVP_CIPHER_CTX* ctx, ByteView aad) {
  while (!aad.empty()) {
    const std::size_t part = std::min<std::size_t>(aad.size(), kAeadMaxMessage);
    int written = 0;
    if (EVP_CipherUpdate(ctx, nullptr, &written, aad.data(), static_cast<int>(part)) != 1) return false;
    aad = aad.subspan(part);
  }
  return true;
}

bool update(EVP_CIPHER_CTX* ctx, ByteView in, std::uint8_t* out) {
  int written = 0;
  if (in.empty()) return true;
  return EVP_CipherUpdate(ctx, out, &written, in.data(), static_cast<int>(in.size())) == 1 &&
         static_cast<std::size_t>(written) == in.size();
}

void check_own(bool right) {
  if (!right) throw std::invalid_argument("AeadKey: a nonce, tag or output of the wrong size");
}

Error does_not_open() {
  return fail(ErrorCode::untrusted, "the encrypted data was changed or the key is wrong");
}

}  // namespace

struct AeadKey::Impl {
  AeadAlgorithm algorithm;
  SecretBytes key;
  // One context per direction, because changing the direction sets the key up anew; made when first used.
  std::array<openssl::CipherCtx, 2> contexts;

  EVP_CIPHER_CTX* begin(bool sealing, ByteView nonce) {
    openssl::CipherCtx& ctx = contexts[sealing ? 1 : 0];
    const int direction = sealing ? 1 : 0;
    if (!ctx) {
      ctx.reset(EVP_CIPHER_CTX_new());
      openssl::require(ctx && EVP_CipherInit_ex2(ctx.get(), openssl::cipher(algorithm), key.data(),
                                                 nonce.data(), direction, nullptr) == 1,
                       "setting up a cipher");
    } else {
      openssl::require(EVP_CipherInit_ex2(ctx.get(), nullptr, nullptr, nonce.data(), direction, nullptr) == 1,
                       "setting a nonce");
    }
    return ctx.get();
  }
};

AeadKey::AeadKey(AeadAlgorithm algorithm, ByteView key)
    : impl_(std::make_unique<Impl>(Impl{algorithm, SecretBytes(key), {}})) {
  if (key.size() != aead_key_size(algorithm)) throw std::invalid_argument("AeadKey: a key of the wrong size");
}
AeadKey::AeadKey(AeadKey&&) noexcept = default;
AeadKey& AeadKey::operator=(AeadKey&&) noexcept = default;
AeadKey::~AeadKey() = default;

AeadAlgorithm AeadKey::algorithm() const { return impl_->algorithm; }

void AeadKey::seal_detached(ByteView nonce, ByteView aad, ByteView plaintext, MutableByteView out,
                            MutableByteView tag) {
  check_own(nonce.size() == kAeadNonceSize && tag.size() == kAeadTagSize && out.size() == plaintext.size() &&
            plaintext.size() <= kAeadMaxMessage);
  const openssl::ErrorScope errors;
  EVP_CIPHER_CTX* ctx = impl_->begin(true, nonce);
  std::array<std::uint8_t, 16> none{};
  int written = 0;
  openssl::require(
      add_aad(ctx, aad) && update(ctx, plaintext, out.data()) &&
          EVP_CipherFinal_ex(ctx, none.data(), &written) == 1 &&
          EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, static_cast<int>(kAeadTagSize), tag.data()) == 1,
      "sealing");
}

Status AeadKey::open_detached(ByteView nonce, ByteView aad, ByteView ciphertext, ByteView tag,
                              MutableByteView out) {
  check_own(nonce.size() == kAeadNonceSize && out.size() == ciphertext.size());
  if (tag.size() != kAeadTagSize) return does_not_open();
  if (ciphertext.size() > kAeadMaxMessage)
    return fail(ErrorCode::too_large, "an encrypted message is over 1 GiB");

  const openssl::ErrorScope errors;
  EVP_CIPHER_CTX* ctx = impl_->begin(false, nonce);
  std::array<std::uint8_t, kAeadTagSize> expected{};
  std::ranges::copy(tag, expected.begin());
  std::array<std::uint8_t, 16> none{};
  int written = 0;
  const bool opened =
      EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, static_cast<int>(kAeadTagSize), expected.data()) == 1 &&
      add_aad(ctx, aad) && update(ctx, ciphertext, out.data()) &&
      EVP_CipherFinal_ex(ctx, none.data(), &written) == 1;
  if (!opened) {
    // Nobody may look at text that was not authenticated.
    secure_wipe(out.data(), out.size());
    return does_not_open();
  }
  return ok_status();
}

void AeadKey::seal_to(ByteView nonce, ByteView aad, ByteView plaintext, MutableByteView out) {
  check_own(out.size() == plaintext.size() + kAeadTagSize);
  seal_detached(nonce, aad, plaintext, out.first(plaintext.size()), out.last(kAeadTagSize));
}

Status AeadKey::open_to(ByteView nonce, ByteView aad, ByteView sealed, MutableByteView out) {
  if (sealed.size() < kAeadTagSize) return does_not_open();
  const std::size_t size = sealed.size() - kAeadTagSize;
  check_own(out.size() == size);
  return open_detached(nonce, aad, sealed.first(size), sealed.last(kAeadTagSize), out);
}

Bytes AeadKey::seal(ByteView nonce, ByteView aad, ByteView plaintext) {
  Bytes out(plaintext.size() + kAeadTagSize);
  seal_to(nonce, aad, plaintext, out);
  return out;
}

Result<Bytes> AeadKey::open(ByteView nonce, ByteView aad, ByteView sealed) {
  if (sealed.size() < kAeadTagSize) return does_not_open();
  Bytes out(sealed.size() - kAeadTagSize);
  if (Status opened = open_to(nonce, aad, sealed, out); !opened) return std::move(opened).error();
  return out;
}

Result<SecretBytes> AeadKey::open_secret(ByteView nonce, ByteView aad, ByteView sealed) {
  if (sealed.size() < kAeadTagSize) return does_not_open();
  SecretBytes out(sealed.size() - kAeadTagSize);
  if (Status opened = open_to(nonce, aad, sealed, out.mutable_view()); !opened)
    return std::move(opened).error();
  return out;
}

Bytes aead_seal(AeadAlgorithm algorithm, ByteView key, ByteView nonce, ByteView aad, ByteView plaintext) {
  return AeadKey(algorithm, key).seal(nonce, aad, plaintext);
}

Result<Bytes> aead_open(AeadAlgorithm algorithm, ByteView key, ByteView nonce, ByteView aad,
                        ByteView sealed) {
  return AeadKey(algorithm, key).open(nonce, aad, sealed);
}

}  // namespace sotto::crypto
