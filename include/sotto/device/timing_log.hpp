// The sidecar logs of docs/rpc.md ("Device URIs"): one line per frame or 10-ms block,
//
//   index clock_monotonic_ns rtp_timestamp
//
// Written at capture by whoever knows both the moment and the RTP timestamp (the call), and by the file
// sinks at the moment of showing or playing. Joined by RTP timestamp, two logs of one machine give latency.
//
// Thread: any; add() takes a lock and writes one line to the file, so it is not for an audio callback.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>

#include "sotto/base/result.hpp"
#include "sotto/base/time.hpp"

namespace sotto::device {

class TimingLog {
 public:
  // Truncates an existing file.
  static Result<std::unique_ptr<TimingLog>> create(const std::string& path);
  ~TimingLog();
  TimingLog(const TimingLog&) = delete;
  TimingLog& operator=(const TimingLog&) = delete;

  // Numbers the lines itself, from 0.
  void add(TimePoint at, std::uint32_t rtp_timestamp);
  // With the caller's number, which the next add() continues from.
  void add_at(std::uint64_t index, TimePoint at, std::uint32_t rtp_timestamp);

  // The first write error since creation, if any (storage). Later lines were dropped.
  Status status() const;

 private:
  explicit TimingLog(std::FILE* file) : file_(file) {}

  void write(std::uint64_t index, TimePoint at, std::uint32_t rtp_timestamp);  // with the lock held

  mutable std::mutex mutex_;
  std::FILE* file_;
  std::uint64_t next_index_ = 0;
  bool failed_ = false;
};

}  // namespace sotto::device
