// YUV4MPEG2 with 4:2:0, as our sinks write it and cameras read it.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "sotto/base/result.hpp"
#include "sotto/media/video_frame.hpp"

namespace sotto::test {

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using FilePtr = std::unique_ptr<std::FILE, FileCloser>;

class Y4mReader {
 public:
  static Result<std::unique_ptr<Y4mReader>> open(const std::string& path);
  // Null at the end. A last picture that was cut off is an error.
  Result<std::shared_ptr<media::VideoFrame>> next();
  int width() const { return width_; }
  int height() const { return height_; }

 private:
  FilePtr file_;
  int width_ = 0, height_ = 0;
};

class Y4mWriter {
 public:
  static Result<std::unique_ptr<Y4mWriter>> create(const std::string& path, int width, int height, int fps);
  Status write(const media::VideoFrame& frame);
  Status close();

 private:
  FilePtr file_;
};

}  // namespace sotto::test
