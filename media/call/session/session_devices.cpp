// Opening devices and codecs, and what they call back.
#include "call/session/session.hpp"
#include "sotto/base/log.hpp"

namespace sotto::call {

void Session::report_problem(const Error& error) {
  log::warning("call.device_problem", {{"reason", error.message}});
  poster([](Session& s, const Error& problem) { s.observer_.on_device_problem(problem); })(error);
}

Status Session::make_decoder() {
  auto decoder = deps_.video.make_decoder();
  if (!decoder) return std::move(decoder).error().with("starting the call");
  codec::VideoDecodeWorker::Callbacks callbacks;
  callbacks.on_picture = [pictures = deps_.pictures,
                          tell = poster([](Session& s, int width, int height, Duration time) {
                            s.engine_->handle_picture_shown(width, height, time);
                          })](media::VideoFramePtr picture, Duration decode_time) {
    const int width = picture->width, height = picture->height;
    if (pictures != nullptr) pictures->on_remote_picture(std::move(picture));
    tell(width, height, decode_time);
  };
  callbacks.on_lost = poster([](Session& s, const Error&) {
    s.engine_->handle_decode_failure(s.deps_.now());
    s.drain();
  });
  decoder_ = std::make_unique<codec::VideoDecodeWorker>(*std::move(decoder), deps_.now, std::move(callbacks));
  return ok_status();
}

Status Session::open_camera() {
  auto source = deps_.devices.open_camera(selection_.camera, deps_.video_format);
  if (!source) return std::move(source).error().with("opening the camera");
  if (!camera_) {
    codec::VideoEncoderSettings settings;
    settings.frames_per_second = deps_.video_format.fps;
    settings.bitrate = video_bitrate_;
    codec::VideoEncodeWorker::Callbacks callbacks;
    callbacks.on_encoded = poster([](Session& s, const codec::EncodedFrame& unit, Duration time) {
      s.encode_ms_ += (std::chrono::duration<double, std::milli>(time).count() - s.encode_ms_) / 16;
      s.engine_->handle_encoded_video(unit, s.deps_.now());
      s.drain();
    });
    callbacks.on_failed = poster([](Session& s, const Error& error) {
      s.camera_.reset();  // its encoder is gone with it; turning the camera on makes another
      s.observer_.on_device_problem(error);
    });
    camera_ = std::make_unique<Camera>(deps_.video, settings, deps_.now, std::move(callbacks),
                                       rtp::VideoClock(video_offset_), deps_.pictures, deps_.camera_log);
    camera_->set_sending(ice_state_ == ice::State::connected);
  }
  auto opened = camera_->open(*std::move(source), poster([](Session& s, const Error& error) {
    if (s.camera_) s.camera_->close();
    s.observer_.on_device_problem(error);
  }));
  if (!opened) return std::move(opened).error().with("opening the camera");
  return ok_status();
}

Status Session::open_microphone() {
  auto source = deps_.devices.open_microphone(selection_.microphone);
  if (!source) return std::move(source).error().with("opening the microphone");
  auto encoder = deps_.audio.make_encoder({.expected_loss = audio_loss_});
  if (!encoder) return std::move(encoder).error().with("opening the microphone");
  // A microphone opened again goes on counting elsewhere: timestamps of one stream must not repeat.
  microphone_ = std::make_unique<Microphone>(*std::move(source), *std::move(encoder), audio_timestamp_now(),
                                             deps_.microphone_log);
  auto started = microphone_->start(poster([](Session& s, const EncodedAudio& packet) {
                                      s.engine_->handle_encoded_audio(packet, s.deps_.now());
                                      s.drain();
                                    }),
                                    poster([](Session& s, const Error& error) {
                                      s.microphone_.reset();
                                      s.observer_.on_device_problem(error);
                                    }));
  if (!started) {
    microphone_.reset();
    return std::move(started).error().with("opening the microphone");
  }
  return ok_status();
}

Status Session::open_speaker() {
  if (!speaker_wanted_) return ok_status();
  auto sink = deps_.devices.open_speaker(selection_.speaker);
  if (!sink) return std::move(sink).error().with("opening the speaker");
  auto decoder = deps_.audio.make_decoder();
  if (!decoder) return std::move(decoder).error().with("opening the speaker");
  speaker_ = std::make_unique<Speaker>(*std::move(sink), *std::move(decoder), deps_.now);
  speaker_->set_minimum_delay(audio_hold_);
  auto started =
      speaker_->start(poster([](Session& s, const Speaker::Played& played) {
                        s.engine_->handle_audio_played(played.rtp_timestamp, played.when, played.delay);
                        s.drain();
                      }),
                      poster([](Session& s, const Error& error) {
                        s.speaker_.reset();
                        s.observer_.on_device_problem(error);
                      }));
  if (!started) {
    speaker_.reset();
    return std::move(started).error().with("opening the speaker");
  }
  return ok_status();
}

MediaSession::OpenDevices Session::open_devices() const {
  return {.microphone = microphone_ != nullptr, .camera = camera_ && camera_->is_open()};
}

// The clock of sound runs on while the microphone is closed, as if it had been silent.
std::uint32_t Session::audio_timestamp_now() const {
  return audio_offset_ +
         static_cast<std::uint32_t>(rtp::to_ticks(deps_.now().time_since_epoch(), rtp::kAudioClockRate));
}

void Session::on_selection_changed(bool camera, bool microphone, bool speaker) {
  if (closed_ || !engine_) return;
  if (camera && camera_ && camera_->is_open()) {
    camera_->close();
    if (auto opened = open_camera(); !opened) report_problem(opened.error());
  }
  if (microphone && microphone_) {
    microphone_.reset();
    if (auto opened = open_microphone(); !opened) report_problem(opened.error());
  }
  if (speaker && speaker_) {
    speaker_.reset();
    if (auto opened = open_speaker(); !opened) report_problem(opened.error());
  }
}

}  // namespace sotto::call
