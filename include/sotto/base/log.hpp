// Structured log: an event name and fields, one line each. No message text, names, tokens, keys,
// passwords or full addresses, at any level; what concerns people goes through Redacted<T>.
//
// The main installs one sink at start; until then lines are dropped. Thread: any.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace sotto::log {

enum class Level { debug, info, warning, error };
std::string_view to_string(Level level);

struct Field {
  std::string_view key;
  std::string value;

  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const std::string& v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(v) {}
  template <class Number>
  requires std::is_arithmetic_v<Number> Field(std::string_view k, Number v)
      : key(k), value(std::to_string(v)) {}
};

using Sink = std::function<void(Level, std::string_view line)>;
// Not thread-safe: call before other threads start.
void set_sink(Sink sink, Level least);
bool enabled(Level level);

void write(Level level, std::string_view event, std::initializer_list<Field> fields = {});
inline void debug(std::string_view event, std::initializer_list<Field> f = {}) {
  write(Level::debug, event, f);
}
inline void info(std::string_view event, std::initializer_list<Field> f = {}) {
  write(Level::info, event, f);
}
inline void warning(std::string_view event, std::initializer_list<Field> f = {}) {
  write(Level::warning, event, f);
}
inline void error(std::string_view event, std::initializer_list<Field> f = {}) {
  write(Level::error, event, f);
}

}  // namespace sotto::log

namespace sotto {

// A value about a person: logs as a length only, so that it can be passed around with its type but
// never read in a log.
template <class T>
struct Redacted {
  T value;
};

template <class T>
std::string to_string(const Redacted<T>& redacted) {
  return "[redacted " + std::to_string(redacted.value.size()) + "]";
}

}  // namespace sotto
