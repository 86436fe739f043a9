// A camera through FFmpeg: a thread that opens, reads, paces, converts and hands over.
#pragma once

#include <memory>
#include <thread>

#include "av_input.hpp"
#include "sotto/device/device.hpp"

namespace sotto::device_avdevice {

class AvCamera final : public device::VideoSource {
 public:
  AvCamera(InputAddress address, const device::VideoFormat& wanted);
  ~AvCamera() override;

  Status start(FrameCallback on_frame, device::ProblemCallback on_problem) override;
  void stop() override;

 private:
  // Shared by this object and its thread, and outliving the object when a driver hangs in the thread.
  struct Shared;

  static void run(const std::shared_ptr<Shared>& shared);

  std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

}  // namespace sotto::device_avdevice
