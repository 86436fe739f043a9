// Test pictures that carry their number in large black and white fields, so that it can be read again after
// compression, scaling and loss: thirty-two fields, 24 bits of number and 8 of check.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sotto/base/result.hpp"
#include "sotto/media/video_frame.hpp"

namespace sotto::test {

inline constexpr std::uint32_t kMaxPictureNumber = (1U << 24) - 1;

// At least 128x72. Beside the number there is a gradient and a square that moves, to give the encoder work.
std::shared_ptr<media::VideoFrame> make_numbered_picture(int width, int height, std::uint32_t number);
// Nothing when the check fails: no numbered picture, or spoiled beyond reading.
std::optional<std::uint32_t> read_picture_number(const media::VideoFrame& picture);

// A file for `--camera file:PATH`, numbered from 0; the camera loops it.
Status write_numbered_y4m(const std::string& path, int pictures, int width, int height, int fps);

// What arrived of a loop of `period` pictures (0: no loop).
struct NumberReport {
  std::size_t pictures = 0;
  std::size_t unreadable = 0;
  std::size_t repeats = 0;    // the same number as before
  std::size_t backwards = 0;  // a number from earlier
  std::size_t skipped = 0;    // numbers left out between two that arrived
};
// A step of up to half the period counts as forwards.
NumberReport check_numbers(const std::vector<std::optional<std::uint32_t>>& numbers, std::uint32_t period);
// Reads a y4m file, as a `--video-sink file:PATH.y4m` writes it.
Result<std::vector<std::optional<std::uint32_t>>> read_numbers(const std::string& y4m_path);

}  // namespace sotto::test
