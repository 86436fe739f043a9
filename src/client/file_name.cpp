#include "file_name.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "utf8.hpp"

namespace sotto::client {

namespace {

// Characters that cannot be seen, change what is seen, or mean something to a file system.
bool is_unwanted(char32_t c) {
  if (c < 0x20 || c == 0x7F || (c >= 0x80 && c <= 0x9F)) return true;  // C0, DEL, C1
  if (std::u32string_view(U"/\\:*?\"<>|").find(c) != std::u32string_view::npos) return true;
  switch (c) {
    case 0x00AD:  // soft hyphen
    case 0x061C:  // Arabic letter mark
    case 0x115F:
    case 0x1160:  // Hangul fillers: blank
    case 0x180E:
    case 0x3164:
    case 0xFEFF:
    case 0xFFA0: return true;
    default: break;
  }
  if (c == 0x200B || c == 0x2060)
    return true;  // zero-width space, word joiner. U+200C/D join letters and emoji
  if (c == 0x200E || c == 0x200F) return true;  // marks
  if (c >= 0x2028 && c <= 0x202E) return true;  // separators, embeddings, overrides
  if (c >= 0x2061 && c <= 0x206F) return true;  // invisible operators, isolates
  if (c >= 0xFFF0 && c <= 0xFFFB) return true;
  if (c >= 0xE0000 && c <= 0xE0FFF) return true;                  // tags
  return (c & 0xFFFE) == 0xFFFE || (c >= 0xFDD0 && c <= 0xFDEF);  // noncharacters
}

std::string upper_stem(std::string_view name) {
  std::string stem(name.substr(0, name.find('.')));
  std::ranges::transform(stem, stem.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  while (!stem.empty() && stem.back() == ' ') stem.pop_back();
  return stem;
}

// Windows gives these to devices, whatever the extension; a file goes to many machines in its life.
bool is_device_name(std::string_view name) {
  static constexpr std::array kDevices = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"};
  const std::string stem = upper_stem(name);
  if (std::ranges::find(kDevices, stem) != kDevices.end()) return true;
  return stem.size() == 4 && (stem.starts_with("COM") || stem.starts_with("LPT")) && stem[3] >= '0' &&
         stem[3] <= '9';
}

std::string shortened(const std::string& name) {
  if (name.size() <= kMaxFileName) return name;
  const std::size_t dot = name.rfind('.');
  std::string extension;
  if (dot != std::string::npos && dot > 0 && name.size() - dot <= 24) extension = name.substr(dot);
  const std::string_view stem = std::string_view(name).substr(0, name.size() - extension.size());
  constexpr std::string_view kEllipsis = "\xE2\x80\xA6";  // U+2026
  const std::size_t room = kMaxFileName - extension.size() - kEllipsis.size();
  const std::string_view head = utf8_prefix(stem, room * 2 / 3);
  std::size_t tail = stem.size() - room / 3;
  while (tail < stem.size() && (static_cast<std::uint8_t>(stem[tail]) & 0xC0) == 0x80) ++tail;
  return std::string(head) + std::string(kEllipsis) + std::string(stem.substr(tail)) + extension;
}

}  // namespace

std::string neutral_file_name(std::string_view raw) {
  // Both separators: the sender's system may be any.
  if (const std::size_t slash = raw.find_last_of("/\\"); slash != std::string_view::npos)
    raw.remove_prefix(slash + 1);

  std::string name;
  for (std::size_t at = 0; at < raw.size();) {
    if (const auto c = next_code_point(raw, at)) {
      if (!is_unwanted(*c)) append_code_point(name, *c);
    } else {
      ++at;  // not UTF-8
    }
  }
  // At the end Windows drops dots and spaces, and with them perhaps what made the name harmless.
  while (!name.empty() && (name.back() == '.' || name.back() == ' ')) name.pop_back();
  std::size_t start = 0;
  while (start < name.size() && name[start] == ' ') ++start;
  name.erase(0, start);
  if (!name.empty() && (name.front() == '.' || name.front() == '-' || name.front() == '~'))
    name.front() = '_';
  if (name.empty()) return "file";
  if (is_device_name(name)) name.insert(0, "_");
  return shortened(name);
}

std::string file_type_of(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 26> kTypes = {{
      {"txt", "text/plain"},        {"md", "text/markdown"},
      {"csv", "text/csv"},          {"pdf", "application/pdf"},
      {"zip", "application/zip"},   {"gz", "application/gzip"},
      {"tar", "application/x-tar"}, {"json", "application/json"},
      {"xml", "application/xml"},   {"jpg", "image/jpeg"},
      {"jpeg", "image/jpeg"},       {"png", "image/png"},
      {"gif", "image/gif"},         {"webp", "image/webp"},
      {"svg", "image/svg+xml"},     {"mp3", "audio/mpeg"},
      {"ogg", "audio/ogg"},         {"opus", "audio/ogg"},
      {"flac", "audio/flac"},       {"wav", "audio/wav"},
      {"m4a", "audio/mp4"},         {"mp4", "video/mp4"},
      {"mkv", "video/x-matroska"},  {"webm", "video/webm"},
      {"mov", "video/quicktime"},   {"odt", "application/vnd.oasis.opendocument.text"},
  }};
  const std::size_t dot = name.rfind('.');
  if (dot != std::string_view::npos) {
    std::string extension(name.substr(dot + 1));
    std::ranges::transform(extension, extension.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    for (const auto& [known, type] : kTypes) {
      if (extension == known) return std::string(type);
    }
  }
  return "application/octet-stream";
}

}  // namespace sotto::client
