#include "desktop/start/rules.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <set>

#include "desktop/base/strings.hpp"
#include "desktop/text/sanitize.hpp"

namespace sotto::desktop {
namespace {

constexpr std::size_t kLongestAddress = 2048;  // links carry a fingerprint and a token
constexpr std::size_t kLeastPassword = 10;
constexpr std::array<std::string_view, 12> kCommon{"password", "passwort", "123456", "qwerty",
                                                   "qwertz",   "letmein",  "abc123", "iloveyou",
                                                   "admin",    "welcome",  "monkey", "dragon"};

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n";
  const std::size_t from = text.find_first_not_of(kSpaces);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(kSpaces) - from + 1);
}

bool host_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' ||
         static_cast<unsigned char>(c) >= 0x80;
}

Error bad(std::string_view why) { return fail(ErrorCode::invalid_argument, std::string(why)); }

}  // namespace

std::string lower_ascii(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

Result<ServerInput> parse_server(std::string_view raw) {
  std::string_view text = trim(raw);
  if (text.empty() || text.size() > kLongestAddress) return bad(str::kBadAddress);
  const std::string lower = lower_ascii(text);
  if (lower.starts_with("http://")) return bad(str::kHttpRefused);
  const std::size_t scheme = text.find("://");
  if (scheme != std::string_view::npos && !lower.starts_with("https://")) {
    std::string_view rest = text.substr(scheme + 3);
    std::string_view host = rest.substr(0, rest.find_first_of("/?#"));
    if (scheme == 0 || host.empty() || text.find(' ') != std::string_view::npos) return bad(str::kBadAddress);
    if (const std::size_t at = host.rfind('@'); at != std::string_view::npos) host = host.substr(at + 1);
    return ServerInput{std::string(text), one_line(host.substr(0, host.rfind(':')), 80), true};
  }
  if (scheme != std::string_view::npos) text.remove_prefix(scheme + 3);
  while (text.ends_with('/')) text.remove_suffix(1);

  std::string_view host = text, port;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos || close < 3) return bad(str::kBadAddress);
    host = text.substr(0, close + 1);
    const std::string_view inside = text.substr(1, close - 1);
    const bool plausible =
        inside.find(':') != std::string_view::npos && std::ranges::all_of(inside, [](char c) {
          return std::isxdigit(static_cast<unsigned char>(c)) != 0 || c == ':' || c == '.';
        });
    if (!plausible) return bad(str::kBadAddress);
    const std::string_view rest = text.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return bad(str::kBadAddress);
    if (!rest.empty()) port = rest.substr(1);
    if (!rest.empty() && port.empty()) return bad(str::kBadPort);
  } else {
    const std::size_t colon = text.find(':');
    host = text.substr(0, colon);
    if (colon != std::string_view::npos) {
      port = text.substr(colon + 1);
      if (port.empty()) return bad(str::kBadPort);
    }
    if (host.empty() || host.size() > 253 || !std::ranges::all_of(host, host_char) || host.front() == '-' ||
        host.front() == '.' || host.find("..") != std::string_view::npos) {
      return bad(str::kBadAddress);
    }
  }
  if (!port.empty()) {
    if (port.size() > 5 || !std::ranges::all_of(port, [](unsigned char c) { return std::isdigit(c) != 0; }))
      return bad(str::kBadPort);
    const int value = std::stoi(std::string(port));
    if (value < 1 || value > 65535) return bad(str::kBadPort);
  }
  return ServerInput{std::string(text), std::string(host), false};
}

std::string user_name_problem(std::string_view name) {
  const auto allowed = [](unsigned char c) {
    return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '.' || c == '_' || c == '-';
  };
  const bool good = name.size() >= 2 && name.size() <= 32 && std::ranges::all_of(name, allowed) &&
                    std::isalnum(static_cast<unsigned char>(name.front())) != 0;
  return good ? "" : std::string(str::kUserRule);
}

std::string display_name_problem(std::string_view name) {
  const std::string_view trimmed = trim(name);
  const bool controls = std::ranges::any_of(trimmed, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  const std::size_t length = utf8_length(trimmed);
  return length >= 1 && length <= 64 && !controls ? "" : std::string(str::kDisplayRule);
}

int password_strength(std::string_view password, std::string_view user_name) {
  if (password.size() < kLeastPassword) return 0;
  std::string rest = lower_ascii(password);
  if (user_name.size() >= 3) {
    const std::size_t at = rest.find(lower_ascii(user_name));
    if (at != std::string::npos) rest.erase(at, user_name.size());
  }
  for (const std::string_view word : kCommon) {
    const std::size_t at = rest.find(word);
    if (at != std::string::npos) rest.erase(at, word.size());
  }
  // A character counts fully only if it neither repeats nor continues a row (abc, 321).
  double bits = 0;
  std::set<char> seen;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const int step = i > 0 ? rest[i] - rest[i - 1] : 99;
    const bool predictable = step >= -1 && step <= 1;
    const bool known = !seen.insert(rest[i]).second;
    bits += predictable ? 0.5 : known ? 2.5 : 4.0;
  }
  const bool mixed = std::ranges::any_of(password, [](unsigned char c) { return std::isupper(c) != 0; }) ||
                     std::ranges::any_of(password, [](unsigned char c) { return std::isalnum(c) == 0; });
  if (mixed) bits += 6;
  return bits < 22 ? 0 : bits < 34 ? 1 : bits < 52 ? 2 : 3;
}

std::string password_problem(std::string_view password, std::string_view user_name) {
  if (utf8_length(password) < kLeastPassword) return std::string(str::kPasswordRule);
  if (password_strength(password, user_name) == 0) return std::string(str::kPasswordEasy);
  return {};
}

}  // namespace sotto::desktop
