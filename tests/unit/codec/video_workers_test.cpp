#include "sotto/codec/video_workers.hpp"

#include <gtest/gtest.h>

#include <future>

namespace sotto::codec {
namespace {

using namespace std::chrono_literals;

TimePoint no_clock() { return {}; }

// Lets the codec's thread go on one step at a time.
class Gate {
 public:
  void open(int steps) {
    {
      const std::lock_guard lock(mutex_);
      steps_ += steps;
    }
    wake_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    wake_.notify_all();
    wake_.wait(lock, [this] { return steps_ > 0; });
    --steps_;
    --waiting_;
  }
  // Until the codec's thread stands before the gate.
  void wait_for_visitor() {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return waiting_ > 0 && steps_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  int steps_ = 0, waiting_ = 0;
};

// What the encoders were told, in order.
struct Script {
  Gate gate;
  std::mutex mutex;
  std::vector<VideoEncoderSettings> made;
  std::vector<std::uint32_t> encoded;  // RTP timestamps
  std::vector<bool> keys;
  std::vector<int> bitrates;
  bool encoder_fails = false;
};

class ScriptedCodecs final : public VideoCodecs {
 public:
  explicit ScriptedCodecs(Script& script) : script_(script) {}
  Result<std::unique_ptr<VideoEncoder>> make_encoder(const VideoEncoderSettings& settings) override {
    const std::lock_guard lock(script_.mutex);
    script_.made.push_back(settings);
    return std::unique_ptr<VideoEncoder>(std::make_unique<Encoder>(script_));
  }
  Result<std::unique_ptr<VideoDecoder>> make_decoder() override {
    return std::unique_ptr<VideoDecoder>(std::make_unique<Decoder>(script_));
  }

