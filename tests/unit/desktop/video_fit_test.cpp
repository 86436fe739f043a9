#include "desktop/call/video_fit.hpp"

#include <gtest/gtest.h>

namespace sotto::desktop {
namespace {

TEST(VideoFit, fills_when_little_is_lost) {
  const Rect tile{0, 0, 1000, 560};
  const VideoFit fit = fit_video(tile, 1280, 720);
  EXPECT_TRUE(fit.crop);
  EXPECT_EQ(fit.rect, tile);
}

TEST(VideoFit, shows_all_when_much_would_be_lost) {
  const VideoFit fit = fit_video({0, 0, 760, 584}, 1280, 720);
  EXPECT_FALSE(fit.crop);
  EXPECT_NEAR(fit.rect.w / fit.rect.h, 16.0 / 9, 0.001);
  EXPECT_DOUBLE_EQ(fit.rect.w, 760);
  EXPECT_NEAR(fit.rect.y, (584 - fit.rect.h) / 2, 0.001);
}

TEST(VideoFit, portrait_is_never_cut) {
  const VideoFit fit = fit_video({0, 0, 400, 700}, 720, 1280);
  EXPECT_FALSE(fit.crop);
  EXPECT_NEAR(fit.rect.w / fit.rect.h, 9.0 / 16, 0.001);
}

TEST(VideoFit, survives_a_picture_without_size) { EXPECT_FALSE(fit_video({0, 0, 100, 100}, 0, 0).crop); }

}  // namespace
}  // namespace sotto::desktop
