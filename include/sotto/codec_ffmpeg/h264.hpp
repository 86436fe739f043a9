// H.264 through FFmpeg: libx264 without delay for encoding, FFmpeg's own decoder.
#pragma once

#include <memory>

#include "sotto/codec/video_codec.hpp"

namespace sotto::codec_ffmpeg {

std::unique_ptr<codec::VideoCodecs> make_h264_codecs();

}  // namespace sotto::codec_ffmpeg
