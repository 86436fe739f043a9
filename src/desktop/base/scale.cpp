#include "desktop/base/scale.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

namespace sotto::desktop {
namespace {

constexpr double kLeast = 0.75, kMost = 4.0, kStep = 8.0;
constexpr double kBaseDpi = 96.0;

double rounded(double scale) { return std::clamp(std::round(scale * kStep) / kStep, kLeast, kMost); }

}  // namespace

double choose_scale(const ScaleFacts& facts) {
  if (facts.output_ratio > 1.01) return rounded(facts.output_ratio);
  if (facts.environment) {
    const double value = std::strtod(std::string(*facts.environment).c_str(), nullptr);
    if (value >= 0.5 && value <= 8.0) return rounded(value);
  }
  if (facts.xft_dpi && *facts.xft_dpi >= 48 && *facts.xft_dpi <= 768)
    return rounded(*facts.xft_dpi / kBaseDpi);
  if (facts.display_dpi) {
    const double value = *facts.display_dpi / kBaseDpi;
    if (value >= 1.2 && value <= 3.0) return rounded(value);
  }
  return 1.0;
}

}  // namespace sotto::desktop
