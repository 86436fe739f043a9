#include "support/call_tools/numbered_picture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "sotto/base/random.hpp"
#include "support/call_tools/y4m.hpp"
#include "support/temp_dir.hpp"

namespace sotto::test {
namespace {

TEST(NumberedPicture, is_read_again_at_every_number_and_size) {
  for (const std::uint32_t number : {0U, 1U, 29U, 299U, 65535U, 0xABCDEFU, kMaxPictureNumber}) {
    EXPECT_EQ(read_picture_number(*make_numbered_picture(1280, 720, number)), number);
    EXPECT_EQ(read_picture_number(*make_numbered_picture(128, 72, number)), number);
    EXPECT_EQ(read_picture_number(*make_numbered_picture(642, 362, number)), number);
  }
}

TEST(NumberedPicture, survives_noise_blur_and_lost_contrast) {
  SeededRandom random(1);
  for (std::uint32_t number = 0; number < 50; ++number) {
    const auto picture = make_numbered_picture(320, 180, number * 4567);
    for (auto& luma : picture->y) {
      const int noisy = 126 + (luma - 126) / 3 + static_cast<int>(random.below(81)) - 40;
      luma = static_cast<std::uint8_t>(std::clamp(noisy, 0, 255));
    }
    auto blurred = picture->y;
    for (std::size_t i = 8; i + 8 < blurred.size(); ++i) {
      int sum = 0;
      for (std::size_t k = i - 8; k <= i + 8; ++k) sum += picture->y[k];
      blurred[i] = static_cast<std::uint8_t>(sum / 17);
    }
    picture->y = blurred;
    EXPECT_EQ(read_picture_number(*picture), number * 4567);
  }
}

TEST(NumberedPicture, is_not_found_in_other_pictures) {
  EXPECT_EQ(read_picture_number(*media::make_video_frame(1280, 720)), std::nullopt);  // black
  auto white = media::make_video_frame(1280, 720);
  std::fill(white->y.begin(), white->y.end(), std::uint8_t{235});
  EXPECT_EQ(read_picture_number(*white), std::nullopt);
  EXPECT_EQ(read_picture_number(*media::make_video_frame(64, 64)), std::nullopt);
  auto half = make_numbered_picture(1280, 720, 12345);
  std::fill(half->y.begin() + 90L * half->stride_y, half->y.begin() + 180L * half->stride_y,
            std::uint8_t{16});
  EXPECT_EQ(read_picture_number(*half), std::nullopt);
}

TEST(NumberedFilm, is_written_and_read_through_its_file) {
  const TempDir dir;
  ASSERT_TRUE(write_numbered_y4m(dir.file("a.y4m"), 5, 320, 180, 30).ok());
  const auto numbers = read_numbers(dir.file("a.y4m"));
  ASSERT_TRUE(numbers.ok());
  EXPECT_EQ(*numbers, (std::vector<std::optional<std::uint32_t>>{0, 1, 2, 3, 4}));
  EXPECT_FALSE(write_numbered_y4m("/nonexistent/a.y4m", 1, 320, 180, 30).ok());
  EXPECT_FALSE(read_numbers("/nonexistent/a.y4m").ok());
}

TEST(NumberedFilm, reports_a_file_that_ends_in_the_middle_of_a_picture) {
  const TempDir dir;
  ASSERT_TRUE(write_numbered_y4m(dir.file("a.y4m"), 2, 320, 180, 30).ok());
  std::filesystem::resize_file(dir.file("a.y4m"), std::filesystem::file_size(dir.file("a.y4m")) - 1);
  EXPECT_FALSE(read_numbers(dir.file("a.y4m")).ok());
}

TEST(CheckNumbers, passes_a_loop_that_only_rises) {
  const auto report = check_numbers({297, 298, 299, 0, 1, 4, 5}, 300);
  EXPECT_EQ(report.pictures, 7U);
  EXPECT_EQ(report.repeats + report.backwards + report.unreadable, 0U);
  EXPECT_EQ(report.skipped, 2U);
}

TEST(CheckNumbers, counts_repeats_steps_back_and_unreadable_pictures) {
  const auto report = check_numbers({5, 5, 6, 4, std::nullopt, 5, 299}, 300);
  EXPECT_EQ(report.repeats, 1U);
  EXPECT_EQ(report.backwards, 2U);  // 4, and 299 as the one before 5
  EXPECT_EQ(report.unreadable, 1U);
  EXPECT_EQ(check_numbers({299, 0}, 0).backwards, 1U);
}

}  // namespace
}  // namespace sotto::test
