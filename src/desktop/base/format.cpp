#include "desktop/base/format.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace sotto::desktop {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::array<std::string_view, 7> kWeekdays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                    "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> kMonths{"January",   "February", "March",    "April",
                                                   "May",       "June",     "July",     "August",
                                                   "September", "October",  "November", "December"};

std::tm local(WallTime time) {
  const std::time_t seconds =
      static_cast<std::time_t>(time.ms >= 0 ? time.ms / 1000 : (time.ms - 999) / 1000);
  std::tm out{};
  localtime_r(&seconds, &out);
  return out;
}

std::string two(int number) { return (number < 10 ? "0" : "") + std::to_string(number); }

// Days since 1970 of a civil date (proleptic Gregorian).
std::int64_t days_from_civil(int year, int month, int day) {
  const std::int64_t y = year - (month <= 2 ? 1 : 0);
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const std::int64_t yoe = y - era * 400;
  const std::int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

struct Unit {
  double factor;
  std::string_view name;
};
constexpr std::array<Unit, 4> kUnits{{{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}, {1, "B"}}};

Unit unit_for(double bytes) {
  for (const Unit& unit : kUnits) {
    if (bytes >= unit.factor) return unit;
  }
  return kUnits.back();
}

// One decimal below 100, none above, none for bytes.
std::string in_unit(double bytes, const Unit& unit) {
  const double value = bytes / unit.factor;
  std::array<char, 32> text{};
  const bool whole = unit.factor == 1 || value >= 100 || (unit.factor == 1e3 && value >= 10);
  std::snprintf(text.data(), text.size(), whole ? "%.0f" : "%.1f", value);
  return text.data();
}

}  // namespace

Civil civil(WallTime time) {
  const std::tm t = local(time);
  Civil out{t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, t.tm_wday, 0};
  out.day_number = days_from_civil(out.year, out.month, out.day);
  return out;
}

WallTime next_midnight(WallTime time) {
  std::tm t = local(time);
  t.tm_mday += 1;
  t.tm_hour = t.tm_min = t.tm_sec = 0;
  t.tm_isdst = -1;
  const std::time_t next = std::mktime(&t);
  return next > 0 ? WallTime{static_cast<std::int64_t>(next) * 1000} : WallTime{time.ms + kDayMs};
}

std::string clock_text(WallTime time) {
  const Civil c = civil(time);
  return two(c.hour) + ":" + two(c.minute);
}

std::string sidebar_time(WallTime time, WallTime now) {
  const Civil c = civil(time), n = civil(now);
  const std::int64_t days = n.day_number - c.day_number;
  if (days <= 0) return clock_text(time);
  if (days == 1) return "Yesterday";
  if (days < 7) return std::string(kWeekdays[static_cast<std::size_t>(c.weekday)].substr(0, 3));
  if (c.year == n.year)
    return two(c.day) + " " + std::string(kMonths[static_cast<std::size_t>(c.month - 1)].substr(0, 3));
  return two(c.day) + "." + two(c.month) + "." + two(c.year % 100);
}

std::string day_text(WallTime time, WallTime now) {
  const Civil c = civil(time), n = civil(now);
  const std::int64_t days = n.day_number - c.day_number;
  if (days == 0) return "Today";
  if (days == 1) return "Yesterday";
  if (days > 1 && days < 7) return std::string(kWeekdays[static_cast<std::size_t>(c.weekday)]);
  std::string text =
      std::to_string(c.day) + " " + std::string(kMonths[static_cast<std::size_t>(c.month - 1)]);
  if (c.year != n.year) text += " " + std::to_string(c.year);
  return text;
}

std::string full_time(WallTime time) {
  const Civil c = civil(time);
  return std::string(kWeekdays[static_cast<std::size_t>(c.weekday)]) + " " + std::to_string(c.day) + " " +
         std::string(kMonths[static_cast<std::size_t>(c.month - 1)]) + " " + std::to_string(c.year) + ", " +
         two(c.hour) + ":" + two(c.minute) + ":" + two(c.second);
}

std::string size_text(std::uint64_t bytes) {
  const Unit unit = unit_for(static_cast<double>(bytes));
  return in_unit(static_cast<double>(bytes), unit) + " " + std::string(unit.name);
}

std::string progress_size(std::uint64_t done, std::uint64_t total) {
  const Unit unit = unit_for(static_cast<double>(total));
  return in_unit(static_cast<double>(done), unit) + " of " + in_unit(static_cast<double>(total), unit) + " " +
         std::string(unit.name);
}

std::string rate_text(double bytes_per_second) {
  const Unit unit = unit_for(bytes_per_second);
  return in_unit(bytes_per_second, unit) + " " + std::string(unit.name) + "/s";
}

std::string left_text(double seconds) {
  if (seconds < 60) return std::to_string(static_cast<int>(std::ceil(seconds))) + " s left";
  if (seconds < 3600) return std::to_string(static_cast<int>(std::ceil(seconds / 60))) + " min left";
  constexpr double kMostHours = 9999;  // the far side says how large its file is: any number must be one
  return std::to_string(static_cast<int>(std::ceil(std::min(seconds / 3600, kMostHours)))) + " h left";
}

std::string timer_text(int seconds) {
  const int h = seconds / 3600, m = seconds / 60 % 60, s = seconds % 60;
  return h > 0 ? std::to_string(h) + ":" + two(m) + ":" + two(s) : two(m) + ":" + two(s);
}

std::string duration_text(int seconds) {
  const int h = seconds / 3600, m = seconds / 60 % 60, s = seconds % 60;
  if (h > 0) return std::to_string(h) + " h " + std::to_string(m) + " min";
  if (m > 0) return std::to_string(m) + " min " + std::to_string(s) + " s";
  return std::to_string(s) + " s";
}

std::string short_duration(int seconds) {
  if (seconds >= 3600)
    return std::to_string(seconds / 3600) + " h " + std::to_string(seconds / 60 % 60) + " min";
  if (seconds >= 60) return std::to_string(seconds / 60) + " min";
  return std::to_string(seconds) + " s";
}

std::string code_text(std::string_view six_digits) {
  std::string out(six_digits);
  if (out.size() == 6) out.insert(3, " ");
  return out;
}

std::string fill(std::string_view pattern,
                 std::initializer_list<std::pair<std::string_view, std::string_view>> values) {
  std::string out;
  for (std::size_t at = 0; at < pattern.size();) {
    const std::size_t end = pattern[at] == '{' ? pattern.find('}', at) : std::string_view::npos;
    if (end != std::string_view::npos) {
      const std::string_view key = pattern.substr(at + 1, end - at - 1);
      bool found = false;
      for (const auto& [name, value] : values) {
        if (name == key) {
          out += value;
          found = true;
          break;
        }
      }
      if (found) {
        at = end + 1;
        continue;
      }
    }
    out += pattern[at++];
  }
  return out;
}

}  // namespace sotto::desktop
