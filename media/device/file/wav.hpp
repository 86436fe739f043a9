// RIFF WAVE with 16-bit PCM, mono or stereo: reading a whole file from memory, writing a mono one.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sotto/base/bytes.hpp"
#include "sotto/base/result.hpp"

namespace sotto::device_file {

inline constexpr std::size_t kMaxWavBytes = 64U << 20;  // 5.8 minutes of 48 kHz stereo; chosen
inline constexpr int kMaxWavChunks = 64;                // before the data; chosen

struct Wav {
  std::uint32_t rate = 0;             // 4000..192000
  std::vector<std::int16_t> samples;  // mixed to mono; not empty
};

// A data chunk that claims to be longer than the file (a recording cut off) is taken as far as it goes.
Result<Wav> parse_wav(ByteView file);
Result<Wav> read_wav(const std::string& path);

// Mono, 16 bits. The sizes in the header are brought up to date once a second and at close(), so that a
// recording whose program was killed can still be played.
class WavWriter {
 public:
  static constexpr std::uint64_t kMaxBytes = 2'000'000'000;  // players read the size as signed 32 bits

  static Result<std::unique_ptr<WavWriter>> create(const std::string& path, std::uint32_t rate);
  ~WavWriter();
  WavWriter(const WavWriter&) = delete;
  WavWriter& operator=(const WavWriter&) = delete;

  Status write(std::span<const std::int16_t> samples);
  Status close();

 private:
  WavWriter(std::FILE* file, std::string path, std::uint32_t rate);
  Status write_header();
  Error failed(std::string_view doing) const;

  std::FILE* file_;
  std::string path_;
  std::uint32_t rate_;
  std::uint64_t data_bytes_ = 0;
  std::uint64_t header_says_ = 0;
};

}  // namespace sotto::device_file
