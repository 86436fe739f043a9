// Randomness as an argument: the programs pass crypto::system_random(), simulations a seeded one.
#pragma once

#include <cstdint>

#include "sotto/base/bytes.hpp"
#include "sotto/base/ids.hpp"

namespace sotto {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(MutableByteView out) = 0;

  Bytes bytes(std::size_t count) {
    Bytes out(count);
    fill(out);
    return out;
  }
  std::uint64_t u64() {
    std::uint64_t value = 0;
    fill({reinterpret_cast<std::uint8_t*>(&value), sizeof value});
    return value;
  }
  // Uniform in [0, bound); bound > 0.
  std::uint64_t below(std::uint64_t bound);

  template <class IdType>
  IdType id() {
    IdType id;
    fill(id.mutable_bytes());
    return id;
  }
};

// Repeatable and NOT secret: for tests, simulations and jitter only (splitmix64).
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  void fill(MutableByteView out) override;

 private:
  std::uint64_t next();
  std::uint64_t state_;
};

}  // namespace sotto
