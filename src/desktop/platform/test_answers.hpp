// What the test socket tells about a call: its statistics, and when which picture of the far side was shown,
// so that the way from a camera to a window can be measured from outside. Thread: the window's.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "desktop/model/model.hpp"

namespace sotto::desktop {

struct ShownPicture {
  std::uint32_t rtp_timestamp = 0;  // the same number as in the sender's --camera-log
  TimePoint at{};
};
inline constexpr std::size_t kMaxShown = 2048;  // a minute of pictures

// JSON, one line.
std::string call_answer(const Model& model);
std::string shown_answer(const std::deque<ShownPicture>& shown);

}  // namespace sotto::desktop
