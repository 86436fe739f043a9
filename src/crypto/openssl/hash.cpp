#include "sotto/crypto/hash.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "openssl/support.hpp"

namespace sotto::crypto {
namespace {

constexpr std::size_t kMaxBlock = 128;

std::size_t block_size(HashAlgorithm algorithm) { return algorithm == HashAlgorithm::sha256 ? 64 : 128; }

void digest_parts(HashAlgorithm algorithm, ByteView first, ByteView second, std::uint8_t* out) {
  const openssl::MdCtx ctx(EVP_MD_CTX_new());
  openssl::require(ctx && EVP_DigestInit_ex2(ctx.get(), openssl::digest(algorithm), nullptr) == 1 &&
                       EVP_DigestUpdate(ctx.get(), first.data(), first.size()) == 1 &&
                       EVP_DigestUpdate(ctx.get(), second.data(), second.size()) == 1 &&
                       EVP_DigestFinal_ex(ctx.get(), out, nullptr) == 1,
                   "hashing");
}

}  // namespace

struct Hasher::Impl {
  HashAlgorithm algorithm;
  openssl::MdCtx ctx;
};

Bytes hash(HashAlgorithm algorithm, ByteView data) {
  Bytes out(hash_size(algorithm));
  digest_parts(algorithm, data, {}, out.data());
  return out;
}

Sha256Digest sha256(ByteView data) {
  Sha256Digest out;
  digest_parts(HashAlgorithm::sha256, data, {}, out.data());
  return out;
}

Hasher::Hasher(HashAlgorithm algorithm)
    : impl_(std::make_unique<Impl>(Impl{algorithm, openssl::MdCtx(EVP_MD_CTX_new())})) {
  openssl::require(
      impl_->ctx && EVP_DigestInit_ex2(impl_->ctx.get(), openssl::digest(algorithm), nullptr) == 1,
      "starting a hash");
}
Hasher::Hasher(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;  // the provider wipes its state when it frees it

void Hasher::update(ByteView data) {
  openssl::require(EVP_DigestUpdate(impl_->ctx.get(), data.data(), data.size()) == 1, "hashing");
}

Bytes Hasher::finish() {
  Bytes out(hash_size(impl_->algorithm));
  openssl::require(EVP_DigestFinal_ex(impl_->ctx.get(), out.data(), nullptr) == 1 &&
                       EVP_DigestInit_ex2(impl_->ctx.get(), openssl::digest(impl_->algorithm), nullptr) == 1,
                   "finishing a hash");
  return out;
}

Hasher Hasher::fork() const {
  auto copy = std::make_unique<Impl>(Impl{impl_->algorithm, openssl::MdCtx(EVP_MD_CTX_new())});
  openssl::require(copy->ctx && EVP_MD_CTX_copy_ex(copy->ctx.get(), impl_->ctx.get()) == 1, "copying a hash");
  return Hasher(std::move(copy));
}

Bytes Hasher::peek() const { return fork().finish(); }

// By hand rather than by EVP_MAC: two hashes with fetched algorithms take a third of the time, and the key
// schedule of an MLS group is made of thousands of short ones.
Bytes hmac(HashAlgorithm algorithm, ByteView key, ByteView data) {
  std::array<std::uint8_t, kMaxBlock> pad{};
  const std::size_t block = block_size(algorithm);
  if (key.size() > block) {
    digest_parts(algorithm, key, {}, pad.data());
  } else {
    std::ranges::copy(key, pad.begin());
  }

  for (std::size_t i = 0; i < block; ++i) pad[i] ^= 0x36;
  std::array<std::uint8_t, 64> inner{};
  const std::size_t size = hash_size(algorithm);
  digest_parts(algorithm, {pad.data(), block}, data, inner.data());

  for (std::size_t i = 0; i < block; ++i) pad[i] ^= 0x36 ^ 0x5c;
  Bytes out(size);
  digest_parts(algorithm, {pad.data(), block}, {inner.data(), size}, out.data());

  secure_wipe(pad.data(), pad.size());
  secure_wipe(inner.data(), inner.size());
  return out;
}

bool hmac_verify(HashAlgorithm algorithm, ByteView key, ByteView data, ByteView tag) {
  return constant_time_equal(hmac(algorithm, key, data), tag);
}

}  // namespace sotto::crypto
