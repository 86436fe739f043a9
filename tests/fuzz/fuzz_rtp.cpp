// Whatever claims to be an RTP packet is refused, or says the same when written again without what we leave
// out.
#include <cstdlib>

#include "sotto/rtp/packet.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sotto;
  const ByteView input(data, size);
  (void)rtp::classify(input);
  const auto packet = rtp::parse_packet(input);
  if (!packet) return 0;
  if (packet->payload.size() + rtp::kHeaderBytes > size) std::abort();
  const Bytes written = rtp::serialise(*packet);
  const auto again = rtp::parse_packet(written);
  if (!again || again->sequence != packet->sequence || again->timestamp != packet->timestamp ||
      again->ssrc != packet->ssrc || again->marker != packet->marker ||
      again->payload_type != packet->payload_type || !equal(again->payload, packet->payload)) {
    std::abort();
  }
  return 0;
}