 private:
  struct Encoder final : VideoEncoder {
    explicit Encoder(Script& s) : script(s) {}
    Result<EncodedFrame> encode(const media::VideoFrame& frame, bool key_frame) override {
      script.gate.pass();
      const std::lock_guard lock(script.mutex);
      if (script.encoder_fails) return fail(ErrorCode::unavailable, "broken");
      script.encoded.push_back(frame.rtp_timestamp);
      script.keys.push_back(key_frame);
      EncodedFrame unit;
      unit.rtp_timestamp = frame.rtp_timestamp;
      return unit;
    }
    void set_bitrate(int bits_per_second) override {
      const std::lock_guard lock(script.mutex);
      script.bitrates.push_back(bits_per_second);
    }
    Script& script;
  };
  struct Decoder final : VideoDecoder {
    explicit Decoder(Script& s) : script(s) {}
    Result<media::VideoFramePtr> decode(const EncodedFrame& unit) override {
      script.gate.pass();
      if (unit.data.empty()) return fail(ErrorCode::invalid_argument, "malformed");
      const auto frame = media::make_video_frame(16, 16);
      frame->rtp_timestamp = unit.rtp_timestamp;
      return media::VideoFramePtr(frame);
    }
    Script& script;
  };
  Script& script_;
};

media::VideoFramePtr picture(std::uint32_t number, int width = 16) {
  const auto frame = media::make_video_frame(width, 16);
  frame->rtp_timestamp = number;
  return frame;
}

media::VideoFramePtr wide_picture(std::uint32_t number) {
  const auto frame = std::make_shared<media::VideoFrame>();  // only its size matters here
  frame->width = 1280;
  frame->height = 720;
  frame->rtp_timestamp = number;
  return frame;
}

EncodedFrame unit(std::uint32_t number, bool key_frame = false) {
  EncodedFrame frame;
  frame.data = {1};
  frame.rtp_timestamp = number;
  frame.key_frame = key_frame;
  return frame;
}

TEST(VideoEncodeWorker, lets_the_newest_picture_win) {
  Script script;
  ScriptedCodecs codecs(script);
  std::vector<std::uint32_t> out;
  {
    VideoEncodeWorker worker(
        codecs, {}, no_clock,
        {.on_encoded = [&](const EncodedFrame& u, Duration) { out.push_back(u.rtp_timestamp); },
         .on_failed = [](const Error&) { FAIL(); }});
    worker.submit(picture(1));
    script.gate.wait_for_visitor();
    for (std::uint32_t i = 2; i <= 5; ++i) worker.submit(picture(i));
    script.gate.open(1);
    script.gate.wait_for_visitor();
    EXPECT_EQ(worker.dropped(), 3u);
    script.gate.open(1);
  }
  EXPECT_EQ(script.encoded, (std::vector<std::uint32_t>{1, 5}));
  EXPECT_EQ(out.front(), 1u);
}

TEST(VideoEncodeWorker, passes_on_key_frame_wishes_and_bit_rates) {
  Script script;
  ScriptedCodecs codecs(script);
  VideoEncoderSettings settings;
  settings.bitrate = 700'000;
  {
    VideoEncodeWorker worker(
        codecs, settings, no_clock,
        {.on_encoded = [](const EncodedFrame&, Duration) {}, .on_failed = [](const Error&) {}});
    worker.submit(picture(1));
    script.gate.wait_for_visitor();
    worker.request_key_frame();
    worker.set_bitrate(300'000);
    worker.submit(picture(2));
    script.gate.open(1);
    script.gate.wait_for_visitor();
    worker.submit(picture(3));
    script.gate.open(1);
    script.gate.wait_for_visitor();
    script.gate.open(1);
  }
  EXPECT_EQ(script.keys, (std::vector{false, true, false}));
  EXPECT_EQ(script.bitrates, (std::vector{700'000, 300'000, 300'000}));
  EXPECT_EQ(script.made.size(), 1u);
}

TEST(VideoEncodeWorker, makes_a_new_encoder_for_another_size) {
  Script script;
  ScriptedCodecs codecs(script);
  {
    VideoEncodeWorker worker(
        codecs, {}, no_clock,
        {.on_encoded = [](const EncodedFrame&, Duration) {}, .on_failed = [](const Error&) {}});
    worker.submit(picture(1, 16));
    script.gate.wait_for_visitor();
    worker.submit(picture(2, 32));
    script.gate.open(1);
    script.gate.wait_for_visitor();
    script.gate.open(1);
  }
  ASSERT_EQ(script.made.size(), 2u);
  EXPECT_EQ(script.made[0].width, 16);
  EXPECT_EQ(script.made[1].width, 32);
}

TEST(VideoEncodeWorker, spends_effort_where_bits_are_scarce) {
  Script script;
  ScriptedCodecs codecs(script);
  VideoEncoderSettings settings;
  settings.bitrate = 1'500'000;
  {
    VideoEncodeWorker worker(
        codecs, settings, no_clock,
        {.on_encoded = [](const EncodedFrame&, Duration) {}, .on_failed = [](const Error&) {}});
    std::uint32_t number = 0;
    worker.submit(wide_picture(++number));
    for (const int bitrate : {1'100'000, 700'000, 1'100'000, 2'000'000}) {
      script.gate.wait_for_visitor();
      worker.set_bitrate(bitrate);
      worker.submit(wide_picture(++number));
      script.gate.open(1);
    }
    script.gate.wait_for_visitor();
    script.gate.open(1);
  }
  ASSERT_EQ(script.made.size(), 3u);
  EXPECT_EQ(script.made[0].effort, EncoderEffort::low);
  EXPECT_EQ(script.made[1].effort, EncoderEffort::normal);
  EXPECT_EQ(script.made[1].bitrate, 700'000);
  EXPECT_EQ(script.made[2].effort, EncoderEffort::low);
}

TEST(VideoEncodeWorker, works_with_less_effort_when_it_falls_behind) {
  Script script;
  ScriptedCodecs codecs(script);
  VideoEncoderSettings settings;
  settings.bitrate = 500'000;
  {
    VideoEncodeWorker worker(
        codecs, settings, no_clock,
        {.on_encoded = [](const EncodedFrame&, Duration) {}, .on_failed = [](const Error&) {}});
    std::uint32_t number = 0;
    worker.submit(wide_picture(++number));
    for (int i = 0; i < 70; ++i) {
      script.gate.wait_for_visitor();
      for (int extra = 0; extra < 3; ++extra)
        worker.submit(wide_picture(++number));  // two of three are dropped
      script.gate.open(1);
    }
    script.gate.wait_for_visitor();
    script.gate.open(1);
  }
  ASSERT_EQ(script.made.size(), 2u);
  EXPECT_EQ(script.made[0].effort, EncoderEffort::normal);
  EXPECT_EQ(script.made[1].effort, EncoderEffort::low);
}

TEST(VideoEncodeWorker, reports_a_broken_encoder_once_and_rests) {
  Script script;
  script.encoder_fails = true;
  ScriptedCodecs codecs(script);
  std::promise<std::string> failed;
  VideoEncodeWorker worker(codecs, {}, no_clock,
                           {.on_encoded = [](const EncodedFrame&, Duration) { FAIL(); },
                            .on_failed = [&](const Error& error) { failed.set_value(error.message); }});
  script.gate.open(1);
  worker.submit(picture(1));
  EXPECT_EQ(failed.get_future().get(), "broken");
  worker.submit(picture(2));
}

TEST(VideoDecodeWorker, decodes_in_order_and_reports_what_it_cannot) {
  Script script;
  ScriptedCodecs codecs(script);
  std::vector<std::uint32_t> out;
  std::promise<void> lost;
  {
    VideoDecodeWorker worker(
        *codecs.make_decoder(), no_clock,
        {.on_picture = [&](const media::VideoFramePtr& p, Duration) { out.push_back(p->rtp_timestamp); },
         .on_lost = [&](const Error&) { lost.set_value(); }});
    script.gate.open(3);
    worker.submit(unit(1));
    worker.submit(unit(2));
    worker.submit({});
    lost.get_future().wait();
  }
  EXPECT_EQ(out, (std::vector<std::uint32_t>{1, 2}));
}

TEST(VideoDecodeWorker, drops_everything_up_to_the_next_key_frame_when_it_falls_behind) {
  Script script;
  ScriptedCodecs codecs(script);
  std::vector<std::uint32_t> out;
  std::promise<void> last;
  int lost = 0;
  VideoDecodeWorker worker(*codecs.make_decoder(), no_clock,
                           {.on_picture =
                                [&](const media::VideoFramePtr& p, Duration) {
                                  out.push_back(p->rtp_timestamp);
                                  if (p->rtp_timestamp == 101) last.set_value();
                                },
                            .on_lost = [&](const Error&) { ++lost; }});
  worker.submit(unit(0, true));
  script.gate.wait_for_visitor();
  for (std::uint32_t i = 1; i <= VideoDecodeWorker::kQueueLimit; ++i) worker.submit(unit(i));
  EXPECT_EQ(lost, 0);
  worker.submit(unit(50));
  EXPECT_EQ(lost, 1) << "told once";
  worker.submit(unit(51));
  EXPECT_EQ(lost, 1);
  EXPECT_EQ(worker.dropped(), VideoDecodeWorker::kQueueLimit + 2);
  worker.submit(unit(100, true));
  worker.submit(unit(101));
  script.gate.open(3);
  last.get_future().wait();
  EXPECT_EQ(out, (std::vector<std::uint32_t>{0, 100, 101}));
}

}  // namespace
}  // namespace sotto::codec
