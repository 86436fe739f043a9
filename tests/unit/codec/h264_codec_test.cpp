#include "sotto/codec_ffmpeg/h264.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "sotto/base/random.hpp"
#include "sotto/codec/h264_payload.hpp"

namespace sotto::codec_ffmpeg {
namespace {

using codec::EncodedFrame;
using media::VideoFrame;
using media::VideoFramePtr;

// A gradient with a moving bright square and a little noise.
std::shared_ptr<VideoFrame> picture(int index, int width = 1280, int height = 720, int noise = 4) {
  const auto frame = media::make_video_frame(width, height);
  SeededRandom random(static_cast<std::uint64_t>(index));
  std::uint64_t bits = 0;
  for (int row = 0; row < height; ++row) {
    for (int column = 0; column < width; ++column) {
      if (column % 16 == 0) bits = random.u64();
      const int grain = noise == 0 ? 0 : static_cast<int>(bits >> (column % 16 * 4) & 0xf) % noise;
      const bool square =
          (column - index * 8 % width) >= 0 && (column - index * 8 % width) < 100 && row > 200 && row < 300;
      frame->y[static_cast<std::size_t>(row * frame->stride_y + column)] =
          static_cast<std::uint8_t>(square ? 220 : 40 + (row + column) % 160 + grain);
    }
  }
  for (int row = 0; row < height / 2; ++row) {
    for (int column = 0; column < width / 2; ++column) {
      const auto at = static_cast<std::size_t>(row * frame->stride_uv + column);
      frame->u[at] = static_cast<std::uint8_t>(100 + row % 40);
      frame->v[at] = static_cast<std::uint8_t>(110 + column % 40);
    }
  }
  frame->rtp_timestamp = 0xffff0000u + static_cast<std::uint32_t>(index) * 3000u;
  frame->captured = TimePoint(std::chrono::milliseconds(33) * index);
  return frame;
}

double psnr_y(const VideoFrame& a, const VideoFrame& b) {
  double sum = 0;
  for (int row = 0; row < a.height; ++row) {
    for (int column = 0; column < a.width; ++column) {
      const double d = a.y[static_cast<std::size_t>(row * a.stride_y + column)] -
                       b.y[static_cast<std::size_t>(row * b.stride_y + column)];
      sum += d * d;
    }
  }
  return 10 * std::log10(255.0 * 255.0 * a.width * a.height / std::max(sum, 1e-9));
}

Bytes through_packets(const EncodedFrame& unit) {
  const auto payloads = codec::packetize_h264(unit.data, 1172);
  EXPECT_EQ(codec::starts_h264_key_frame(payloads.front()), unit.key_frame);
  const std::vector<ByteView> views(payloads.begin(), payloads.end());
  return *codec::depacketize_h264(views);
}

TEST(H264, carries_sixty_pictures_of_720p_through_packets_with_their_timestamps) {
  const auto codecs = make_h264_codecs();
  const auto encoder = *codecs->make_encoder({.width = 1280, .height = 720, .bitrate = 3'000'000});
  const auto decoder = *codecs->make_decoder();
  double worst = 100;
  for (int i = 0; i < 60; ++i) {
    const auto source = picture(i);
    auto unit = encoder->encode(*source, false);
    ASSERT_TRUE(unit) << unit.error().message;
    EXPECT_EQ(unit->key_frame, i == 0);
    EXPECT_EQ(unit->rtp_timestamp, source->rtp_timestamp);
    EXPECT_EQ(unit->captured, source->captured);
    unit->data = through_packets(*unit);
    const auto decoded = decoder->decode(*unit);
    ASSERT_TRUE(decoded) << decoded.error().message;
    ASSERT_TRUE(*decoded) << "every picture comes out at once";
    EXPECT_EQ((*decoded)->rtp_timestamp, source->rtp_timestamp);
    EXPECT_EQ((*decoded)->width, 1280);
    if (i >= 5) worst = std::min(worst, psnr_y(*source, **decoded));
  }
  EXPECT_GT(worst, 32.0);
}

TEST(H264, follows_a_change_of_bit_rate_without_a_key_frame) {
  const auto codecs = make_h264_codecs();
  const auto encoder = *codecs->make_encoder({.width = 640, .height = 360, .bitrate = 1'600'000});
  auto run = [&, index = 0](int bitrate) mutable {
    encoder->set_bitrate(bitrate);
    std::size_t bytes = 0;
    for (int i = 0; i < 120; ++i) {
      const auto unit = encoder->encode(*picture(index++, 640, 360, 16), false);
      EXPECT_TRUE(unit);
      EXPECT_TRUE(index == 1 || !unit->key_frame);
      if (i >= 30) bytes += unit->data.size();  // the first second settles
    }
    return static_cast<double>(bytes) * 8 / 3.0;  // 90 pictures are 3 s
  };
  EXPECT_NEAR(run(1'600'000), 1'600'000, 350'000);
  EXPECT_NEAR(run(400'000), 400'000, 120'000);
  EXPECT_NEAR(run(1'200'000), 1'200'000, 300'000);
}

TEST(H264, makes_a_key_frame_when_asked_that_a_new_decoder_can_start_from) {
  const auto codecs = make_h264_codecs();
  const auto encoder = *codecs->make_encoder({.width = 320, .height = 240});
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(encoder->encode(*picture(i, 320, 240), false));
  const auto unit = encoder->encode(*picture(10, 320, 240), true);
  ASSERT_TRUE(unit);
  EXPECT_TRUE(unit->key_frame);
  const auto decoded = (*codecs->make_decoder())->decode(*unit);
  ASSERT_TRUE(decoded);
  EXPECT_TRUE(*decoded);
}

TEST(H264, decodes_on_when_the_size_changes_in_the_middle) {
  const auto codecs = make_h264_codecs();
  const auto decoder = *codecs->make_decoder();
  for (const auto& [width, height] : {std::pair{320, 240}, std::pair{1280, 720}, std::pair{64, 64}}) {
    const auto encoder = *codecs->make_encoder({.width = width, .height = height});
    for (int i = 0; i < 3; ++i) {
      const auto decoded = decoder->decode(*encoder->encode(*picture(i, width, height), false));
      ASSERT_TRUE(decoded);
      ASSERT_TRUE(*decoded);
      EXPECT_EQ((*decoded)->width, width);
      EXPECT_EQ((*decoded)->height, height);
    }
  }
}

TEST(H264, works_with_low_effort) {
  const auto codecs = make_h264_codecs();
  const auto encoder =
      *codecs->make_encoder({.width = 320, .height = 240, .effort = codec::EncoderEffort::low});
  const auto decoder = *codecs->make_decoder();
  for (int i = 0; i < 5; ++i) {
    const auto decoded = decoder->decode(*encoder->encode(*picture(i, 320, 240), false));
    ASSERT_TRUE(decoded);
    ASSERT_TRUE(*decoded);
  }
}

TEST(H264, refuses_sizes_out_of_range_and_pictures_smaller_than_they_say) {
  const auto codecs = make_h264_codecs();
  EXPECT_FALSE(codecs->make_encoder({.width = 0, .height = 720}));
  EXPECT_FALSE(codecs->make_encoder({.width = 1281, .height = 720}));
  EXPECT_FALSE(codecs->make_encoder({.width = 3842, .height = 720}));
  const auto encoder = *codecs->make_encoder({.width = 320, .height = 240});
  EXPECT_FALSE(encoder->encode(*picture(0, 640, 480), false));
  const auto cut = picture(0, 320, 240);
  cut->v.resize(10);
  EXPECT_FALSE(encoder->encode(*cut, false));
  EXPECT_TRUE(encoder->encode(*picture(0, 320, 240), false));
}

TEST(H264, reports_damaged_units_and_goes_on_with_the_next_key_frame) {
  const auto codecs = make_h264_codecs();
  const auto encoder = *codecs->make_encoder({.width = 320, .height = 240});
  const auto decoder = *codecs->make_decoder();
  SeededRandom random(5);
  EXPECT_FALSE(decoder->decode({}));
  for (int i = 0; i < 200; ++i) {
    auto unit = *encoder->encode(*picture(i, 320, 240), i % 10 == 0);
    for (std::uint64_t flips = random.below(20); flips > 0; --flips) {
      unit.data[random.below(unit.data.size())] ^= static_cast<std::uint8_t>(1u << random.below(8));
    }
    (void)decoder->decode(unit);  // an error or a picture, never a crash
  }
  const auto decoded = decoder->decode(*encoder->encode(*picture(200, 320, 240), true));
  ASSERT_TRUE(decoded) << decoded.error().message;
  ASSERT_TRUE(*decoded);
}

}  // namespace
}  // namespace sotto::codec_ffmpeg
