#include "av_input.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace sotto::device_avdevice {
namespace {

class Options {
 public:
  Options() = default;
  ~Options() { av_dict_free(&dictionary_); }
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;

  // Only running out of memory makes av_dict_set fail; the option is then missing and its default holds.
  void set(const char* key, const std::string& value) {
    static_cast<void>(av_dict_set(&dictionary_, key, value.c_str(), 0));
  }
  AVDictionary** get() { return &dictionary_; }

 private:
  AVDictionary* dictionary_ = nullptr;
};

const char* demuxer_name(InputKind kind) {
  switch (kind) {
    case InputKind::v4l2: return "video4linux2";
    case InputKind::screen: return "x11grab";
    case InputKind::lavfi: return "lavfi";
    case InputKind::file: return nullptr;  // found by looking at it
  }
  return nullptr;
}

std::string thing(const InputAddress& address) {
  switch (address.kind) {
    case InputKind::v4l2: return "The camera " + address.place;
    case InputKind::screen: return "The screen " + address.place;
    case InputKind::lavfi: return "The generated camera";
    case InputKind::file: return "The video file " + address.place;
  }
  return {};
}

}  // namespace

Error AvInput::failed(int error) const {
  const std::string name = thing(address_);
  switch (error) {
    case AVERROR(ENOENT): return fail(ErrorCode::unavailable, name + " does not exist.");
    case AVERROR(EACCES):
    case AVERROR(EPERM): return fail(ErrorCode::denied, name + " may not be used: no permission.");
    case AVERROR(EBUSY): return fail(ErrorCode::unavailable, name + " is in use by another program.");
    case AVERROR(ENODEV):
    case AVERROR(ENXIO): return fail(ErrorCode::unavailable, name + " was unplugged or is no camera.");
    case AVERROR(EINVAL):
    case AVERROR_INVALIDDATA:
      return fail(ErrorCode::invalid_argument, name + " does not deliver pictures that can be used.");
    default: return fail(ErrorCode::unavailable, name + " does not work: " + av_error_text(error) + ".");
  }
}

Result<AvInput> AvInput::open(const InputAddress& address, const device::VideoFormat& wanted,
                              const std::atomic<bool>& stopping) {
  prepare_ffmpeg();
  AvInput input;
  input.address_ = address;
  input.packet_.reset(av_packet_alloc());
  input.frame_.reset(av_frame_alloc());
  if (!input.packet_ || !input.frame_) return input.failed(AVERROR(ENOMEM));
  if (Status opened = input.open_demuxer(wanted, stopping); !opened) return std::move(opened).error();
  if (Status opened = input.open_decoder(); !opened) return std::move(opened).error();
  return input;
}

Status AvInput::open_demuxer(const device::VideoFormat& wanted, const std::atomic<bool>& stopping) {
  const char* name = demuxer_name(address_.kind);
  const AVInputFormat* format = name != nullptr ? av_find_input_format(name) : nullptr;
  if (name != nullptr && format == nullptr) {
    return fail(ErrorCode::unavailable,
                thing(address_) + " cannot be used: this FFmpeg has no " + name + ".");
  }
  const std::string size = std::to_string(wanted.width) + "x" + std::to_string(wanted.height);
  const std::string rate = std::to_string(wanted.fps);

  // Cameras compress where the cable is too narrow for raw pictures: over USB 2 720p comes at 10 a second raw
  // and at 30 as MJPEG. So that is asked for first, and anything at all second.
  const int attempts = address_.kind == InputKind::v4l2 ? 2 : 1;
  int error = 0;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    AVFormatContext* context = avformat_alloc_context();
    if (context == nullptr) return failed(AVERROR(ENOMEM));
    // `stopping` outlives us: whoever owns it owns us.
    context->interrupt_callback.callback = [](void* flag) {
      return static_cast<const std::atomic<bool>*>(flag)->load(std::memory_order_relaxed) ? 1 : 0;
    };
    context->interrupt_callback.opaque = const_cast<std::atomic<bool>*>(&stopping);

    Options options;
    std::string url = address_.place;
    if (address_.kind == InputKind::v4l2) {
      context->flags |= AVFMT_FLAG_NONBLOCK;
      options.set("video_size", size);
      options.set("framerate", rate);
      if (attempt == 0) options.set("input_format", "mjpeg");
    } else if (address_.kind == InputKind::screen) {
      // It sleeps from picture to picture inside; not for longer than stop() may take.
      options.set("framerate", std::to_string(std::max(wanted.fps, 15)));
    } else if (address_.kind == InputKind::file) {
      url.insert(0, "file:");  // whatever the path looks like
      // A playlist must not make us fetch something from the network.
      options.set("protocol_whitelist", "file");
    }
    error =
        avformat_open_input(&context, url.c_str(), format, options.get());  // frees the context when it fails
    if (error >= 0) {
      demuxer_.reset(context);
      break;
    }
    if (error != AVERROR(EINVAL)) break;
  }
  if (error < 0) return failed(error);
  if (address_.kind == InputKind::file) {
    error = avformat_find_stream_info(demuxer_.get(), nullptr);
    if (error < 0) return failed(error);
  }
  return ok_status();
}

