#include "call/session/camera.hpp"

namespace sotto::call {

Camera::Camera(codec::VideoCodecs& codecs, const codec::VideoEncoderSettings& settings, codec::Clock now,
               codec::VideoEncodeWorker::Callbacks callbacks, rtp::VideoClock clock, PictureSink* pictures,
               device::TimingLog* log)
    : clock_(clock),
      pictures_(pictures),
      log_(log),
      encoder_(codecs, settings, std::move(now), std::move(callbacks)) {}

Camera::~Camera() { close(); }

Status Camera::open(std::unique_ptr<device::VideoSource> source, device::ProblemCallback on_problem) {
  close();
  encoder_.request_key_frame();
  auto started =
      source->start([this](std::shared_ptr<media::VideoFrame> frame) { on_frame(std::move(frame)); },
                    std::move(on_problem));
  if (started) source_ = std::move(source);
  return started;
}

void Camera::close() {
  if (source_) source_->stop();
  source_.reset();
}

void Camera::set_sending(bool sending) {
  if (sending && !sending_.load(std::memory_order_relaxed)) encoder_.request_key_frame();
  sending_.store(sending, std::memory_order_relaxed);
}

void Camera::on_frame(std::shared_ptr<media::VideoFrame> frame) {
  frame->rtp_timestamp = clock_.timestamp(frame->captured);
  if (log_ != nullptr) log_->add(frame->captured, frame->rtp_timestamp);
  const media::VideoFramePtr shared = std::move(frame);
  if (sending_.load(std::memory_order_relaxed)) encoder_.submit(shared);
  if (pictures_ != nullptr) pictures_->on_local_picture(shared);
}

}  // namespace sotto::call
