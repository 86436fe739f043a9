// One opened FFmpeg input: the demuxer (or device) and the decoder of its video stream.
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "av_util.hpp"
#include "sotto/base/result.hpp"
#include "sotto/base/time.hpp"
#include "sotto/device/device.hpp"

namespace sotto::device_avdevice {

enum class InputKind { v4l2, screen, lavfi, file };

struct InputAddress {
  InputKind kind = InputKind::file;
  std::string place;  // device, display, graph or path
};

// Thread: any one at a time. Calls return soon after `stopping` becomes true, except where a driver hangs.
class AvInput {
 public:
  static Result<AvInput> open(const InputAddress& address, const device::VideoFormat& wanted,
                              const std::atomic<bool>& stopping);

  enum class Read { picture, nothing_yet, end };
  // Fills frame(). `nothing_yet`: the device has none now (only v4l2, which does not wait). After `end`
  // rewind() or open anew. unavailable when the device failed or `stopping` became true.
  Result<Read> read();
  const AVFrame& frame() const { return *frame_; }
  // When the picture in frame() should be shown, on the input's own scale.
  std::optional<Duration> presentation() const;

  // Back to the beginning; false when the input cannot (a device, a pipe).
  bool rewind();

 private:
  AvInput() = default;
  Status open_demuxer(const device::VideoFormat& wanted, const std::atomic<bool>& stopping);
  Status open_decoder();
  Error failed(int error) const;

  InputAddress address_;
  AvPtr<AVFormatContext> demuxer_;
  AvPtr<AVCodecContext> decoder_;
  AvPtr<AVPacket> packet_;
  AvPtr<AVFrame> frame_;
  int stream_ = -1;
  bool draining_ = false;
};

}  // namespace sotto::device_avdevice