Status AvInput::open_decoder() {
  const AVCodec* codec = nullptr;
  stream_ = av_find_best_stream(demuxer_.get(), AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
  if (stream_ < 0 || codec == nullptr) {
    return fail(ErrorCode::invalid_argument, thing(address_) + " has no pictures that can be decoded.");
  }
  for (unsigned i = 0; i < demuxer_->nb_streams; ++i) {
    if (static_cast<int>(i) != stream_) demuxer_->streams[i]->discard = AVDISCARD_ALL;
  }
  const AVStream& stream = *demuxer_->streams[stream_];
  decoder_.reset(avcodec_alloc_context3(codec));
  if (!decoder_) return failed(AVERROR(ENOMEM));
  int error = avcodec_parameters_to_context(decoder_.get(), stream.codecpar);
  if (error < 0) return failed(error);
  decoder_->pkt_timebase = stream.time_base;
  decoder_->thread_count = 1;  // more would delay a camera's MJPEG by pictures
  error = avcodec_open2(decoder_.get(), codec, nullptr);
  if (error < 0) return failed(error);
  return ok_status();
}

Result<AvInput::Read> AvInput::read() {
  for (;;) {
    int error = avcodec_receive_frame(decoder_.get(), frame_.get());
    if (error >= 0) return Read::picture;
    if (error == AVERROR_EOF) return Read::end;
    if (error != AVERROR(EAGAIN)) return failed(error);

    error = draining_ ? AVERROR_EOF : av_read_frame(demuxer_.get(), packet_.get());
    if (error == AVERROR(EAGAIN)) return Read::nothing_yet;
    if (error == AVERROR_EOF) {
      draining_ = true;
      error = avcodec_send_packet(decoder_.get(), nullptr);
      if (error < 0 && error != AVERROR_EOF) return failed(error);
      continue;
    }
    if (error < 0) return failed(error);
    if (packet_->stream_index == stream_) {
      error = avcodec_send_packet(decoder_.get(), packet_.get());
      // One broken picture is not the end of the camera.
      if (error < 0 && error != AVERROR_INVALIDDATA) {
        av_packet_unref(packet_.get());
        return failed(error);
      }
    }
    av_packet_unref(packet_.get());
  }
}

std::optional<Duration> AvInput::presentation() const {
  const std::int64_t time = frame_->best_effort_timestamp;
  if (time == AV_NOPTS_VALUE) return std::nullopt;
  return Duration(av_rescale_q(time, demuxer_->streams[stream_]->time_base, AVRational{1, 1'000'000'000}));
}

bool AvInput::rewind() {
  if (address_.kind != InputKind::file) return false;
  const std::int64_t begin = demuxer_->streams[stream_]->start_time;
  if (av_seek_frame(demuxer_.get(), stream_, begin == AV_NOPTS_VALUE ? 0 : begin, AVSEEK_FLAG_BACKWARD) < 0)
    return false;
  avcodec_flush_buffers(decoder_.get());
  draining_ = false;
  return true;
}

}  // namespace sotto::device_avdevice
