// Opus (RFC 6716) through libopus: constant bit rate, in-band forward error correction, concealment.
#pragma once

#include <memory>

#include "sotto/codec/audio_codec.hpp"

namespace sotto::codec_opus {

std::unique_ptr<codec::AudioCodecs> make_opus_codecs();

}  // namespace sotto::codec_opus
