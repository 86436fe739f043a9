#include "device/avdevice/converter.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace sotto::device_avdevice {
namespace {

AvPtr<AVFrame> make_frame(AVPixelFormat format, int width, int height) {
  AvPtr<AVFrame> frame(av_frame_alloc());
  frame->format = format;
  frame->width = width;
  frame->height = height;
  EXPECT_GE(av_frame_get_buffer(frame.get(), 0), 0);
  return frame;
}

void fill_plane(AVFrame& frame, int plane, int rows, std::uint8_t value) {
  std::memset(frame.data[plane], value,
              static_cast<std::size_t>(frame.linesize[plane]) * static_cast<std::size_t>(rows));
}

TEST(Fit, keeps_the_aspect_and_never_enlarges) {
  const PictureSize wanted{1280, 720};
  EXPECT_EQ(fit({1280, 720}, {0, 1}, wanted), (PictureSize{1280, 720}));
  EXPECT_EQ(fit({1920, 1080}, {1, 1}, wanted), (PictureSize{1280, 720}));
  EXPECT_EQ(fit({640, 480}, {1, 1}, wanted), (PictureSize{640, 480}));
  EXPECT_EQ(fit({1600, 1200}, {1, 1}, wanted), (PictureSize{960, 720}));
  EXPECT_EQ(fit({1400, 900}, {1, 1}, wanted), (PictureSize{1120, 720}));
  EXPECT_EQ(fit({1080, 1920}, {1, 1}, wanted), (PictureSize{406, 720}));  // 405 made even
  EXPECT_EQ(fit({641, 481}, {1, 1}, wanted), (PictureSize{642, 482}));
  EXPECT_EQ(fit({720, 576}, {16, 15}, wanted), (PictureSize{720, 540}));  // PAL pixels are wider than high
  EXPECT_EQ(fit({100000, 10}, {1, 1}, wanted), (PictureSize{1280, 16}));
}

TEST(Converter, copies_pictures_that_fit_already_bit_by_bit) {
  const auto frame = make_frame(AV_PIX_FMT_YUV420P, 1280, 720);
  for (int row = 0; row < 720; ++row) {
    for (int x = 0; x < 1280; ++x)
      frame->data[0][row * frame->linesize[0] + x] = static_cast<std::uint8_t>(x * 7 + row);
  }
  fill_plane(*frame, 1, 360, 33);
  fill_plane(*frame, 2, 360, 44);
  const auto out = Converter({1280, 720}).convert(*frame);
  ASSERT_TRUE(out.ok());
  for (int row = 0; row < 720; ++row) {
    ASSERT_EQ(std::memcmp(&(*out)->y[static_cast<std::size_t>(row * (*out)->stride_y)],
                          frame->data[0] + row * frame->linesize[0], 1280),
              0);
  }
  EXPECT_EQ((*out)->u[0], 33);
  EXPECT_EQ((*out)->v[static_cast<std::size_t>(359 * (*out)->stride_uv + 639)], 44);
}

// Rec. ITU-R BT.709: red is Y 63, Cb 102, Cr 240.
TEST(Converter, makes_bt709_of_rgb) {
  const auto frame = make_frame(AV_PIX_FMT_BGR0, 320, 240);
  for (int row = 0; row < 240; ++row) {
    for (int x = 0; x < 320; ++x)
      std::memcpy(frame->data[0] + row * frame->linesize[0] + x * 4, "\0\0\xff\0", 4);
  }
  const auto out = Converter({1280, 720}).convert(*frame);
  ASSERT_TRUE(out.ok());
  EXPECT_EQ((*out)->width, 320);
  EXPECT_NEAR((*out)->y[1000], 63, 2);
  EXPECT_NEAR((*out)->u[1000], 102, 2);
  EXPECT_NEAR((*out)->v[1000], 240, 2);
}

// What a camera's MJPEG gives: BT.601, full range. Its red is Y 76, Cb 85, Cr 255.
TEST(Converter, makes_limited_bt709_of_the_full_range_bt601_of_jpeg) {
  const auto frame = make_frame(AV_PIX_FMT_YUVJ422P, 1280, 720);
  frame->colorspace = AVCOL_SPC_BT470BG;
  fill_plane(*frame, 0, 720, 76);
  fill_plane(*frame, 1, 720, 85);
  fill_plane(*frame, 2, 720, 255);
  const auto out = Converter({1280, 720}).convert(*frame);
  ASSERT_TRUE(out.ok());
  EXPECT_NEAR((*out)->y[100000], 63, 3);
  EXPECT_NEAR((*out)->u[100000], 102, 3);
  EXPECT_NEAR((*out)->v[100000], 240, 3);
}

TEST(Converter, follows_a_source_that_changes_its_size) {
  Converter converter({640, 360});
  for (const PictureSize size : {PictureSize{1920, 1080}, PictureSize{320, 180}, PictureSize{1920, 1080}}) {
    const auto frame = make_frame(AV_PIX_FMT_YUYV422, size.width, size.height);
    std::memset(frame->data[0], 128,
                static_cast<std::size_t>(frame->linesize[0]) * static_cast<std::size_t>(size.height));
    const auto out = converter.convert(*frame);
    ASSERT_TRUE(out.ok());
    EXPECT_EQ((*out)->width, std::min(640, size.width));
  }
}

TEST(Converter, refuses_a_picture_without_a_size) {
  const AvPtr<AVFrame> frame(av_frame_alloc());
  EXPECT_EQ(Converter({640, 360}).convert(*frame).error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace sotto::device_avdevice
