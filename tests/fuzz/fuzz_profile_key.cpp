// The file profile.key: whatever is accepted is written again as the same bytes.
#include <cstdlib>

#include "runtime/profile_key.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const sotto::ByteView input(data, size);
  const auto key = sotto::runtime::decode_profile_key(input);
  if (key && sotto::runtime::encode(*key) != sotto::as_text(input)) std::abort();
  return 0;
}
