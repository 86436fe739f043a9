#include "sotto/crypto/random.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <climits>

#include "openssl/support.hpp"

namespace sotto::crypto {
namespace {

class SystemRandom final : public Random {
 public:
  void fill(MutableByteView out) override {
    while (!out.empty()) {
      const std::size_t part = std::min<std::size_t>(out.size(), INT_MAX);
      openssl::require(RAND_priv_bytes(out.data(), static_cast<int>(part)) == 1, "random bytes");
      out = out.subspan(part);
    }
  }
};

}  // namespace

Random& system_random() {
  static SystemRandom random;
  return random;
}

}  // namespace sotto::crypto
