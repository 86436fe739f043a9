// Content: what a sealed message carries, with its limits. The parser faces whatever a member of the
// conversation sends; anything over a limit is refused as a whole. Thread: any.
#pragma once

#include "sotto/base/bytes.hpp"
#include "sotto/base/ids.hpp"
#include "sotto/base/result.hpp"
#include "sotto/client/commands.hpp"
#include "sotto/proto/channel.hpp"
#include "sotto/proto/frame.hpp"

namespace sotto::client {

inline constexpr std::size_t kMaxTextBytes = 64UL * 1024;
inline constexpr std::size_t kMaxContentBytes = 128UL * 1024;  // serialised; text, caption and room to spare
inline constexpr std::size_t kMaxReceiptMessages = 1000;
inline constexpr std::size_t kMaxRawFileName = 1024;  // as sent; shown and used only neutralised
inline constexpr std::size_t kMaxFileType = 127;      // RFC 6838: type and subtype
inline constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 50;
inline constexpr std::size_t kMaxCandidates = 64;
inline constexpr std::size_t kMaxCandidateBytes = 512;
inline constexpr std::size_t kMaxIceText = 256;  // RFC 8839 section 5.4
inline constexpr std::size_t kMaxCodecs = 16;

// A time that the server said, in ms since 1970: moved into the years 1970 to 9999, so that it may be
// reckoned with.
std::int64_t plausible_time_ms(std::int64_t server_ms);

// A wrong message is rejected; a body from a newer version (none of ours) gives an empty body.
Result<proto::Content> parse_content(ByteView bytes);
Bytes serialise(const proto::Content& content);

}  // namespace sotto::client
