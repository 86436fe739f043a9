#include "device/file/wav.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "support/temp_dir.hpp"

namespace sotto::device_file {
namespace {

Bytes read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return to_bytes(text);
}

void put(Bytes& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

struct Parts {
  std::uint16_t tag = 1, channels = 1, bits = 16;
  std::uint32_t rate = 48000;
  std::vector<std::int16_t> samples{1, -2, 300, -400};
  std::string before_data{};      // a whole chunk to insert
  std::int64_t data_claims = -1;  // size written instead of the true one
};
Bytes make_wav(const Parts& parts) {
  Bytes out = to_bytes("RIFF");
  put(out, 0, 4);  // nobody checks it
  append(out, as_bytes("WAVEfmt "));
  put(out, 16, 4);
  put(out, parts.tag, 2);
  put(out, parts.channels, 2);
  put(out, parts.rate, 4);
  put(out, parts.rate * 2, 4);
  put(out, 2, 2);
  put(out, parts.bits, 2);
  append(out, as_bytes(parts.before_data));
  append(out, as_bytes("data"));
  put(out, parts.data_claims >= 0 ? static_cast<std::uint64_t>(parts.data_claims) : parts.samples.size() * 2,
      4);
  for (const std::int16_t sample : parts.samples) put(out, static_cast<std::uint16_t>(sample), 2);
  return out;
}

TEST(Wav, reads_mono_as_it_stands_and_stereo_mixed) {
  const auto mono = parse_wav(make_wav({}));
  ASSERT_TRUE(mono.ok());
  EXPECT_EQ(mono->rate, 48000U);
  EXPECT_EQ(mono->samples, (std::vector<std::int16_t>{1, -2, 300, -400}));
  const auto stereo =
      parse_wav(make_wav({.channels = 2, .rate = 44100, .samples = {10, 20, -32768, -32768, 7}}));
  ASSERT_TRUE(stereo.ok());
  EXPECT_EQ(stereo->samples, (std::vector<std::int16_t>{15, -32768}));
}

TEST(Wav, skips_other_chunks_with_their_padding_byte) {
  const std::string odd(
      "LIST\x03\x00\x00\x00"
      "abc\x00",
      12);
  EXPECT_TRUE(parse_wav(make_wav({.before_data = odd})).ok());
}

TEST(Wav, takes_a_recording_that_was_cut_off_as_far_as_it_goes) {
  const auto wav = parse_wav(make_wav({.data_claims = 0xFFFFFFFF}));
  ASSERT_TRUE(wav.ok());
  EXPECT_EQ(wav->samples.size(), 4U);
}

TEST(Wav, refuses_what_it_cannot_play_with_a_reason) {
  EXPECT_FALSE(parse_wav({}).ok());
  EXPECT_FALSE(parse_wav(to_bytes("OggS and so on, long enough")).ok());
  EXPECT_FALSE(parse_wav(make_wav({.tag = 3})).ok());  // floating point
  EXPECT_FALSE(parse_wav(make_wav({.bits = 8})).ok());
  EXPECT_FALSE(parse_wav(make_wav({.channels = 0})).ok());
  EXPECT_FALSE(parse_wav(make_wav({.channels = 6})).ok());
  EXPECT_FALSE(parse_wav(make_wav({.rate = 3999})).ok());
  EXPECT_FALSE(parse_wav(make_wav({.samples = {}})).ok());
  const Bytes whole = make_wav({});
  for (std::size_t size = 0; size < 46; ++size)
    EXPECT_FALSE(parse_wav(ByteView(whole).first(size)).ok()) << size;
  EXPECT_EQ(parse_wav(Bytes(kMaxWavBytes + 1)).error().code, ErrorCode::too_large);
}

TEST(Wav, names_a_file_that_is_not_there) {
  const auto wav = read_wav("/nonexistent.wav");
  ASSERT_FALSE(wav.ok());
  EXPECT_EQ(wav.error().code, ErrorCode::not_found);
  EXPECT_NE(wav.error().message.find("/nonexistent.wav"), std::string::npos);
}

TEST(WavWriter, writes_what_the_reader_reads) {
  const test::TempDir dir;
  auto writer = WavWriter::create(dir.file("a.wav"), 48000);
  ASSERT_TRUE(writer.ok());
  const std::vector<std::int16_t> samples{0, 1, -1, 32767, -32768};
  EXPECT_TRUE((*writer)->write(samples).ok());
  EXPECT_TRUE((*writer)->close().ok());
  EXPECT_FALSE((*writer)->write(samples).ok());
  const auto wav = read_wav(dir.file("a.wav"));
  ASSERT_TRUE(wav.ok());
  EXPECT_EQ(wav->samples, samples);
  const Bytes bytes = read_all(dir.file("a.wav"));
  ASSERT_EQ(bytes.size(), 54U);
  EXPECT_EQ(bytes[4], 46);   // RIFF size
  EXPECT_EQ(bytes[40], 10);  // data size
}

TEST(WavWriter, leaves_a_playable_file_when_it_is_never_closed) {
  const test::TempDir dir;
  auto writer = WavWriter::create(dir.file("a.wav"), 4000);
  ASSERT_TRUE(writer.ok());
  EXPECT_TRUE((*writer)->write(std::vector<std::int16_t>(4000, 5)).ok());  // a second: the header is renewed
  const Bytes bytes = read_all(dir.file("a.wav"));
  ASSERT_EQ(bytes.size(), 44U + 8000U);
  EXPECT_EQ(bytes[40] + bytes[41] * 256, 8000);
}

TEST(WavWriter, reports_a_full_disk) {
  EXPECT_FALSE(WavWriter::create("/dev/full", 48000).ok());
  EXPECT_FALSE(WavWriter::create("/nonexistent/a.wav", 48000).ok());
}

}  // namespace
}  // namespace sotto::device_file
