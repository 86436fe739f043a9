#include "wav.hpp"

#include <array>
#include <cerrno>
#include <cstring>

namespace sotto::device_file {
namespace {

constexpr std::size_t kHeaderBytes = 44;  // RIFF, WAVE, fmt of 16 bytes, head of data
constexpr std::uint16_t kPcm = 1;
constexpr std::uint16_t kExtensible = 0xFFFE;

std::uint16_t le16(ByteView in, std::size_t at) {
  return static_cast<std::uint16_t>(in[at] | in[at + 1] << 8);
}
std::uint32_t le32(ByteView in, std::size_t at) {
  return le16(in, at) | static_cast<std::uint32_t>(le16(in, at + 2)) << 16;
}
bool tag_is(ByteView in, std::size_t at, std::string_view tag) {
  return equal(in.subspan(at, 4), as_bytes(tag));
}

Error no_wav(std::string_view why) {
  return fail(ErrorCode::invalid_argument,
              "This is no WAV sound file that can be played: " + std::string(why) + ".");
}

struct Format {
  std::uint16_t channels = 0;
  std::uint32_t rate = 0;
};

Result<Format> parse_format(ByteView chunk) {
  if (chunk.size() < 16) return no_wav("its format is cut off");
  std::uint16_t tag = le16(chunk, 0);
  if (tag == kExtensible && chunk.size() >= 26) tag = le16(chunk, 24);  // the head of the sub-format GUID
  const Format format{le16(chunk, 2), le32(chunk, 4)};
  if (tag != kPcm || le16(chunk, 14) != 16) return no_wav("only 16-bit PCM is supported");
  if (format.channels < 1 || format.channels > 2) return no_wav("only mono and stereo are supported");
  if (format.rate < 4000 || format.rate > 192000) return no_wav("its sampling rate is out of range");
  return format;
}

std::vector<std::int16_t> to_mono(ByteView data, std::uint16_t channels) {
  const auto sample = [&](std::size_t index) { return static_cast<std::int16_t>(le16(data, index * 2)); };
  std::vector<std::int16_t> out(data.size() / 2 / channels);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = channels == 1 ? sample(i) : static_cast<std::int16_t>((sample(2 * i) + sample(2 * i + 1)) / 2);
  }
  return out;
}

}  // namespace

Result<Wav> parse_wav(ByteView file) {
  if (file.size() > kMaxWavBytes) return fail(ErrorCode::too_large, "The sound file is larger than 64 MiB.");
  if (file.size() < 12 || !tag_is(file, 0, "RIFF") || !tag_is(file, 8, "WAVE")) {
    return no_wav("it does not begin like one");
  }
  Format format;
  std::size_t at = 12;
  for (int chunk = 0; chunk < kMaxWavChunks && file.size() - at >= 8; ++chunk) {
    const std::size_t size = le32(file, at + 4);
    const std::size_t available = file.size() - at - 8;
    const ByteView content = file.subspan(at + 8, size < available ? size : available);
    if (tag_is(file, at, "fmt ")) {
      auto parsed = parse_format(content);
      if (!parsed) return std::move(parsed).error();
      format = *parsed;
    } else if (tag_is(file, at, "data")) {
      if (format.channels == 0) return no_wav("its format is missing");
      Wav wav{format.rate, to_mono(content, format.channels)};
      if (wav.samples.empty()) return no_wav("it has no sound in it");
      return wav;
    }
    const std::size_t padded = size + size % 2;
    if (padded >= available) break;
    at += 8 + padded;
  }
  return no_wav("it has no sound in it");
}

