#include "sotto/crypto/aead.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "error_queue.hpp"
#include "sotto/base/random.hpp"

namespace sotto::crypto {
namespace {

constexpr AeadAlgorithm kAll[] = {AeadAlgorithm::aes_128_gcm, AeadAlgorithm::aes_256_gcm,
                                  AeadAlgorithm::chacha20_poly1305};

struct Fixture {
  AeadAlgorithm algorithm;
  SeededRandom random{7};
  Bytes secret = random.bytes(aead_key_size(algorithm));
  AeadKey key{algorithm, secret};
  Bytes nonce = random.bytes(kAeadNonceSize);
  Bytes aad = random.bytes(20);
};

TEST(Aead, opens_what_it_sealed_many_times_with_one_key) {
  for (const AeadAlgorithm algorithm : kAll) {
    Fixture f{algorithm};
    for (const std::size_t size : {0U, 1U, 15U, 16U, 4068U, 131072U}) {
      const Bytes text = f.random.bytes(size);
      f.nonce = f.random.bytes(kAeadNonceSize);
      const Bytes sealed = f.key.seal(f.nonce, f.aad, text);
      EXPECT_EQ(sealed.size(), size + kAeadTagSize);
      const auto opened = f.key.open(f.nonce, f.aad, sealed);
      ASSERT_TRUE(opened.ok());
      EXPECT_EQ(*opened, text);
      EXPECT_EQ(aead_seal(algorithm, f.secret, f.nonce, f.aad, text), sealed);
    }
  }
}

TEST(Aead, refuses_any_change_and_goes_on_working_after) {
  for (const AeadAlgorithm algorithm : kAll) {
    Fixture f{algorithm};
    const Bytes sealed = f.key.seal(f.nonce, f.aad, as_bytes("some text"));
    for (std::size_t i = 0; i < sealed.size(); ++i) {
      Bytes changed = sealed;
      changed[i] ^= 1;
      EXPECT_FALSE(f.key.open(f.nonce, f.aad, changed).ok());
    }
    EXPECT_FALSE(f.key.open(f.random.bytes(kAeadNonceSize), f.aad, sealed).ok());
    EXPECT_FALSE(f.key.open(f.nonce, {}, sealed).ok());
    for (std::size_t size = 0; size < sealed.size(); ++size) {
      EXPECT_FALSE(f.key.open(f.nonce, f.aad, ByteView(sealed).first(size)).ok());
    }
    EXPECT_EQ(f.key.open(f.nonce, f.aad, sealed).value(), to_bytes("some text"));
    EXPECT_TRUE(error_queue_is_empty());
  }
}

TEST(Aead, works_in_place_and_leaves_zeros_where_it_fails) {
  for (const AeadAlgorithm algorithm : kAll) {
    Fixture f{algorithm};
    const Bytes text = f.random.bytes(4068);
    Bytes page(text.size() + kAeadTagSize);
    std::ranges::copy(text, page.begin());
    const MutableByteView content = MutableByteView(page).first(text.size());
    const MutableByteView tag = MutableByteView(page).last(kAeadTagSize);

    f.key.seal_detached(f.nonce, f.aad, content, content, tag);
    EXPECT_EQ(page, f.key.seal(f.nonce, f.aad, text));
    ASSERT_TRUE(f.key.open_detached(f.nonce, f.aad, content, tag, content).ok());
    EXPECT_TRUE(equal(content, text));

    f.key.seal_to(f.nonce, f.aad, content, page);
    tag[3] ^= 1;
    EXPECT_FALSE(f.key.open_to(f.nonce, f.aad, page, content).ok());
    EXPECT_TRUE(std::ranges::all_of(content, [](std::uint8_t byte) { return byte == 0; }));
  }
}

TEST(Aead, sizes_that_are_the_callers_own_throw) {
  EXPECT_THROW(AeadKey(AeadAlgorithm::aes_128_gcm, Bytes(32)), std::invalid_argument);
  Fixture f{AeadAlgorithm::aes_256_gcm};
  EXPECT_THROW(f.key.seal(Bytes(8), {}, {}), std::invalid_argument);
  EXPECT_THROW((void)f.key.open(Bytes(16), {}, Bytes(16)), std::invalid_argument);
  Bytes small(16);
  EXPECT_THROW(f.key.seal_to(f.nonce, {}, Bytes(1), small), std::invalid_argument);
}

}  // namespace
}  // namespace sotto::crypto
