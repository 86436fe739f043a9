#include "support/call_tools/numbered_picture.hpp"

#include <algorithm>
#include <cassert>

#include "support/call_tools/y4m.hpp"

namespace sotto::test {
namespace {

constexpr int kColumns = 8;
constexpr int kRows = 4;
constexpr std::uint8_t kBlack = 16, kWhite = 235;

// CRC-8 with polynomial 0x07, begun with ones so that an all-black picture has no valid number.
std::uint32_t check_of(std::uint32_t number) {
  std::uint32_t crc = 0xFF;
  for (int shift = 16; shift >= 0; shift -= 8) {
    crc ^= (number >> shift) & 0xFF;
    for (int bit = 0; bit < 8; ++bit) crc = ((crc << 1) ^ ((crc & 0x80) != 0 ? 0x07 : 0)) & 0xFF;
  }
  return crc;
}

struct Field {
  int x, y, width, height;
};
// The fields fill the upper left half of width and height, without gaps.
Field field_of(int bit, int width, int height) {
  const int column = bit % kColumns, row = bit / kColumns;
  const int left = column * width / (2 * kColumns), right = (column + 1) * width / (2 * kColumns);
  const int top = row * height / (2 * kRows), bottom = (row + 1) * height / (2 * kRows);
  return {left, top, right - left, bottom - top};
}

void paint(media::VideoFrame& frame, const Field& field, std::uint8_t luma) {
  for (int y = field.y; y < field.y + field.height; ++y) {
    auto* row = &frame.y[static_cast<std::size_t>(y) * static_cast<std::size_t>(frame.stride_y)];
    std::fill(row + field.x, row + field.x + field.width, luma);
  }
}

}  // namespace

std::shared_ptr<media::VideoFrame> make_numbered_picture(int width, int height, std::uint32_t number) {
  assert(width >= 128 && height >= 72 && number <= kMaxPictureNumber);
  auto frame = media::make_video_frame(width, height);
  for (int y = 0; y < height; ++y) {
    auto* row = &frame->y[static_cast<std::size_t>(y) * static_cast<std::size_t>(frame->stride_y)];
    for (int x = 0; x < width; ++x)
      row[x] = static_cast<std::uint8_t>(40 + (x * 120 / width + y * 60 / height));
  }
  const int side = height / 6;
  const int place = static_cast<int>(number * 4 % static_cast<std::uint32_t>(width - side));
  paint(*frame, {place, height * 3 / 4, side, side}, 200);

  const std::uint32_t bits = number << 8 | check_of(number);
  for (int bit = 0; bit < 32; ++bit) {
    paint(*frame, field_of(bit, width, height), ((bits >> (31 - bit)) & 1) != 0 ? kWhite : kBlack);
  }
  return frame;
}

std::optional<std::uint32_t> read_picture_number(const media::VideoFrame& picture) {
  if (picture.width < 128 || picture.height < 72) return std::nullopt;
  std::uint32_t bits = 0;
  for (int bit = 0; bit < 32; ++bit) {
    // Its middle half, away from the edges that compression blurs.
    const Field field = field_of(bit, picture.width, picture.height);
    int sum = 0, count = 0;
    for (int y = field.y + field.height / 4; y < field.y + field.height * 3 / 4; ++y) {
      for (int x = field.x + field.width / 4; x < field.x + field.width * 3 / 4; ++x) {
        sum += picture.y[static_cast<std::size_t>(y) * static_cast<std::size_t>(picture.stride_y) +
                         static_cast<std::size_t>(x)];
        ++count;
      }
    }
    bits = bits << 1 | (sum > count * (kBlack + kWhite) / 2 ? 1U : 0U);
  }
  const std::uint32_t number = bits >> 8;
  if (check_of(number) != (bits & 0xFF)) return std::nullopt;
  return number;
}

Status write_numbered_y4m(const std::string& path, int pictures, int width, int height, int fps) {
  auto writer = Y4mWriter::create(path, width, height, fps);
  if (!writer) return std::move(writer).error();
  for (int number = 0; number < pictures; ++number) {
    const auto picture = make_numbered_picture(width, height, static_cast<std::uint32_t>(number));
    if (Status written = (*writer)->write(*picture); !written) return written;
  }
  return (*writer)->close();
}

NumberReport check_numbers(const std::vector<std::optional<std::uint32_t>>& numbers, std::uint32_t period) {
  NumberReport report;
  std::optional<std::uint32_t> last;
  for (const auto& number : numbers) {
    ++report.pictures;
    if (!number) {
      ++report.unreadable;
      continue;
    }
    if (last) {
      const bool forwards = period == 0 ? *number > *last : (*number + period - *last) % period <= period / 2;
      const std::uint32_t step = period == 0 ? *number - *last : (*number + period - *last) % period;
      if (*number == *last)
        ++report.repeats;
      else if (!forwards)
        ++report.backwards;
      else
        report.skipped += step - 1;
    }
    last = number;
  }
  return report;
}

Result<std::vector<std::optional<std::uint32_t>>> read_numbers(const std::string& y4m_path) {
  auto reader = Y4mReader::open(y4m_path);
  if (!reader) return std::move(reader).error();
  std::vector<std::optional<std::uint32_t>> numbers;
  for (;;) {
    auto picture = (*reader)->next();
    if (!picture) return std::move(picture).error();
    if (!*picture) return numbers;
    numbers.push_back(read_picture_number(**picture));
  }
}

}  // namespace sotto::test
