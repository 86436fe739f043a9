// Payloads of one picture from the far side. Input: a byte of length before each payload.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "sotto/codec/h264_payload.hpp"
#include "sotto/codec/video_codec.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sotto;
  std::vector<Bytes> payloads;  // copies of exact size, so that a read past the end is seen
  for (std::size_t at = 0; at < size;) {
    const std::size_t wanted = data[at++];
    const std::size_t length = std::min(wanted, size - at);
    payloads.emplace_back(data + at, data + at + length);
    at += length;
  }
  for (const Bytes& payload : payloads) (void)codec::starts_h264_key_frame(payload);
  const std::vector<ByteView> views(payloads.begin(), payloads.end());
  const auto unit = codec::depacketize_h264(views);
  if (!unit) return 0;
  if (unit->size() > codec::kMaxEncodedFrameBytes) std::abort();

  // What we would send of it again carries the same units, whatever the size of packets.
  for (const std::size_t limit : {16u, 100u, 1172u}) {
    const auto sent = codec::packetize_h264(*unit, limit);
    for (const Bytes& payload : sent) {
      if (payload.empty() || payload.size() > limit) std::abort();
    }
  }
  return 0;
}
