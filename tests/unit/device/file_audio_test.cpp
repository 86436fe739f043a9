// The generated and file microphones and speakers, through the factory as the call uses them.
#include <gtest/gtest.h>

#include <cmath>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <numbers>

#include "device/file/wav.hpp"
#include "sotto/device/clock.hpp"
#include "sotto/device_file/backend.hpp"
#include "support/temp_dir.hpp"

namespace sotto::device_file {
namespace {

using media::AudioBlock;

device::DeviceFactory make_factory() {
  device::DeviceFactory factory;
  factory.add(make_backend());
  return factory;
}

std::vector<AudioBlock> record(device::AudioSource& source, std::size_t count) {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<AudioBlock> blocks;
  const Status started = source.start(
      [&](const AudioBlock& block) {
        const std::lock_guard lock(mutex);
        blocks.push_back(block);
        changed.notify_one();
      },
      [](const Error& error) { ADD_FAILURE() << error.message; });
  EXPECT_TRUE(started.ok());
  std::unique_lock lock(mutex);
  EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds(30), [&] { return blocks.size() >= count; }));
  lock.unlock();
  source.stop();
  return blocks;
}

TEST(ToneMicrophone, plays_the_asked_frequency_without_a_seam_every_ten_milliseconds) {
  auto factory = make_factory();
  auto source = factory.open_microphone("tone:440");
  ASSERT_TRUE(source.ok());
  const TimePoint before = device::monotonic_now();
  const auto blocks = record(**source, 20);
  std::size_t n = 0;
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(blocks[i].captured - blocks[0].captured, media::kBlockDuration * i);
    for (const std::int16_t sample : blocks[i].samples) {
      EXPECT_NEAR(sample, 8192 * std::sin(2 * std::numbers::pi * 440 * static_cast<double>(n) / 48000), 1.0);
      ++n;
    }
  }
  EXPECT_GE(blocks[0].captured + media::kBlockDuration, before);
  EXPECT_GE(device::monotonic_now() - before, std::chrono::milliseconds(200));
}

TEST(ToneMicrophone, refuses_frequencies_nobody_hears) {
  auto factory = make_factory();
  for (const char* uri :
       {"tone:", "tone:x", "tone:19", "tone:20001", "tone:440Hz", "tone:nan", "tone:-440"}) {
    EXPECT_EQ(factory.open_microphone(uri).error().code, ErrorCode::invalid_argument) << uri;
  }
}

TEST(WavMicrophone, starts_again_at_the_end) {
  const test::TempDir dir;
  std::vector<std::int16_t> samples(700);
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i] = static_cast<std::int16_t>(i);
  auto writer = WavWriter::create(dir.file("a.wav"), 48000);
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE((*writer)->write(samples).ok());
  ASSERT_TRUE((*writer)->close().ok());
  auto factory = make_factory();
  auto source = factory.open_microphone("file:" + dir.file("a.wav"));
  ASSERT_TRUE(source.ok());
  const auto blocks = record(**source, 4);
  for (std::size_t n = 0; n < 4 * 480; ++n) EXPECT_EQ(blocks[n / 480].samples[n % 480], n % 700);
}

TEST(SilentMicrophone, delivers_silence_at_the_pace_of_a_real_one) {
  auto factory = make_factory();
  auto source = factory.open_microphone("none");
  ASSERT_TRUE(source.ok());
  for (const AudioBlock& block : record(**source, 5)) {
    for (const std::int16_t sample : block.samples) EXPECT_EQ(sample, 0);
  }
}

TEST(Microphone, is_not_started_twice_and_stops_twice_without_harm) {
  auto factory = make_factory();
  auto source = factory.open_microphone("none");
  ASSERT_TRUE(source.ok());
  record(**source, 1);
  EXPECT_EQ((*source)->start([](const AudioBlock&) {}, nullptr).error().code, ErrorCode::conflict);
  (*source)->stop();
}

TEST(Microphone, says_when_the_file_is_missing_or_no_sound) {
  auto factory = make_factory();
  EXPECT_EQ(factory.open_microphone("file:/nonexistent.wav").error().code, ErrorCode::not_found);
  EXPECT_EQ(factory.open_microphone("file:/proc/self/status").error().code, ErrorCode::invalid_argument);
}

// A speaker fed with numbered blocks, every third one missing.
TEST(WavSpeaker, records_what_it_played_and_logs_when) {
  const test::TempDir dir;
  const std::string path = dir.file("out.wav");
  auto factory = make_factory();
  auto sink = factory.open_speaker("file:" + path);
  ASSERT_TRUE(sink.ok());
  std::mutex mutex;
  std::condition_variable changed;
  int asked = 0;
  const TimePoint before = device::monotonic_now();
  ASSERT_TRUE((*sink)
                  ->start(
                      [&](AudioBlock& block) {
                        const std::lock_guard lock(mutex);
                        const int number = asked++;
                        changed.notify_one();
                        block.samples.fill(static_cast<std::int16_t>(1000 + number));
                        block.rtp_timestamp = static_cast<std::uint32_t>(number) * 480;
                        return number % 3 != 2;
                      },
                      [](const Error& error) { ADD_FAILURE() << error.message; })
                  .ok());
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(changed.wait_for(lock, std::chrono::seconds(30), [&] { return asked >= 10; }));
  }
  (*sink)->stop();
  const TimePoint after = device::monotonic_now();

  const auto wav = read_wav(path);
  ASSERT_TRUE(wav.ok());
  ASSERT_EQ(wav->samples.size(), static_cast<std::size_t>(asked) * 480);
  for (std::size_t n = 0; n < wav->samples.size(); ++n) {
    const auto block = n / 480;
    ASSERT_EQ(wav->samples[n], block % 3 == 2 ? 0 : static_cast<int>(1000 + block));
  }
  std::ifstream log(path + ".log");
  std::uint64_t index = 0, rtp = 0;
  std::int64_t at = 0, last = before.time_since_epoch().count();
  int lines = 0;
  while (log >> index >> at >> rtp) {
    EXPECT_NE(index % 3, 2U);
    EXPECT_EQ(rtp, index * 480);
    EXPECT_GE(at, last);
    last = at;
    ++lines;
  }
  EXPECT_LE(last, after.time_since_epoch().count());
  EXPECT_EQ(lines, asked - asked / 3);
}

TEST(WavSpeaker, wants_a_name_that_ends_in_wav_and_a_place_to_write) {
  auto factory = make_factory();
  EXPECT_EQ(factory.open_speaker("file:/etc/passwd").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(factory.open_speaker("file:.wav").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(factory.open_speaker("file:/nonexistent/a.wav").error().code, ErrorCode::storage);
}

TEST(SilentSpeaker, keeps_asking_for_sound) {
  auto factory = make_factory();
  auto sink = factory.open_speaker("none");
  ASSERT_TRUE(sink.ok());
  std::mutex mutex;
  std::condition_variable changed;
  int asked = 0;
  ASSERT_TRUE((*sink)
                  ->start(
                      [&](AudioBlock&) {
                        const std::lock_guard lock(mutex);
                        ++asked;
                        changed.notify_one();
                        return true;
                      },
                      nullptr)
                  .ok());
  std::unique_lock lock(mutex);
  EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds(30), [&] { return asked >= 3; }));
  lock.unlock();
  (*sink)->stop();
}

}  // namespace
}  // namespace sotto::device_file
