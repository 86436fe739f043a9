// A compound RTCP packet is refused, or its parts survive being written and read again.
#include <cstdlib>

#include "sotto/rtp/rtcp.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sotto;
  const auto parts = rtp::parse_compound({data, size});
  if (!parts) return 0;
  const Bytes written = rtp::serialise_compound(*parts);
  if (written.size() > rtp::kMaxDatagramBytes) return 0;  // a hostile CNAME of one chunk can repeat
  const auto again = rtp::parse_compound(written);
  if (!again || *again != *parts) std::abort();
  return 0;
}
