#include "av_util.hpp"

extern "C" {
#include <libavdevice/avdevice.h>
}

#include <array>
#include <mutex>

#include "sotto/base/log.hpp"

namespace sotto::device_avdevice {
namespace {

void write_log(void* source, int level, const char* format, va_list arguments) {
  if (level > AV_LOG_WARNING || !log::enabled(log::Level::debug)) return;
  std::array<char, 512> line{};
  int print_prefix = 1;
  if (av_log_format_line2(source, level, format, arguments, line.data(), line.size(), &print_prefix) < 0)
    return;
  std::string_view text(line.data());
  while (text.ends_with('\n')) text.remove_suffix(1);
  log::debug("ffmpeg", {{"text", text}});
}

}  // namespace

std::string av_error_text(int error) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
  if (av_strerror(error, text.data(), text.size()) < 0) return "error " + std::to_string(error);
  return text.data();
}

void prepare_ffmpeg() {
  static std::once_flag once;
  std::call_once(once, [] {
    avdevice_register_all();
    av_log_set_callback(&write_log);
  });
}

}  // namespace sotto::device_avdevice
