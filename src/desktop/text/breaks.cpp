#include "desktop/text/breaks.hpp"

#include <pango/pango.h>

#include <string>
#include <vector>

namespace sotto::desktop {
namespace {

// Pango's attributes for the piece of one paragraph around a position: whole for ordinary text, a window
// of a very long one, so that a key press in 64 KiB stays cheap.
class Attributes {
 public:
  Attributes(std::string_view text, std::size_t at) {
    std::size_t from = paragraph_start(text, at), to = paragraph_end(text, at);
    constexpr std::size_t kWindow = 1024;
    if (at - from > kWindow) from = boundary(text, at - kWindow);
    if (to - at > kWindow) to = boundary(text, at + kWindow);
    start_ = from;
    const std::string_view piece = text.substr(from, to - from);
    for (std::size_t i = 0; i <= piece.size(); ++i) {
      if (i == piece.size() || (static_cast<unsigned char>(piece[i]) & 0xC0) != 0x80) offsets_.push_back(i);
    }
    attributes_.resize(offsets_.size());
    pango_get_log_attrs(piece.data(), static_cast<int>(piece.size()), -1, pango_language_get_default(),
                        attributes_.data(), static_cast<int>(attributes_.size()));
  }

  // Index of the character that begins at or before `at`.
  std::size_t index(std::size_t at) const {
    std::size_t i = 0;
    while (i + 1 < offsets_.size() && offsets_[i + 1] + start_ <= at) ++i;
    return i;
  }
  std::size_t offset(std::size_t i) const { return start_ + offsets_[i]; }
  std::size_t size() const { return offsets_.size(); }
  const PangoLogAttr& operator[](std::size_t i) const { return attributes_[i]; }

 private:
  static std::size_t boundary(std::string_view text, std::size_t at) {
    while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
    return at;
  }

  std::size_t start_ = 0;
  std::vector<std::size_t> offsets_;
  std::vector<PangoLogAttr> attributes_;
};

}  // namespace

std::size_t paragraph_start(std::string_view text, std::size_t at) {
  if (at == 0) return 0;
  const std::size_t found = text.rfind('\n', at - 1);
  return found == std::string_view::npos ? 0 : found + 1;
}

std::size_t paragraph_end(std::string_view text, std::size_t at) {
  const std::size_t found = text.find('\n', at);
  return found == std::string_view::npos ? text.size() : found;
}

std::size_t next_grapheme(std::string_view text, std::size_t at) {
  if (at >= text.size()) return text.size();
  if (text[at] == '\n') return at + 1;
  const Attributes attributes(text, at);
  for (std::size_t i = attributes.index(at) + 1; i < attributes.size(); ++i) {
    if (attributes[i].is_cursor_position != 0) return attributes.offset(i);
  }
  return attributes.offset(attributes.size() - 1);
}

std::size_t previous_grapheme(std::string_view text, std::size_t at) {
  if (at == 0) return 0;
  if (text[at - 1] == '\n') return at - 1;
  const Attributes attributes(text, at);
  for (std::size_t i = attributes.index(at); i-- > 0;) {
    if (attributes[i].is_cursor_position != 0) return attributes.offset(i);
  }
  return attributes.offset(0);
}

std::size_t backspace_start(std::string_view text, std::size_t at) {
  if (at == 0 || text[at - 1] == '\n') return at == 0 ? 0 : at - 1;
  const Attributes attributes(text, at);
  const std::size_t i = attributes.index(at);
  if (i > 0 && attributes[i].backspace_deletes_character != 0) return attributes.offset(i - 1);
  return previous_grapheme(text, at);
}

std::size_t next_word_end(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    if (text[at] == '\n') {
      ++at;
      continue;
    }
    const Attributes attributes(text, at);
    for (std::size_t i = attributes.index(at) + 1; i < attributes.size(); ++i) {
      if (attributes[i].is_word_end != 0) return attributes.offset(i);
    }
    const std::size_t end = attributes.offset(attributes.size() - 1);
    if (end >= text.size() || end == at) return end;
    at = end;
  }
  return text.size();
}

std::size_t previous_word_start(std::string_view text, std::size_t at) {
  while (at > 0) {
    if (text[at - 1] == '\n') {
      --at;
      continue;
    }
    const Attributes attributes(text, at);
    for (std::size_t i = attributes.index(at); i-- > 0;) {
      if (attributes[i].is_word_start != 0) return attributes.offset(i);
    }
    const std::size_t start = attributes.offset(0);
    if (start == 0 || start == at) return start;
    at = start;
  }
  return 0;
}

std::pair<std::size_t, std::size_t> word_around(std::string_view text, std::size_t at) {
  if (text.empty()) return {0, 0};
  const Attributes attributes(text, at);
  std::size_t i = attributes.index(at);
  if (i + 1 >= attributes.size() && i > 0) --i;
  std::size_t from = i, to = i + 1;
  while (from > 0 && attributes[from].is_word_boundary == 0) --from;
  while (to < attributes.size() - 1 && attributes[to].is_word_boundary == 0) ++to;
  to = std::min(to, attributes.size() - 1);
  return {attributes.offset(from), attributes.offset(to)};
}

}  // namespace sotto::desktop
