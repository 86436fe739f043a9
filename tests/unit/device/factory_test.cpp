#include "sotto/device/factory.hpp"

#include <gtest/gtest.h>

namespace sotto::device {
namespace {

struct NullCamera final : VideoSource {
  Status start(FrameCallback, ProblemCallback) override { return ok_status(); }
  void stop() override {}
};

// Knows cameras "a:", and says what it was asked to open.
struct FakeBackend final : Backend {
  explicit FakeBackend(std::string& opened, bool listed) : opened_(opened), listed_(listed) {}
  bool has_camera(std::string_view scheme) const override { return scheme == "a"; }
  Result<std::unique_ptr<VideoSource>> open_camera(const DeviceUri& uri, const VideoFormat&) override {
    opened_ = uri.rest;
    return std::unique_ptr<VideoSource>(std::make_unique<NullCamera>());
  }
  void list(DeviceList& all) override {
    if (listed_) all.cameras.push_back({"a:first", "First camera"});
  }
  std::string& opened_;
  bool listed_;
};

TEST(DeviceUri, is_a_scheme_and_a_rest_that_may_contain_anything_printable) {
  const auto uri = parse_device_uri("lavfi:testsrc2=size=64x64,drawtext=text='a\\:b'");
  ASSERT_TRUE(uri.ok());
  EXPECT_EQ(uri->scheme, "lavfi");
  EXPECT_EQ(uri->rest, "testsrc2=size=64x64,drawtext=text='a\\:b'");
  EXPECT_EQ(parse_device_uri("file:/tmp/ü.wav")->rest, "/tmp/ü.wav");
  EXPECT_EQ(parse_device_uri("none")->scheme, "none");
  EXPECT_EQ(parse_device_uri("portaudio:")->rest, "");
}

TEST(DeviceUri, refuses_what_is_none) {
  for (const char* text : {"", ":", ":x", "V4L2:/dev/video0", "none:", "file", "a b:c", "file:/a\nb",
                           "averyveryverylongscheme:x"}) {
    EXPECT_FALSE(parse_device_uri(text).ok()) << text;
  }
  EXPECT_EQ(parse_device_uri("file:" + std::string(kMaxUriBytes, 'x')).error().code, ErrorCode::too_large);
}

TEST(DeviceFactory, opens_with_the_backend_that_claims_the_scheme) {
  std::string opened;
  DeviceFactory factory;
  factory.add(std::make_unique<FakeBackend>(opened, false));
  EXPECT_TRUE(factory.open_camera("a:thing", {}).ok());
  EXPECT_EQ(opened, "thing");
  EXPECT_EQ(factory.open_camera("b:thing", {}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(factory.open_microphone("a:thing").error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE(factory.check_camera("a:x").ok());
  EXPECT_TRUE(factory.check_camera("").ok());
  EXPECT_FALSE(factory.check_camera("b:x").ok());
  EXPECT_FALSE(factory.check_speaker("a:x").ok());
}

TEST(DeviceFactory, takes_the_first_listed_device_when_none_is_named) {
  std::string opened;
  DeviceFactory factory;
  factory.add(std::make_unique<FakeBackend>(opened, true));
  EXPECT_TRUE(factory.open_camera("", {}).ok());
  EXPECT_EQ(opened, "first");
}

TEST(DeviceFactory, says_plainly_that_the_machine_has_no_such_device) {
  std::string opened;
  DeviceFactory factory;
  factory.add(std::make_unique<FakeBackend>(opened, false));
  const auto camera = factory.open_camera("", {});
  ASSERT_FALSE(camera.ok());
  EXPECT_EQ(camera.error().code, ErrorCode::unavailable);
  EXPECT_EQ(camera.error().message, "No camera was found on this computer.");
}

TEST(DeviceFactory, refuses_impossible_pictures) {
  std::string opened;
  DeviceFactory factory;
  factory.add(std::make_unique<FakeBackend>(opened, true));
  for (const VideoFormat format :
       {VideoFormat{1281, 720, 30}, VideoFormat{0, 720, 30}, VideoFormat{1280, 721, 30},
        VideoFormat{4096, 720, 30}, VideoFormat{1280, 720, 0}, VideoFormat{1280, 720, 61}}) {
    EXPECT_EQ(factory.open_camera("a:x", format).error().code, ErrorCode::invalid_argument);
  }
  EXPECT_TRUE(opened.empty());
}

}  // namespace
}  // namespace sotto::device
