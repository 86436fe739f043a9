#include "desktop/draw/compositor.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace sotto::desktop {
namespace {

std::shared_ptr<media::VideoFrame> filled(int y, int u, int v) {
  auto frame = media::make_video_frame(64, 36);
  std::ranges::fill(frame->y, static_cast<std::uint8_t>(y));
  std::ranges::fill(frame->u, static_cast<std::uint8_t>(u));
  std::ranges::fill(frame->v, static_cast<std::uint8_t>(v));
  return frame;
}

void expect_near(std::uint32_t argb, int r, int g, int b) {
  EXPECT_NEAR(static_cast<int>(argb >> 16 & 255), r, 3);
  EXPECT_NEAR(static_cast<int>(argb >> 8 & 255), g, 3);
  EXPECT_NEAR(static_cast<int>(argb & 255), b, 3);
}

TEST(SelfView, has_the_colours_of_bt709) {
  std::vector<std::uint32_t> out(16 * 9);
  picture_to_argb(*filled(235, 128, 128), 16, 9, false, 0, out.data());
  expect_near(out[70], 255, 255, 255);
  picture_to_argb(*filled(16, 128, 128), 16, 9, false, 0, out.data());
  expect_near(out[70], 0, 0, 0);
  picture_to_argb(*filled(63, 102, 240), 16, 9, false, 0, out.data());
  expect_near(out[70], 255, 0, 0);
  picture_to_argb(*filled(173, 42, 26), 16, 9, false, 0, out.data());
  expect_near(out[70], 0, 255, 0);
}

TEST(SelfView, is_mirrored_when_asked) {
  auto frame = filled(16, 128, 128);
  for (int y = 0; y < 36; ++y) {
    for (int x = 0; x < 16; ++x) frame->y[static_cast<std::size_t>(y * frame->stride_y + x)] = 235;
  }
  std::vector<std::uint32_t> plain(16 * 9), mirrored(16 * 9);
  picture_to_argb(*frame, 16, 9, false, 0, plain.data());
  picture_to_argb(*frame, 16, 9, true, 0, mirrored.data());
  EXPECT_GT(plain[0] & 255, 250u);
  EXPECT_LT(plain[15] & 255, 5u);
  for (std::size_t x = 0; x < 16; ++x) EXPECT_EQ(plain[x], mirrored[15 - x]);
}

TEST(SelfView, has_round_corners) {
  std::vector<std::uint32_t> out(32 * 18);
  picture_to_argb(*filled(235, 128, 128), 32, 18, false, 6, out.data());
  EXPECT_LT(out[0] >> 24, 40u);
  EXPECT_EQ(out[9 * 32 + 16] >> 24, 255u);
}

}  // namespace
}  // namespace sotto::desktop
