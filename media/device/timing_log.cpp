#include "sotto/device/timing_log.hpp"

#include <cerrno>
#include <cinttypes>
#include <cstring>

namespace sotto::device {

Result<std::unique_ptr<TimingLog>> TimingLog::create(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "we");
  if (file == nullptr) {
    return fail(ErrorCode::storage, "The log " + path + " cannot be written: " + std::strerror(errno) + ".");
  }
  return std::unique_ptr<TimingLog>(new TimingLog(file));
}

TimingLog::~TimingLog() { std::fclose(file_); }

void TimingLog::add(TimePoint at, std::uint32_t rtp_timestamp) {
  const std::lock_guard lock(mutex_);
  write(next_index_, at, rtp_timestamp);
}

void TimingLog::add_at(std::uint64_t index, TimePoint at, std::uint32_t rtp_timestamp) {
  const std::lock_guard lock(mutex_);
  write(index, at, rtp_timestamp);
}

void TimingLog::write(std::uint64_t index, TimePoint at, std::uint32_t rtp_timestamp) {
  next_index_ = index + 1;
  if (failed_) return;
  const std::int64_t ns = at.time_since_epoch().count();
  // Flushed line by line: a reader may look while we run, and a killed program leaves whole lines.
  failed_ = std::fprintf(file_, "%" PRIu64 " %" PRId64 " %" PRIu32 "\n", index, ns, rtp_timestamp) < 0 ||
            std::fflush(file_) != 0;
}

Status TimingLog::status() const {
  const std::lock_guard lock(mutex_);
  if (failed_) return fail(ErrorCode::storage, "The timing log could not be written completely.");
  return ok_status();
}

}  // namespace sotto::device
