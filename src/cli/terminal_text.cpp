#include "terminal_text.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace sotto::cli {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 0;  // 0: not UTF-8
};

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
CodePoint decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < size) return {};
  char32_t value = first & (0xFFu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    value = (value << 6) | (byte(i) & 0x3Fu);
  }
  constexpr std::array<char32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  if (value < kLeast[size] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return {};
  return {value, size};
}

bool is_harmful(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0)  // C0, DEL, C1
         || c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) ||
         (c >= 0x2066 && c <= 0x2069)    // bidirectional marks, embeddings, overrides, isolates
         || c == 0x2028 || c == 0x2029;  // line and paragraph separator
}

std::tm local_time(std::time_t seconds) {
  std::tm local{};
  localtime_r(&seconds, &local);
  return local;
}

std::string state_mark(const client::MessageView& message) {
  if (!message.own) return "";
  switch (message.state) {
    case client::MessageState::sending: return " (sending)";
    case client::MessageState::sent: return "";
    case client::MessageState::delivered: return " (delivered)";
    case client::MessageState::read: return " (read)";
    case client::MessageState::failed: return " (not sent: " + printable(message.failure) + ")";
  }
  return "";
}

std::string content_of(const client::MessageView& message) {
  std::string text = printable(message.text, true);
  if (message.file) {
    std::string file = "file " + printable(message.file->name) + ", " + human_size(message.file->size) +
                       ", id " + message.id.str();
    return text.empty() ? file : file + "\n" + text;
  }
  if (message.call) {
    std::string call = message.call->video ? "video call" : "call";
    if (message.call->answered) return call + ", " + human_duration(message.call->duration_s);
    return call + ": " + human_reason(message.call->reason);
  }
  return text;
}

}  // namespace

std::string printable(std::string_view text, bool lines) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const CodePoint point = decode(text);
    if (point.bytes == 0) {
      out += kReplacement;
      text.remove_prefix(1);
      continue;
    }
    if (point.value == '\t') {
      out += ' ';
    } else if (point.value == '\n' && lines) {
      out += '\n';
    } else if (is_harmful(point.value)) {
      out += kReplacement;
    } else {
      out += text.substr(0, point.bytes);
    }
    text.remove_prefix(point.bytes);
  }
  return out;
}

std::string human_size(std::uint64_t bytes) {
  if (bytes < 1000) return std::to_string(bytes) + " bytes";
  constexpr std::array<const char*, 6> kUnits{"kB", "MB", "GB", "TB", "PB", "EB"};
  double value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  // 999.95 would be printed as 1000.0.
  while (value >= 999.95 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  std::array<char, 32> out{};
  std::snprintf(out.data(), out.size(), "%.1f %s", value, kUnits[unit]);
  return out.data();
}

std::string human_time(WallTime time) {
  const std::tm then = local_time(time.ms / 1000);
  const std::tm now = local_time(std::time(nullptr));
  const bool today = then.tm_year == now.tm_year && then.tm_yday == now.tm_yday;
  std::array<char, 64> out{};
  const auto size = today ? std::strftime(out.data(), out.size(), "%H:%M", &then)
                          : std::strftime(out.data(), out.size(), "%F %H:%M", &then);
  return {out.data(), size};
}

std::string human_duration(int seconds) {
  std::array<char, 32> out{};
  if (seconds >= 3600) {
    std::snprintf(out.data(), out.size(), "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
  } else {
    std::snprintf(out.data(), out.size(), "%d:%02d", seconds / 60, seconds % 60);
  }
  return out.data();
}

std::string human_reason(client::EndReason reason) {
  using client::EndReason;
  switch (reason) {
    case EndReason::none: return "it is not over";
    case EndReason::local_hangup: return "you hung up";
    case EndReason::remote_hangup: return "the other side hung up";
    case EndReason::declined: return "declined";
    case EndReason::busy: return "busy";
    case EndReason::no_answer: return "no answer";
    case EndReason::cancelled: return "cancelled";
    case EndReason::connect_failed: return "no connection could be made";
    case EndReason::connection_lost: return "the connection was lost";
    case EndReason::media_failed: return "sound or picture failed";
  }
  return "";
}

std::string human_message(const client::MessageView& message) {
  const std::string head = "[" + human_time(message.time) + "] " +
                           (message.own ? "you" : printable(message.sender_username)) + ": ";
  std::string out = head;
  for (const char c : content_of(message)) {
    out += c;
    if (c == '\n') out.append(4, ' ');
  }
  return out + state_mark(message);
}

}  // namespace sotto::cli
