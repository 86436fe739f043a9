#include "sotto/rtp/rtcp.hpp"

#include <algorithm>
#include <cassert>
#include <optional>

#include "rtp/byte_io.hpp"

namespace sotto::rtp {
namespace {

enum : std::uint8_t {
  kSenderReport = 200,
  kReceiverReport = 201,
  kSourceDescription = 202,
  kBye = 203,
  kPayloadFeedback = 206,
};
constexpr std::uint8_t kPictureLossFormat = 1;
constexpr std::uint8_t kCnameItem = 1;
constexpr std::size_t kBlockBytes = 24;

Error malformed(const char* what) { return fail(ErrorCode::invalid_argument, what); }

// One part of a compound packet, its padding taken off.
struct RawPart {
  std::uint8_t count = 0;
  std::uint8_t type = 0;
  ByteView body;  // after the four bytes of header
};

ReportBlock read_block(ByteView b) {
  ReportBlock block;
  block.source = Ssrc{get32(b, 0)};
  block.fraction_lost = b[4];
  const std::uint32_t lost = get24(b, 5);
  block.cumulative_lost = static_cast<std::int32_t>(lost) - ((lost & 0x800000) != 0 ? 0x1000000 : 0);
  block.highest_sequence = get32(b, 8);
  block.jitter = get32(b, 12);
  block.last_sr = get32(b, 16);
  block.delay_since_last_sr = get32(b, 20);
  return block;
}

void write_block(Bytes& out, const ReportBlock& block) {
  put32(out, static_cast<std::uint32_t>(block.source));
  put8(out, block.fraction_lost);
  put24(out, static_cast<std::uint32_t>(
                 std::clamp(block.cumulative_lost, -kMaxCumulativeLost - 1, kMaxCumulativeLost)) &
                 0xffffff);
  put32(out, block.highest_sequence);
  put32(out, block.jitter);
  put32(out, block.last_sr);
  put32(out, block.delay_since_last_sr);
}

Result<std::vector<ReportBlock>> read_blocks(const RawPart& part, std::size_t offset) {
  if (part.body.size() < offset + part.count * kBlockBytes) return malformed("the RTCP report is too short");
  std::vector<ReportBlock> blocks;
  blocks.reserve(part.count);
  for (std::size_t i = 0; i < part.count; ++i) {
    blocks.push_back(read_block(part.body.subspan(offset + i * kBlockBytes, kBlockBytes)));
  }
  return blocks;  // what follows them is a profile's extension (section 6.4.3) and skipped
}

Result<RtcpPart> read_sender_report(const RawPart& part) {
  if (part.body.size() < 24) return malformed("the RTCP sender report is too short");
  SenderReport report;
  report.sender = Ssrc{get32(part.body, 0)};
  report.ntp = NtpTime{std::uint64_t{get32(part.body, 4)} << 32 | get32(part.body, 8)};
  report.rtp_timestamp = get32(part.body, 12);
  report.packets = get32(part.body, 16);
  report.payload_bytes = get32(part.body, 20);
  auto blocks = read_blocks(part, 24);
  if (!blocks) return std::move(blocks).error();
  report.blocks = *std::move(blocks);
  return RtcpPart(std::move(report));
}

Result<RtcpPart> read_receiver_report(const RawPart& part) {
  if (part.body.size() < 4) return malformed("the RTCP receiver report is too short");
  ReceiverReport report;
  report.sender = Ssrc{get32(part.body, 0)};
  auto blocks = read_blocks(part, 4);
  if (!blocks) return std::move(blocks).error();
  report.blocks = *std::move(blocks);
  return RtcpPart(std::move(report));
}

// Section 6.5: chunks of an SSRC and items, each chunk ended by a zero and filled to a word.
Result<std::optional<SourceDescription>> read_source_description(const RawPart& part) {
  std::optional<SourceDescription> found;
  std::size_t at = 0;
  for (std::size_t chunk = 0; chunk < part.count; ++chunk) {
    if (part.body.size() < at + 4) return malformed("the RTCP source description is too short");
    const Ssrc source{get32(part.body, at)};
    at += 4;
    while (true) {
      if (at >= part.body.size()) return malformed("the RTCP source description has no end");
      const std::uint8_t type = part.body[at];
      if (type == 0) {
        at = (at / 4 + 1) * 4;
        break;
      }
      if (part.body.size() < at + 2) return malformed("the RTCP source description is too short");
      const std::size_t length = part.body[at + 1];
      if (part.body.size() < at + 2 + length) return malformed("the RTCP source description is too short");
      if (type == kCnameItem && !found) found = {source, to_string(part.body.subspan(at + 2, length))};
      at += 2 + length;
    }
    if (at > part.body.size()) return malformed("the RTCP source description is too short");
  }
  return found;
}

Result<RtcpPart> read_bye(const RawPart& part) {
  if (part.body.size() < part.count * std::size_t{4}) return malformed("the RTCP BYE is too short");
  Bye bye;
  for (std::size_t i = 0; i < part.count; ++i) bye.sources.push_back(Ssrc{get32(part.body, i * 4)});
  return RtcpPart(std::move(bye));  // a reason for leaving may follow; nothing uses it
}

Result<std::optional<RtcpPart>> read_part(const RawPart& part) {
  const auto wrap = [](Result<RtcpPart> read) -> Result<std::optional<RtcpPart>> {
    if (!read) return std::move(read).error();
    return std::optional<RtcpPart>(*std::move(read));
  };
  switch (part.type) {
    case kSenderReport: return wrap(read_sender_report(part));
    case kReceiverReport: return wrap(read_receiver_report(part));
    case kBye: return wrap(read_bye(part));
    case kSourceDescription: {
      auto description = read_source_description(part);
      if (!description) return std::move(description).error();
      if (!*description) return std::optional<RtcpPart>();
      return std::optional<RtcpPart>(**std::move(description));
    }
    case kPayloadFeedback:
      if (part.count != kPictureLossFormat) return std::optional<RtcpPart>();
      if (part.body.size() != 8) return malformed("the picture loss indication has the wrong length");
      return std::optional<RtcpPart>(PictureLoss{Ssrc{get32(part.body, 0)}, Ssrc{get32(part.body, 4)}});
    default: return std::optional<RtcpPart>();
  }
}

// Writes the header now and its length when the body is there.
class PartWriter {
 public:
  PartWriter(Bytes& out, std::size_t count, std::uint8_t type) : out_(out), start_(out.size()) {
    put8(out, 0x80u | static_cast<std::uint32_t>(count));
    put8(out, type);
    put16(out, 0);
  }
  ~PartWriter() {
    const std::size_t words = (out_.size() - start_) / 4 - 1;
    out_[start_ + 2] = static_cast<std::uint8_t>(words >> 8);
    out_[start_ + 3] = static_cast<std::uint8_t>(words & 0xff);
  }
  PartWriter(const PartWriter&) = delete;
  PartWriter& operator=(const PartWriter&) = delete;

