// Cameras through FFmpeg as the call opens them: generated pictures and files. Real time passes here: a
// generator that ran at its own speed would be caught by nothing else.
#include <gtest/gtest.h>

#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <mutex>

#include "sotto/device/clock.hpp"
#include "sotto/device_avdevice/backend.hpp"
#include "support/temp_dir.hpp"

namespace sotto::device_avdevice {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Viewer {
 public:
  void start(device::VideoSource& source) {
    const Status started = source.start(
        [this](std::shared_ptr<media::VideoFrame> frame) {
          const std::lock_guard lock(mutex_);
          frames.push_back(std::move(frame));
          changed_.notify_all();
        },
        [this](const Error& error) {
          const std::lock_guard lock(mutex_);
          problems.push_back(error);
          changed_.notify_all();
        });
    EXPECT_TRUE(started.ok());
  }
  bool wait_for_frames(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, seconds(30), [&] { return frames.size() >= count || !problems.empty(); });
    return frames.size() >= count;
  }
  bool wait_for_problem() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, seconds(30), [&] { return !problems.empty(); });
  }

  std::vector<std::shared_ptr<media::VideoFrame>> frames;
  std::vector<Error> problems;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

Result<std::unique_ptr<device::VideoSource>> open(const std::string& uri, device::VideoFormat wanted = {}) {
  device::DeviceFactory factory;
  factory.add(make_backend());
  return factory.open_camera(uri, wanted);
}

// `count` pictures of one grey each, 10 times the number.
void write_y4m(const std::string& path, int width, int height, int fps, int count) {
  std::ofstream file(path, std::ios::binary);
  file << "YUV4MPEG2 W" << width << " H" << height << " F" << fps << ":1 Ip A1:1 C420mpeg2\n";
  for (int i = 0; i < count; ++i) {
    file << "FRAME\n"
         << std::string(static_cast<std::size_t>(width * height), static_cast<char>(20 + i * 10))
         << std::string(static_cast<std::size_t>(width * height / 2), static_cast<char>(128));
  }
}

TEST(LavfiCamera, is_held_to_real_time_though_the_generator_could_run_fifty_times_faster) {
  auto camera = open("lavfi:testsrc2=size=1280x720:rate=30");
  ASSERT_TRUE(camera.ok());
  Viewer viewer;
  viewer.start(**camera);
  ASSERT_TRUE(viewer.wait_for_frames(31));
  (*camera)->stop();
  const Duration taken = viewer.frames[30]->captured - viewer.frames[0]->captured;
  EXPECT_GT(taken, milliseconds(930));  // thirty steps, less one that came late
  for (std::size_t i = 1; i < viewer.frames.size(); ++i) {
    EXPECT_LT(viewer.frames[i - 1]->captured, viewer.frames[i]->captured);
  }
  EXPECT_EQ(viewer.frames[0]->width, 1280);
  EXPECT_EQ(viewer.frames[0]->height, 720);
  EXPECT_NE(viewer.frames[0]->y, viewer.frames[30]->y);
  EXPECT_TRUE(viewer.problems.empty());
}

TEST(LavfiCamera, is_made_smaller_and_slower_where_it_exceeds_what_is_wanted) {
  auto camera = open("lavfi:testsrc2=size=1920x1080:rate=60", {640, 360, 15});
  ASSERT_TRUE(camera.ok());
  Viewer viewer;
  viewer.start(**camera);
  ASSERT_TRUE(viewer.wait_for_frames(7));
  (*camera)->stop();
  EXPECT_EQ(viewer.frames[0]->width, 640);
  EXPECT_EQ(viewer.frames[0]->height, 360);
  EXPECT_GT(viewer.frames[6]->captured - viewer.frames[0]->captured, milliseconds(300));
}

TEST(LavfiCamera, is_paced_even_when_its_times_stand_still) {
  auto camera = open("lavfi:testsrc2=size=64x64,setpts=0", {640, 360, 20});
  ASSERT_TRUE(camera.ok());
  Viewer viewer;
  viewer.start(**camera);
  ASSERT_TRUE(viewer.wait_for_frames(6));
  (*camera)->stop();
  EXPECT_GT(viewer.frames[5]->captured - viewer.frames[0]->captured, milliseconds(190));
}

TEST(LavfiCamera, begins_again_when_the_graph_ends) {
  auto camera = open("lavfi:testsrc2=size=64x64:rate=50:duration=0.1", {640, 360, 50});
  ASSERT_TRUE(camera.ok());
  Viewer viewer;
  viewer.start(**camera);
  EXPECT_TRUE(viewer.wait_for_frames(12));
}

TEST(LavfiCamera, reports_a_graph_that_does_not_exist) {
  for (const char* uri : {"lavfi:nosuchfilter", "lavfi:testsrc2=size=-1x5", "lavfi:anullsrc", "lavfi:["}) {
    auto camera = open(uri);
    ASSERT_TRUE(camera.ok());
    Viewer viewer;
    viewer.start(**camera);
    EXPECT_TRUE(viewer.wait_for_problem()) << uri;
    (*camera)->stop();
    EXPECT_EQ(viewer.problems.size(), 1U);
    EXPECT_TRUE(viewer.frames.empty());
  }
}

