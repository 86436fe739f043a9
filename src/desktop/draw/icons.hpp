// The icons of the program: paths on a 20 x 20 grid, 1.5 wide strokes with round ends, drawn at any size.
#pragma once

#include <cairo.h>

#include <cstddef>

namespace sotto::desktop {

enum class Icon : std::size_t {
  back,
  search,
  plus,
  phone,
  video,
  info,
  attach,
  send,
  mic,
  mic_off,
  cam,
  cam_off,
  shield,
  shield_check,
  shield_alert,
  check,
  check_double,
  clock,
  alert,
  retry,
  pause,
  play,
  download,
  file,
  file_image,
  file_video,
  file_audio,
  file_archive,
  file_text,
  folder,
  close,
  chevron_down,
  chevron_right,
  chevron_up,
  minimise,
  expand,
  hang_up,
  chat,
  lock,
  eye,
  eye_off,
  copy,
  user,
  gear,
  call_in,
  call_out,
  call_missed,
  stop,
  moon,
  sun,
  sign_out,
  home,
  speaker,
  speaker_off,
  count_,
};

// Draws with the current source colour into [0, size) x [0, size) at the current origin.
void draw_icon(cairo_t* cairo, Icon icon, double size_px);

}  // namespace sotto::desktop
