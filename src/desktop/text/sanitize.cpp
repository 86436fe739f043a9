#include "desktop/text/sanitize.hpp"

#include <glib.h>

#include <vector>

#include "desktop/text/breaks.hpp"

namespace sotto::desktop {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr gunichar kFsi = 0x2068, kPdi = 0x2069, kZwsp = 0x200B;

void append_char(std::string& out, gunichar c) {
  char bytes[6];
  const int size = g_unichar_to_utf8(c, bytes);
  out.append(bytes, static_cast<std::size_t>(size));
}

gunichar char_at(std::string_view text, std::size_t at) { return g_utf8_get_char(text.data() + at); }
std::size_t char_size(std::string_view text, std::size_t at) {
  return static_cast<std::size_t>(g_utf8_skip[static_cast<unsigned char>(text[at])]);
}

bool is_bidi_control(gunichar c) {
  return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0x200E || c == 0x200F ||
         c == 0x061C;
}

bool is_mark(gunichar c) {
  const GUnicodeType type = g_unichar_type(c);
  // Variation selectors and keycaps belong to emoji and stay.
  if (c == 0xFE0F || c == 0xFE0E || c == 0x20E3) return false;
  return type == G_UNICODE_NON_SPACING_MARK || type == G_UNICODE_ENCLOSING_MARK ||
         type == G_UNICODE_SPACING_MARK;
}

bool is_emoji_base(gunichar c) {
  return (c >= 0x1F000 && c <= 0x1FAFF) || (c >= 0x2600 && c <= 0x27BF) || (c >= 0x2300 && c <= 0x23FF) ||
         (c >= 0x2B00 && c <= 0x2BFF) || c == 0x00A9 || c == 0x00AE || c == 0x203C || c == 0x2049 ||
         c == 0x2122 || c == 0x2139 || (c >= 0x2190 && c <= 0x21FF) || c == 0x3030 || c == 0x303D ||
         c == 0x3297 || c == 0x3299;
}

}  // namespace

std::string valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const char* bad = nullptr;
    if (g_utf8_validate_len(text.data(), text.size(), &bad) != 0) {
      out += text;
      break;
    }
    const auto good = static_cast<std::size_t>(bad - text.data());
    out += text.substr(0, good);
    out += kReplacement;
    text.remove_prefix(good + 1);
  }
  return out;
}

std::string clean_input(std::string_view text) {
  const std::string valid = valid_utf8(text);
  std::string out;
  out.reserve(valid.size());
  for (std::size_t i = 0; i < valid.size(); ++i) {
    const char c = valid[i];
    if (c == '\r') {
      if (i + 1 >= valid.size() || valid[i + 1] != '\n') out += '\n';
    } else if (c == '\n' || c == '\t' || static_cast<unsigned char>(c) >= 0x20) {
      if (c != '\x7f') out += c;
    }
  }
  return out;
}

std::string message_text(std::string_view raw) {
  const std::string text = valid_utf8(raw);
  std::string out;
  out.reserve(text.size());
  int marks = 0;
  std::size_t run = 0;
  for (std::size_t at = 0; at < text.size(); at += char_size(text, at)) {
    gunichar c = char_at(text, at);
    if (c == '\r') continue;
    if (c == 0x2028 || c == 0x2029 || c == 0x85) c = '\n';
    if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f) c = c == 0x7f ? 0x2421 : 0x2400 + c;
    if (is_mark(c)) {
      if (++marks > kMarksShown) continue;
    } else {
      marks = 0;
    }
    // Pango breaks a line out of a run in time that grows with the square of its length: a zero-width
    // space now and then keeps a 64 KiB word bounded.
    run = g_unichar_isspace(c) != 0 ? 0 : run + 1;
    if (run > kLongestRun && !is_mark(c) && c != 0x200D) {
      append_char(out, kZwsp);
      run = 1;
    }
    append_char(out, c);
  }
  return out;
}

std::string one_line(std::string_view raw, std::size_t max_chars) {
  const std::string text = valid_utf8(raw.substr(0, max_chars * 64));
  std::string out;
  std::size_t count = 0;
  int marks = 0;
  bool space = false;
  for (std::size_t at = 0; at < text.size(); at += char_size(text, at)) {
    const gunichar c = char_at(text, at);
    if (is_bidi_control(c) || (c < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7f) continue;
    if (g_unichar_isspace(c) != 0 || c == 0x2028 || c == 0x2029 || c == 0x85) {
      space = !out.empty();
      continue;
    }
    if (is_mark(c)) {
      if (++marks > kMarksShown) continue;
    } else {
      marks = 0;
    }
    if (space) {
      out += ' ';
      space = false;
      ++count;
    }
    if (count++ >= max_chars) {
      out += "…";
      break;
    }
    append_char(out, c);
  }
  return out;
}

std::string isolated(std::string_view text, std::size_t max_chars) {
  std::string out;
  append_char(out, kFsi);
  out += one_line(text, max_chars);
  append_char(out, kPdi);
  return out;
}

int emoji_count(std::string_view raw) {
  if (raw.empty() || raw.size() > 256) return 0;
  const std::string text = valid_utf8(raw);
  for (std::size_t at = 0; at < text.size(); at += char_size(text, at)) {
    const gunichar c = char_at(text, at);
    const bool joins = c == 0x200D || c == 0xFE0F || (c >= 0xE0020 && c <= 0xE007F);
    if (!is_emoji_base(c) && !joins && !(c >= 0x1F3FB && c <= 0x1F3FF)) return 0;
  }
  int graphemes = 0;
  for (std::size_t at = 0; at < text.size(); at = next_grapheme(text, at)) ++graphemes;
  return graphemes <= 6 ? graphemes : 0;
}

std::string initials(std::string_view name) {
  const std::string text = one_line(name, 64);
  std::vector<std::string> words;
  std::size_t start = std::string::npos;
  for (std::size_t at = 0; at <= text.size(); ++at) {
    const bool space = at == text.size() || text[at] == ' ';
    if (!space && start == std::string::npos) start = at;
    if (space && start != std::string::npos) {
      words.push_back(text.substr(start, at - start));
      start = std::string::npos;
    }
  }
  if (words.empty()) return "?";
  const auto first = [](const std::string& word) {
    const std::string grapheme = word.substr(0, next_grapheme(word, 0));
    char* upper = g_utf8_strup(grapheme.data(), static_cast<gssize>(grapheme.size()));
    std::string out(upper);
    g_free(upper);
    return out;
  };
  std::string out = first(words.front());
  if (words.size() > 1 && emoji_count(out) == 0) out += first(words.back());
  return out;
}

std::size_t utf8_length(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

std::size_t utf8_offset(std::string_view text, std::size_t code_points) {
  std::size_t at = 0;
  while (at < text.size() && code_points > 0) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
    --code_points;
  }
  return at;
}

}  // namespace sotto::desktop