TEST(FileCamera, loops_and_keeps_the_pictures_in_order) {
  const test::TempDir dir;
  write_y4m(dir.file("a.y4m"), 1280, 720, 50, 5);
  auto camera = open("file:" + dir.file("a.y4m"), {1280, 720, 50});
  ASSERT_TRUE(camera.ok());
  Viewer viewer;
  viewer.start(**camera);
  ASSERT_TRUE(viewer.wait_for_frames(13));
  (*camera)->stop();
  // All but those skipped on a machine too busy to show them in time.
  int last = viewer.frames[0]->y[0];
  int in_order = 0;
  for (const auto& frame : viewer.frames) {
    EXPECT_EQ((frame->y[0] - 20) % 10, 0);
    in_order += frame->y[0] == last + 10 || (last == 60 && frame->y[0] == 20) ? 1 : 0;
    last = frame->y[0];
  }
  EXPECT_GE(in_order, 9);
}

TEST(FileCamera, opens_paths_with_colons_spaces_and_letters_of_any_script) {
  const test::TempDir dir;
  write_y4m(dir.file("ü: a%20b.y4m"), 64, 64, 25, 2);
  auto camera = open("file:" + dir.file("ü: a%20b.y4m"));
  ASSERT_TRUE(camera.ok());
  Viewer viewer;
  viewer.start(**camera);
  EXPECT_TRUE(viewer.wait_for_frames(3));
}

TEST(FileCamera, reports_a_file_that_is_no_video) {
  const test::TempDir dir;
  std::ofstream(dir.file("text.mp4")) << "certainly no video at all, but long enough to be looked at\n";
  std::ofstream(dir.file("empty.y4m")) << "YUV4MPEG2 W64 H64 F25:1\n";
  // A playlist that wants something from elsewhere.
  std::ofstream(dir.file("list.m3u8"))
      << "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://127.0.0.1:1/a.ts\n#EXT-X-ENDLIST\n";
  for (const char* name : {"text.mp4", "empty.y4m", "list.m3u8"}) {
    auto camera = open("file:" + dir.file(name));
    ASSERT_TRUE(camera.ok());
    Viewer viewer;
    viewer.start(**camera);
    EXPECT_TRUE(viewer.wait_for_problem()) << name;
    EXPECT_EQ(viewer.problems[0].code, ErrorCode::invalid_argument)
        << name << ": " << viewer.problems[0].message;
    (*camera)->stop();
  }
}

TEST(Camera, is_refused_at_once_where_that_is_known) {
  EXPECT_EQ(open("file:/nonexistent.mp4").error().code, ErrorCode::not_found);
  EXPECT_EQ(open("file:/tmp").error().code, ErrorCode::not_found);
  EXPECT_EQ(open("lavfi:").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(open("v4l2:video0").error().code, ErrorCode::invalid_argument);
  const auto missing = open("v4l2:/dev/video63");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, ErrorCode::unavailable);
  EXPECT_EQ(missing.error().message, "There is no camera at /dev/video63.");
  EXPECT_EQ(open("screen:1").error().code, ErrorCode::invalid_argument);
}

TEST(Camera, reports_a_device_that_is_no_camera) {
  auto camera = open("v4l2:/dev/null");
  ASSERT_TRUE(camera.ok());
  Viewer viewer;
  viewer.start(**camera);
  EXPECT_TRUE(viewer.wait_for_problem());
}

TEST(Camera, stops_quickly_in_every_phase_and_is_silent_afterwards) {
  for (const int frames_first : {0, 1}) {
    auto camera =
        open("lavfi:testsrc2=size=1280x720:rate=1", {1280, 720, 1});  // a second from picture to picture
    ASSERT_TRUE(camera.ok());
    Viewer viewer;
    viewer.start(**camera);
    if (frames_first > 0) {
      ASSERT_TRUE(viewer.wait_for_frames(1));
    }
    const TimePoint before = device::monotonic_now();
    (*camera)->stop();
    EXPECT_LT(device::monotonic_now() - before, milliseconds(500));
    const std::size_t count = viewer.frames.size();
    (*camera)->stop();
    EXPECT_EQ(viewer.frames.size(), count);
    EXPECT_EQ((*camera)->start(nullptr, nullptr).error().code, ErrorCode::conflict);
  }
}

TEST(ScreenCamera, shows_the_whole_display_where_there_is_one) {
  if (std::getenv("DISPLAY") == nullptr) {
    EXPECT_EQ(open("screen:").error().code, ErrorCode::unavailable);
    GTEST_SKIP() << "no DISPLAY";
  }
  auto camera = open("screen:");
  ASSERT_TRUE(camera.ok());
  Viewer viewer;
  viewer.start(**camera);
  ASSERT_TRUE(viewer.wait_for_frames(3));
  (*camera)->stop();
  EXPECT_LE(viewer.frames[0]->width, 1280);
  EXPECT_LE(viewer.frames[0]->height, 720);
}

}  // namespace
}  // namespace sotto::device_avdevice
