#include "desktop/call/video_fit.hpp"

namespace sotto::desktop {

VideoFit fit_video(const Rect& tile, int width, int height) {
  if (width <= 0 || height <= 0 || tile.empty()) return {tile, false};
  const double source = static_cast<double>(width) / height, shape = tile.w / tile.h;
  const double kept = source > shape ? shape / source : source / shape;
  if (width >= height && 1 - kept <= kMostCut) return {tile, true};
  if (source > shape) return {tile.centered(tile.w, tile.w / source), false};
  return {tile.centered(tile.h * source, tile.h), false};
}

}  // namespace sotto::desktop
