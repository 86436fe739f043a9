#include "sotto/codec/h264_payload.hpp"

#include <algorithm>
#include <cassert>

#include "sotto/codec/video_codec.hpp"

namespace sotto::codec {
namespace {

// RFC 6184 section 5.2.
constexpr int kSequenceParameterSet = 7;
constexpr int kStapA = 24;
constexpr int kFuA = 28;
constexpr int kLastSingleNal = 23;
constexpr std::uint8_t kFuStart = 0x80;
constexpr std::uint8_t kFuEnd = 0x40;

int nal_type(std::uint8_t first_byte) { return first_byte & 0x1f; }

Error malformed(const char* what) { return fail(ErrorCode::invalid_argument, what); }

void append_start_code(Bytes& out) { out.insert(out.end(), {0, 0, 0, 1}); }

}  // namespace

std::vector<ByteView> split_annex_b(ByteView annex_b) {
  std::vector<ByteView> units;
  const std::size_t size = annex_b.size();
  std::size_t begin = size;  // of the current unit; size: none yet
  const auto finish = [&](std::size_t end) {
    while (end > begin && annex_b[end - 1] == 0) --end;
    if (end > begin) units.push_back(annex_b.subspan(begin, end - begin));
  };
  for (std::size_t i = 0; i + 3 <= size;) {
    if (annex_b[i + 2] > 1) {
      i += 3;  // no start code ends here or at the next two places
    } else if (annex_b[i] == 0 && annex_b[i + 1] == 0 && annex_b[i + 2] == 1) {
      finish(i);
      begin = i + 3;
      i += 3;
    } else {
      ++i;
    }
  }
  finish(size);
  return units;
}

std::vector<Bytes> packetize_h264(ByteView annex_b, std::size_t limit) {
  assert(limit >= 16);
  std::vector<Bytes> payloads;
  for (const ByteView unit : split_annex_b(annex_b)) {
    if (unit.size() <= limit) {
      payloads.push_back(to_bytes(unit));
      continue;
    }
    // Section 5.8: FU indicator (F, NRI, type 28), FU header (S, E, R, original type), a piece of the rest.
    const auto indicator = static_cast<std::uint8_t>((unit[0] & 0xe0) | kFuA);
    const auto type = static_cast<std::uint8_t>(unit[0] & 0x1f);
    const ByteView rest = unit.subspan(1);
    // Pieces of about the same size: a last packet of a few bytes costs as much as a full one.
    const std::size_t count = (rest.size() + limit - 3) / (limit - 2);
    const std::size_t piece = (rest.size() + count - 1) / count;
    for (std::size_t at = 0; at < rest.size(); at += piece) {
      const ByteView part = rest.subspan(at, std::min(piece, rest.size() - at));
      Bytes payload;
      payload.reserve(part.size() + 2);
      payload.push_back(indicator);
      payload.push_back(static_cast<std::uint8_t>(type | (at == 0 ? kFuStart : 0) |
                                                  (at + part.size() == rest.size() ? kFuEnd : 0)));
      append(payload, part);
      payloads.push_back(std::move(payload));
    }
  }
  return payloads;
}

Result<Bytes> depacketize_h264(std::span<const ByteView> payloads) {
  Bytes out;
  std::size_t total = 0;
  for (const ByteView payload : payloads) total += payload.size() + 4;
  if (total > kMaxEncodedFrameBytes) return fail(ErrorCode::too_large, "the coded picture is too large");
  out.reserve(total);

  bool in_fragment = false;
  std::uint8_t fragment_header = 0;  // the NAL header that the current fragments share
  for (const ByteView payload : payloads) {
    if (payload.empty()) return malformed("an H.264 payload is empty");
    if ((payload[0] & 0x80) != 0) return malformed("an H.264 payload has its forbidden bit set");
    const int type = nal_type(payload[0]);
    if (in_fragment && type != kFuA) return malformed("an H.264 fragment lacks its end");
    if (type >= 1 && type <= kLastSingleNal) {
      append_start_code(out);
      append(out, payload);
    } else if (type == kStapA) {
      if (payload.size() < 4) return malformed("an H.264 aggregation is empty");
      for (std::size_t at = 1; at < payload.size();) {
        if (payload.size() < at + 2) return malformed("an H.264 aggregation is cut off");
        const std::size_t size = std::size_t{payload[at]} << 8 | payload[at + 1];
        at += 2;
        if (size == 0 || payload.size() < at + size) return malformed("an H.264 aggregation is cut off");
        const int inner = nal_type(payload[at]);
        if (inner == 0 || inner > kLastSingleNal) return malformed("an H.264 aggregation is nested");
        // An aggregate of many tiny units grows by two bytes each, up to kMaxDatagramBytes / 3 units a
        // packet.
        append_start_code(out);
        append(out, payload.subspan(at, size));
        at += size;
      }
    } else if (type == kFuA) {
      if (payload.size() < 3) return malformed("an H.264 fragment is empty");
      const std::uint8_t flags = payload[1];
      const bool start = (flags & kFuStart) != 0;
      const bool end = (flags & kFuEnd) != 0;
      const int inner = nal_type(flags);
      const auto header = static_cast<std::uint8_t>((payload[0] & 0x60) | inner);
      if (inner == 0 || inner > kLastSingleNal || (start && end))
        return malformed("an H.264 fragment is malformed");
      if (start == in_fragment) return malformed("an H.264 fragment is out of place");
      if (start) {
        append_start_code(out);
        out.push_back(header);
        fragment_header = header;
      } else if (header != fragment_header) {
        return malformed("H.264 fragments of two units are mixed");
      }
      append(out, payload.subspan(2));
      in_fragment = !end;
    } else {
      return malformed("an H.264 payload has an unsupported type");
    }
  }
  if (in_fragment) return malformed("an H.264 fragment lacks its end");
  if (out.size() > kMaxEncodedFrameBytes) return fail(ErrorCode::too_large, "the coded picture is too large");
  return out;
}

bool starts_h264_key_frame(ByteView payload) {
  if (payload.empty()) return false;
  const int type = nal_type(payload[0]);
  if (type == kStapA) return payload.size() >= 4 && nal_type(payload[3]) == kSequenceParameterSet;
  return type == kSequenceParameterSet;
}

}  // namespace sotto::codec
