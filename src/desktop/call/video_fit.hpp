// Where a picture goes in its tile. Pure.
#pragma once

#include "desktop/base/geometry.hpp"

namespace sotto::desktop {

struct VideoFit {
  Rect rect;          // where to draw
  bool crop = false;  // the picture is cut to fill `rect`
};

// A camera's picture fills the tile only if at most 12 % of either dimension is lost; portrait pictures
// always fit. Otherwise bars.
VideoFit fit_video(const Rect& tile, int width, int height);

inline constexpr double kMostCut = 0.12;

}  // namespace sotto::desktop