Result<Wav> read_wav(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"), &std::fclose);
  if (!file) {
    const ErrorCode code = errno == EACCES ? ErrorCode::denied : ErrorCode::not_found;
    return fail(code, "The sound file " + path + " cannot be opened: " + std::strerror(errno) + ".");
  }
  Bytes content;
  std::array<std::uint8_t, 65536> buffer{};
  while (content.size() <= kMaxWavBytes) {
    const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), file.get());
    if (count == 0) break;
    append(content, ByteView(buffer).first(count));
  }
  if (std::ferror(file.get()) != 0) {
    return fail(ErrorCode::storage,
                "The sound file " + path + " cannot be read: " + std::strerror(errno) + ".");
  }
  auto wav = parse_wav(content);
  if (!wav) return std::move(wav).error().with(path);
  return wav;
}

WavWriter::WavWriter(std::FILE* file, std::string path, std::uint32_t rate)
    : file_(file), path_(std::move(path)), rate_(rate) {}

WavWriter::~WavWriter() {
  if (Status closed = close(); !closed) return;  // whoever wants to know calls close()
}

Result<std::unique_ptr<WavWriter>> WavWriter::create(const std::string& path, std::uint32_t rate) {
  std::FILE* file = std::fopen(path.c_str(), "wbe");
  if (file == nullptr) {
    return fail(ErrorCode::storage,
                "The sound file " + path + " cannot be written: " + std::strerror(errno) + ".");
  }
  std::unique_ptr<WavWriter> writer(new WavWriter(file, path, rate));
  if (Status written = writer->write_header(); !written) return std::move(written).error();
  return writer;
}

Error WavWriter::failed(std::string_view doing) const {
  return fail(ErrorCode::storage,
              std::string(doing) + " the sound file " + path_ + " failed: " + std::strerror(errno) + ".");
}

Status WavWriter::write_header() {
  std::array<std::uint8_t, kHeaderBytes> header{};
  const auto text = [&](std::size_t at, std::string_view tag) {
    std::memcpy(&header[at], tag.data(), tag.size());
  };
  const auto number = [&](std::size_t at, std::uint64_t value, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) header[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
  };
  text(0, "RIFF");
  number(4, kHeaderBytes - 8 + data_bytes_, 4);
  text(8, "WAVEfmt ");
  number(16, 16, 4);
  number(20, kPcm, 2);
  number(22, 1, 2);  // channels
  number(24, rate_, 4);
  number(28, std::uint64_t{rate_} * 2, 4);  // bytes a second
  number(32, 2, 2);                         // bytes a sample of all channels
  number(34, 16, 2);                        // bits
  text(36, "data");
  number(40, data_bytes_, 4);
  if (std::fseek(file_, 0, SEEK_SET) != 0 || std::fwrite(header.data(), header.size(), 1, file_) != 1 ||
      std::fseek(file_, 0, SEEK_END) != 0 || std::fflush(file_) != 0) {
    return failed("Writing");
  }
  header_says_ = data_bytes_;
  return ok_status();
}

Status WavWriter::write(std::span<const std::int16_t> samples) {
  if (file_ == nullptr) return fail(ErrorCode::conflict, "The sound file is closed already.");
  if (data_bytes_ + samples.size() * 2 > kMaxBytes) {
    return fail(ErrorCode::too_large, "The sound file " + path_ + " has reached its greatest size of 2 GB.");
  }
  Bytes bytes;
  bytes.reserve(samples.size() * 2);
  for (const std::int16_t sample : samples) {
    const auto value = static_cast<std::uint16_t>(sample);
    bytes.push_back(static_cast<std::uint8_t>(value));
    bytes.push_back(static_cast<std::uint8_t>(value >> 8));
  }
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) return failed("Writing");
  data_bytes_ += bytes.size();
  if (data_bytes_ - header_says_ >= std::uint64_t{rate_} * 2) return write_header();
  return ok_status();
}

Status WavWriter::close() {
  if (file_ == nullptr) return ok_status();
  Status header = write_header();
  const bool closed = std::fclose(file_) == 0;
  file_ = nullptr;
  if (!header) return header;
  if (!closed) return failed("Closing");
  return ok_status();
}

}  // namespace sotto::device_file
