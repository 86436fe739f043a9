// Which display scale to draw at, from the facts that the platform gives (pure; the platform asks X).
#pragma once

#include <optional>
#include <string_view>

namespace sotto::desktop {

struct ScaleFacts {
  double output_ratio = 1.0;                    // renderer output size / window size
  std::optional<std::string_view> environment;  // SOTTO_SCALE
  std::optional<double> xft_dpi;                // Xft.dpi of the X resources
  std::optional<double> display_dpi;            // physical: only believed for clearly dense screens
};

// In steps of 1/8, between 0.75 and 4.
double choose_scale(const ScaleFacts& facts);

}  // namespace sotto::desktop
