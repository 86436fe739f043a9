// The real devices, ICE and codecs of this machine, put together for call::make_media_session_factory().
#pragma once

#include <functional>
#include <memory>

#include "sotto/call/media_session_factory.hpp"
#include "sotto/runtime/client_runtime.hpp"

namespace sotto::runtime {

// Shows the far side's pictures in a device::VideoSink (--video-sink) and in the face's own sink.
class PictureFan final : public call::PictureSink {
 public:
  PictureFan(call::PictureSink* face, std::unique_ptr<device::VideoSink> sink)
      : face_(face), sink_(std::move(sink)) {}
  ~PictureFan() override;
  void on_remote_picture(media::VideoFramePtr frame) override;
  void on_local_picture(media::VideoFramePtr frame) override;

 private:
  call::PictureSink* face_;
  std::unique_ptr<device::VideoSink> sink_;
};

class Media {
 public:
  // Fails for a URI or a log path that cannot be right; a device that is merely missing is found out in the
  // call.
  static Result<std::unique_ptr<Media>> make(const ClientRuntimeOptions& options, call::Executor& executor,
                                             std::function<ice::Options()> ice_options);
  call::MediaSessionFactory& factory() { return *factory_; }

 private:
  Media() = default;

  device::DeviceFactory devices_;
  std::unique_ptr<ice::AgentFactory> agents_;
  std::unique_ptr<codec::VideoCodecs> video_;
  std::unique_ptr<codec::AudioCodecs> audio_;
  std::unique_ptr<device::TimingLog> camera_log_;
  std::unique_ptr<device::TimingLog> microphone_log_;
  std::unique_ptr<PictureFan> pictures_;
  std::unique_ptr<call::MediaSessionFactory> factory_;  // last: uses everything above
};

}  // namespace sotto::runtime
