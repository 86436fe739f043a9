#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "device/file/scale.hpp"
#include "sotto/device/clock.hpp"
#include "sotto/device_file/backend.hpp"
#include "support/temp_dir.hpp"

namespace sotto::device_file {
namespace {

std::string read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

media::VideoFramePtr picture(int width, int height, std::uint8_t luma, std::uint32_t rtp) {
  auto frame = media::make_video_frame(width, height);
  std::fill(frame->y.begin(), frame->y.end(), luma);
  frame->rtp_timestamp = rtp;
  return frame;
}

std::unique_ptr<device::VideoSink> open(const std::string& path) {
  device::DeviceFactory factory;
  factory.add(make_backend());
  auto sink = factory.open_video_sink("file:" + path);
  EXPECT_TRUE(sink.ok());
  return std::move(*sink);
}

TEST(Y4mSink, writes_pictures_without_their_padding_and_a_line_for_each) {
  const test::TempDir dir;
  const TimePoint before = device::monotonic_now();
  auto sink = open(dir.file("a.y4m"));
  sink->show(picture(20, 16, 'a', 3000));
  sink->show(picture(20, 16, 'b', 6000));
  EXPECT_TRUE(sink->close().ok());
  EXPECT_TRUE(sink->close().ok());
  sink->show(picture(20, 16, 'c', 9000));  // too late: in neither file

  const std::string chroma(2 * 10 * 8, static_cast<char>(128));
  EXPECT_EQ(read_all(dir.file("a.y4m")),
            "YUV4MPEG2 W20 H16 F30:1 Ip A1:1 C420mpeg2 XCOLORRANGE=LIMITED\nFRAME\n" + std::string(320, 'a') +
                chroma + "FRAME\n" + std::string(320, 'b') + chroma);
  std::ifstream log(dir.file("a.y4m.log"));
  std::uint64_t index = 0, rtp = 0;
  std::int64_t at = 0;
  ASSERT_TRUE(log >> index >> at >> rtp);
  EXPECT_EQ(index, 0U);
  EXPECT_EQ(rtp, 3000U);
  EXPECT_GE(at, before.time_since_epoch().count());
  ASSERT_TRUE(log >> index >> at >> rtp);
  EXPECT_EQ(index, 1U);
  EXPECT_EQ(rtp, 6000U);
  EXPECT_FALSE(log >> index);
}

TEST(Y4mSink, brings_pictures_of_another_size_to_the_size_of_the_first) {
  const test::TempDir dir;
  auto sink = open(dir.file("a.y4m"));
  sink->show(picture(20, 16, 'a', 0));
  sink->show(picture(40, 32, 'b', 0));
  EXPECT_TRUE(sink->close().ok());
  const std::string file = read_all(dir.file("a.y4m"));
  EXPECT_EQ(file.size(), file.find('\n') + 1 + 2 * (6 + 20 * 16 * 3 / 2));
  EXPECT_EQ(std::count(file.begin(), file.end(), 'b'), 320);
}

TEST(Y4mSink, reports_a_full_disk_when_closed) {
  const test::TempDir dir;
  std::filesystem::create_symlink("/dev/full", dir.file("a.y4m"));
  auto sink = open(dir.file("a.y4m"));
  sink->show(picture(320, 240, 'a', 0));
  EXPECT_EQ(sink->close().error().code, ErrorCode::storage);
}

TEST(Y4mSink, wants_a_name_that_ends_in_y4m_and_a_place_to_write) {
  device::DeviceFactory factory;
  factory.add(make_backend());
  EXPECT_EQ(factory.open_video_sink("file:/etc/passwd").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(factory.open_video_sink("file:/nonexistent/a.y4m").error().code, ErrorCode::storage);
  EXPECT_TRUE(factory.open_video_sink("none").ok());
  EXPECT_TRUE(factory.open_video_sink("").ok());
}

TEST(Scale, keeps_a_gradient_a_gradient) {
  auto from = media::make_video_frame(64, 32);
  for (int y = 0; y < 32; ++y) {
    for (int x = 0; x < 64; ++x)
      from->y[static_cast<std::size_t>(y * from->stride_y + x)] = static_cast<std::uint8_t>(x * 2 + y);
  }
  from->rtp_timestamp = 5;
  const auto larger = scale(*from, 128, 64);
  EXPECT_EQ(larger->rtp_timestamp, 5U);
  for (int y = 2; y < 62; ++y) {
    for (int x = 2; x < 126; ++x) {
      EXPECT_NEAR(larger->y[static_cast<std::size_t>(y * larger->stride_y + x)], x - 0.5 + y / 2.0 - 0.25,
                  1.5);
    }
  }
  const auto same = scale(*from, 64, 32);
  EXPECT_EQ(same->y, from->y);
}

}  // namespace
}  // namespace sotto::device_file
