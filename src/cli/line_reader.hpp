// Cuts a byte stream into lines of bounded length.
//
//   reader.feed(bytes, on_line, on_overlong);
//   reader.finish(on_line);       // at the end of the stream: a last line without its newline
//
// A line over the limit is thrown away while it arrives, so it costs no memory; `on_overlong` is called
// once for it. Consumed bytes are wiped: a line may hold a password.
#pragma once

#include <string>
#include <string_view>

#include "sotto/base/secret_bytes.hpp"

namespace sotto::cli {

class LineReader {
 public:
  explicit LineReader(std::size_t limit) : limit_(limit) {}
  ~LineReader() { clear(); }
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  template <class OnLine, class OnOverlong>
  void feed(std::string_view bytes, OnLine on_line, OnOverlong on_overlong) {
    while (!bytes.empty()) {
      const auto end = bytes.find('\n');
      const auto part = bytes.substr(0, end);
      if (!skipping_ && buffer_.size() + part.size() > limit_) {
        skipping_ = true;
        clear();
        on_overlong();
      }
      if (!skipping_) buffer_.append(part);
      if (end == std::string_view::npos) return;
      if (!skipping_) {
        on_line(std::string_view(buffer_));
        clear();
      }
      skipping_ = false;
      bytes.remove_prefix(end + 1);
    }
  }
  template <class OnLine>
  void finish(OnLine on_line) {
    if (!skipping_ && !buffer_.empty()) on_line(std::string_view(buffer_));
    clear();
    skipping_ = false;
  }

 private:
  void clear() {
    secure_wipe(buffer_.data(), buffer_.size());
    buffer_.clear();
    if (buffer_.capacity() > 64UL * 1024) buffer_.shrink_to_fit();
  }

  std::size_t limit_;
  std::string buffer_;
  bool skipping_ = false;
};

}  // namespace sotto::cli
