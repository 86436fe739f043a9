#include "support/call_tools/y4m.hpp"

#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>

namespace sotto::test {
namespace {

Error broken(std::string_view what) {
  return fail(ErrorCode::invalid_argument, "The y4m file " + std::string(what) + ".");
}

// Without the line feed; nothing at the end of the file or when too long.
std::optional<std::string> read_line(std::FILE* file) {
  std::string line;
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) {
    if (c == '\n') return line;
    if (line.size() >= 256) return std::nullopt;
    line += static_cast<char>(c);
  }
  return std::nullopt;
}

int number_after(std::string_view line, char tag) {
  const std::size_t at = line.find(std::string(" ") + tag);
  int value = 0;
  if (at != std::string_view::npos) std::from_chars(line.data() + at + 2, line.data() + line.size(), value);
  return value;
}

template <class Row>
bool each_row(int width, int height, int stride, Row row) {
  for (int y = 0; y < height; ++y) {
    if (!row(static_cast<std::size_t>(y) * static_cast<std::size_t>(stride), static_cast<std::size_t>(width)))
      return false;
  }
  return true;
}

}  // namespace

Result<std::unique_ptr<Y4mReader>> Y4mReader::open(const std::string& path) {
  auto reader = std::make_unique<Y4mReader>();
  reader->file_.reset(std::fopen(path.c_str(), "rbe"));
  if (!reader->file_) return fail(ErrorCode::not_found, "The y4m file " + path + " cannot be opened.");
  const auto header = read_line(reader->file_.get());
  if (!header || !header->starts_with("YUV4MPEG2 ")) return broken("has no header");
  reader->width_ = number_after(*header, 'W');
  reader->height_ = number_after(*header, 'H');
  if (reader->width_ < 2 || reader->height_ < 2 || reader->width_ > 3840 || reader->height_ > 2160 ||
      reader->width_ % 2 != 0 || reader->height_ % 2 != 0 ||
      (header->find(" C") != std::string::npos && header->find(" C420") == std::string::npos)) {
    return broken("has a size or format that is not supported");
  }
  return reader;
}

Result<std::shared_ptr<media::VideoFrame>> Y4mReader::next() {
  const auto line = read_line(file_.get());
  if (!line) return std::shared_ptr<media::VideoFrame>();
  if (!line->starts_with("FRAME")) return broken("has something else where a picture begins");
  auto frame = media::make_video_frame(width_, height_);
  const auto read_plane = [&](std::vector<std::uint8_t>& plane, int width, int height, int stride) {
    return each_row(width, height, stride, [&](std::size_t at, std::size_t size) {
      return std::fread(&plane[at], 1, size, file_.get()) == size;
    });
  };
  if (!read_plane(frame->y, width_, height_, frame->stride_y) ||
      !read_plane(frame->u, width_ / 2, height_ / 2, frame->stride_uv) ||
      !read_plane(frame->v, width_ / 2, height_ / 2, frame->stride_uv)) {
    return broken("ends in the middle of a picture");
  }
  return frame;
}

Result<std::unique_ptr<Y4mWriter>> Y4mWriter::create(const std::string& path, int width, int height,
                                                     int fps) {
  auto writer = std::make_unique<Y4mWriter>();
  writer->file_.reset(std::fopen(path.c_str(), "wbe"));
  if (!writer->file_ ||
      std::fprintf(writer->file_.get(), "YUV4MPEG2 W%d H%d F%d:1 Ip A1:1 C420mpeg2 XCOLORRANGE=LIMITED\n",
                   width, height, fps) < 0) {
    return fail(ErrorCode::storage, "The y4m file " + path + " cannot be written.");
  }
  return writer;
}

Status Y4mWriter::write(const media::VideoFrame& frame) {
  const auto write_plane = [&](const std::vector<std::uint8_t>& plane, int width, int height, int stride) {
    return each_row(width, height, stride, [&](std::size_t at, std::size_t size) {
      return std::fwrite(&plane[at], 1, size, file_.get()) == size;
    });
  };
  if (std::fputs("FRAME\n", file_.get()) < 0 ||
      !write_plane(frame.y, frame.width, frame.height, frame.stride_y) ||
      !write_plane(frame.u, frame.width / 2, frame.height / 2, frame.stride_uv) ||
      !write_plane(frame.v, frame.width / 2, frame.height / 2, frame.stride_uv)) {
    return fail(ErrorCode::storage, "A picture could not be written.");
  }
  return ok_status();
}

Status Y4mWriter::close() {
  if (std::fclose(file_.release()) != 0)
    return fail(ErrorCode::storage, "The y4m file could not be finished.");
  return ok_status();
}

}  // namespace sotto::test
