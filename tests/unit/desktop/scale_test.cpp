#include "desktop/base/scale.hpp"

#include <gtest/gtest.h>

namespace sotto::desktop {
namespace {

TEST(Scale, believes_the_first_source_that_knows) {
  EXPECT_EQ(choose_scale({}), 1.0);
  EXPECT_EQ(choose_scale({.output_ratio = 2.0, .environment = "1.5", .xft_dpi = {}, .display_dpi = {}}), 2.0);
  EXPECT_EQ(choose_scale({.environment = "1.5", .xft_dpi = 192, .display_dpi = {}}), 1.5);
  EXPECT_EQ(choose_scale({.environment = {}, .xft_dpi = 192, .display_dpi = 96}), 2.0);
  EXPECT_EQ(choose_scale({.environment = {}, .xft_dpi = {}, .display_dpi = 240}), 2.5);
}

TEST(Scale, distrusts_nonsense) {
  EXPECT_EQ(choose_scale({.environment = "huge", .xft_dpi = {}, .display_dpi = {}}), 1.0);
  EXPECT_EQ(choose_scale({.environment = "900", .xft_dpi = 120, .display_dpi = {}}), 1.25);
  EXPECT_EQ(choose_scale({.environment = {}, .xft_dpi = 3, .display_dpi = {}}), 1.0);
  // Slightly dense screens lie too often.
  EXPECT_EQ(choose_scale({.environment = {}, .xft_dpi = {}, .display_dpi = 110}), 1.0);
}

TEST(Scale, comes_in_eighths_within_limits) {
  EXPECT_EQ(choose_scale({.environment = "1.3", .xft_dpi = {}, .display_dpi = {}}), 1.25);
  EXPECT_EQ(choose_scale({.environment = "0.5", .xft_dpi = {}, .display_dpi = {}}), 0.75);
  EXPECT_EQ(choose_scale({.environment = "7", .xft_dpi = {}, .display_dpi = {}}), 4.0);
}

}  // namespace
}  // namespace sotto::desktop
