// A window made of a file: shown pictures go into PATH (YUV4MPEG2, 4:2:0) and their moments into PATH.log.
#pragma once

#include <memory>
#include <string>

#include "sotto/base/result.hpp"
#include "sotto/device/device.hpp"

namespace sotto::device_file {

// The size of the first picture is the file's; later ones of another size are scaled to it. Writing happens
// on a thread of its own; a disk that cannot keep up loses pictures (at most kMaxQueued wait), which are
// then in neither file.
Result<std::unique_ptr<device::VideoSink>> open_y4m_sink(const std::string& path);

inline constexpr std::size_t kMaxQueued = 30;  // a second; 41 MB at 720p

// Takes pictures and forgets them.
std::unique_ptr<device::VideoSink> make_blind_sink();

}  // namespace sotto::device_file
