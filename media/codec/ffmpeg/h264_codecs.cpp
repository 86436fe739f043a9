#include "codec/ffmpeg/h264_decoder.hpp"
#include "codec/ffmpeg/h264_encoder.hpp"
#include "sotto/codec_ffmpeg/h264.hpp"

namespace sotto::codec_ffmpeg {
namespace {

class Codecs final : public codec::VideoCodecs {
 public:
  Result<std::unique_ptr<codec::VideoEncoder>> make_encoder(
      const codec::VideoEncoderSettings& settings) override {
    return H264Encoder::create(settings);
  }
  Result<std::unique_ptr<codec::VideoDecoder>> make_decoder() override { return H264Decoder::create(); }
};

}  // namespace

// FFmpeg writes to stderr by itself, also about what a peer sent: errors reach us as values instead.
std::unique_ptr<codec::VideoCodecs> make_h264_codecs() {
  av_log_set_level(AV_LOG_QUIET);
  return std::make_unique<Codecs>();
}

}  // namespace sotto::codec_ffmpeg
