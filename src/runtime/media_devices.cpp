#include "media_devices.hpp"

#include "sotto/codec_ffmpeg/h264.hpp"
#include "sotto/codec_opus/opus.hpp"
#include "sotto/crypto/random.hpp"
#include "sotto/device_avdevice/backend.hpp"
#include "sotto/device_file/backend.hpp"
#include "sotto/device_portaudio/backend.hpp"
#include "sotto/ice_nice/factory.hpp"
#include "sotto/net/loop.hpp"

namespace sotto::runtime {
namespace {

Result<std::unique_ptr<device::TimingLog>> open_log(const std::string& path) {
  if (path.empty()) return std::unique_ptr<device::TimingLog>();
  return device::TimingLog::create(path);
}

}  // namespace

PictureFan::~PictureFan() {
  // A sink that failed said so in its own log; there is nobody left to tell.
  if (sink_) static_cast<void>(sink_->close());
}

void PictureFan::on_remote_picture(media::VideoFramePtr frame) {
  if (sink_) sink_->show(frame);
  if (face_ != nullptr) face_->on_remote_picture(std::move(frame));
}

void PictureFan::on_local_picture(media::VideoFramePtr frame) {
  if (face_ != nullptr) face_->on_local_picture(std::move(frame));
}

Result<std::unique_ptr<Media>> Media::make(const ClientRuntimeOptions& options, call::Executor& executor,
                                           std::function<ice::Options()> ice_options) {
  std::unique_ptr<Media> out(new Media);
  out->devices_.add(device_avdevice::make_backend());
  out->devices_.add(device_portaudio::make_backend());
  out->devices_.add(device_file::make_backend());

  const auto check = [](std::string_view option, const std::string& uri, Status status) -> Status {
    if (uri.empty() || status) return ok_status();
    return std::move(status).error().with(option);
  };
  for (Status checked :
       {check("--camera", options.camera, out->devices_.check_camera(options.camera)),
        check("--microphone", options.microphone, out->devices_.check_microphone(options.microphone)),
        check("--speaker", options.speaker, out->devices_.check_speaker(options.speaker))}) {
    if (!checked) return std::move(checked).error();
  }
  auto sink = out->devices_.open_video_sink(options.video_sink);
  if (!sink) return std::move(sink).error().with("--video-sink");
  auto camera_log = open_log(options.camera_log);
  if (!camera_log) return std::move(camera_log).error().with("--camera-log");
  auto microphone_log = open_log(options.microphone_log);
  if (!microphone_log) return std::move(microphone_log).error().with("--microphone-log");

  out->camera_log_ = std::move(*camera_log);
  out->microphone_log_ = std::move(*microphone_log);
  out->pictures_ = std::make_unique<PictureFan>(options.pictures, std::move(*sink));
  out->agents_ = ice_nice::make_agent_factory();
  out->video_ = codec_ffmpeg::make_h264_codecs();
  out->audio_ = codec_opus::make_opus_codecs();
  out->factory_ = call::make_media_session_factory({.agents = *out->agents_,
                                                    .ice_options = std::move(ice_options),
                                                    .devices = out->devices_,
                                                    .video = *out->video_,
                                                    .audio = *out->audio_,
                                                    .executor = executor,
                                                    .now = net::monotonic_now,
                                                    .random = crypto::system_random(),
                                                    .pictures = out->pictures_.get(),
                                                    .camera_log = out->camera_log_.get(),
                                                    .microphone_log = out->microphone_log_.get(),
                                                    .camera = options.camera,
                                                    .microphone = options.microphone,
                                                    .speaker = options.speaker,
                                                    .video_format = {}});
  return out;
}

}  // namespace sotto::runtime