 private:
  Bytes& out_;
  std::size_t start_;
};

void write(Bytes& out, const SenderReport& report) {
  const std::size_t count = std::min(report.blocks.size(), kMaxReportBlocks);
  const PartWriter part(out, count, kSenderReport);
  put32(out, static_cast<std::uint32_t>(report.sender));
  put32(out, static_cast<std::uint32_t>(static_cast<std::uint64_t>(report.ntp) >> 32));
  put32(out, static_cast<std::uint32_t>(static_cast<std::uint64_t>(report.ntp) & 0xffffffff));
  put32(out, report.rtp_timestamp);
  put32(out, report.packets);
  put32(out, report.payload_bytes);
  for (std::size_t i = 0; i < count; ++i) write_block(out, report.blocks[i]);
}

void write(Bytes& out, const ReceiverReport& report) {
  const std::size_t count = std::min(report.blocks.size(), kMaxReportBlocks);
  const PartWriter part(out, count, kReceiverReport);
  put32(out, static_cast<std::uint32_t>(report.sender));
  for (std::size_t i = 0; i < count; ++i) write_block(out, report.blocks[i]);
}

void write(Bytes& out, const SourceDescription& description) {
  const PartWriter part(out, 1, kSourceDescription);
  put32(out, static_cast<std::uint32_t>(description.source));
  const std::size_t length = std::min(description.cname.size(), kMaxCnameBytes);
  put8(out, kCnameItem);
  put8(out, static_cast<std::uint32_t>(length));
  append(out, as_bytes(description.cname).first(length));
  do put8(out, 0);
  while (out.size() % 4 != 0);
}

void write(Bytes& out, const Bye& bye) {
  const std::size_t count = std::min(bye.sources.size(), kMaxReportBlocks);
  const PartWriter part(out, count, kBye);
  for (std::size_t i = 0; i < count; ++i) put32(out, static_cast<std::uint32_t>(bye.sources[i]));
}

void write(Bytes& out, const PictureLoss& loss) {
  const PartWriter part(out, kPictureLossFormat, kPayloadFeedback);
  put32(out, static_cast<std::uint32_t>(loss.sender));
  put32(out, static_cast<std::uint32_t>(loss.media));
}

}  // namespace

Result<std::vector<RtcpPart>> parse_compound(ByteView datagram) {
  if (datagram.size() > kMaxDatagramBytes) return fail(ErrorCode::too_large, "the RTCP packet is too large");
  std::vector<RtcpPart> parts;
  std::size_t seen = 0;
  for (std::size_t at = 0; at < datagram.size();) {
    if (datagram.size() < at + 4) return malformed("the RTCP packet is too short");
    if (datagram[at] >> 6 != 2) return malformed("the RTCP packet has another version");
    RawPart part;
    part.count = datagram[at] & 0x1f;
    part.type = datagram[at + 1];
    const std::size_t size = (std::size_t{get16(datagram, at + 2)} + 1) * 4;
    if (datagram.size() < at + size) return malformed("the RTCP packet is shorter than it says");
    std::size_t padding = 0;
    if ((datagram[at] & 0x20) != 0) {
      if (at + size != datagram.size()) return malformed("the RTCP padding is not at the end");
      padding = datagram[at + size - 1];
      if (padding == 0 || padding % 4 != 0 || padding > size - 4)
        return malformed("the RTCP padding is malformed");
    }
    part.body = datagram.subspan(at + 4, size - 4 - padding);
    if (at == 0 && part.type != kSenderReport && part.type != kReceiverReport) {
      return malformed("the RTCP packet does not begin with a report");
    }
    if (++seen > kMaxCompoundParts) return fail(ErrorCode::too_large, "the RTCP packet has too many parts");
    auto read = read_part(part);
    if (!read) return std::move(read).error();
    if (*read) parts.push_back(**std::move(read));
    at += size;
  }
  if (parts.empty()) return malformed("the RTCP packet is empty");
  return parts;
}

Bytes serialise_compound(std::span<const RtcpPart> parts) {
  assert(!parts.empty() && parts.front().index() < 2);
  Bytes out;
  for (const RtcpPart& part : parts) {
    std::visit([&out](const auto& value) { write(out, value); }, part);
  }
  return out;
}

}  // namespace sotto::rtp
