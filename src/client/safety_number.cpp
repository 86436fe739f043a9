#include "safety_number.hpp"

#include <string_view>

#include "sotto/crypto/hash.hpp"

namespace sotto::client {

namespace {

constexpr std::string_view kLabel{"sotto safety number v1\0", 23};
constexpr int kRounds = 5200;  // as Signal's numeric fingerprint
constexpr int kGroups = 6;

std::string digits_of(const SafetyNumberSide& side) {
  Bytes input = to_bytes(kLabel);
  append(input, side.user.bytes());
  append(input, side.identity_key);
  Bytes digest = crypto::hash(crypto::HashAlgorithm::sha512, input);
  for (int round = 1; round < kRounds; ++round) {
    append(digest, side.identity_key);
    digest = crypto::hash(crypto::HashAlgorithm::sha512, digest);
  }
  std::string out;
  for (std::size_t group = 0; group < kGroups; ++group) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 5; ++i) value = (value << 8) | digest[group * 5 + i];
    const std::string five = std::to_string(value % 100000);
    out += std::string(5 - five.size(), '0') + five;
  }
  return out;
}

}  // namespace

std::string safety_number(const SafetyNumberSide& a, const SafetyNumberSide& b) {
  const std::string first = digits_of(a);
  const std::string second = digits_of(b);
  return first < second ? first + second : second + first;
}

}  // namespace sotto::client
