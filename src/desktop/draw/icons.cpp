#include "desktop/draw/icons.hpp"

#include <array>
#include <cmath>
#include <cstdlib>
#include <numbers>
#include <string_view>

namespace sotto::desktop {
namespace {

// A small path language: M L C Z as in SVG, absolute; `O cx cy r` a circle; `R x y w h r` a rounded box;
// `A cx cy r a0 a1` an arc in degrees, clockwise. A path is stroked; after `F` it is filled instead; `W n`
// sets the stroke width.
constexpr std::array<std::string_view, static_cast<std::size_t>(Icon::count_)> kPaths{
    /* back          */ "M 12 4 L 6 10 L 12 16",
    /* search        */ "O 8.8 8.8 5.2 M 12.7 12.7 L 16.5 16.5",
    /* plus          */ "M 10 4 L 10 16 M 4 10 L 16 10",
    /* phone         */
    "M 5.2 3 L 7.3 3 C 7.8 3 8.1 3.3 8.2 3.7 L 8.9 6.6 C 9 7 8.9 7.3 8.6 7.6 L 7.3 8.7 C 8.2 10.5 9.6 11.9 "
    "11.4 12.7 L 12.5 "
    "11.4 C 12.8 11.1 13.1 11 13.5 11.1 L 16.3 11.8 C 16.7 11.9 17 12.3 17 12.7 L 17 14.8 C 17 16 16.1 17 "
    "14.9 16.9 C 8.6 16.4 3.6 "
    "11.4 3.1 5.1 C 3 3.9 4 3 5.2 3 Z",
    /* video         */ "R 2.5 5.5 10.5 9 2 M 13 8.8 L 17.2 6.4 L 17.2 13.6 L 13 11.2",
    /* info          */ "O 10 10 7.2 M 10 9.2 L 10 13.6 F O 10 6.5 0.95",
    /* attach        */
    "M 15.8 9.3 L 10 15.1 C 8.4 16.7 5.9 16.7 4.4 15.2 C 2.9 13.7 2.9 11.2 4.5 9.6 L 10.6 3.5 C 11.7 2.5 "
    "13.4 2.5 14.4 3.5 C 15.5 4.6 "
    "15.5 6.2 14.4 7.3 L 8.5 13.2 C 8 13.7 7.1 13.7 6.6 13.2 C 6.1 12.7 6.1 11.9 6.6 11.4 L 11.9 6.1",
    /* send          */
    "F M 3.2 3.4 C 2.9 2.7 3.6 2 4.3 2.4 L 17.2 9.2 C 17.9 9.5 17.9 10.5 17.2 10.8 L 4.3 17.6 C 3.6 18 2.9 "
    "17.3 "
    "3.2 16.6 L 5.2 11.2 L 11 10 L 5.2 8.8 Z",
    /* mic           */
    "R 7.3 2.5 5.4 9.2 2.7 M 4.6 9.4 C 4.6 12.4 7 14.8 10 14.8 C 13 14.8 15.4 12.4 15.4 9.4 M 10 14.8 L 10 "
    "17.5",
    /* mic_off       */
    "M 12.7 8.6 L 12.7 5.2 C 12.7 3.7 11.5 2.5 10 2.5 C 8.9 2.5 8 3.1 7.6 4 M 7.3 8 L 7.3 9 C 7.3 10.5 8.5 "
    "11.7 10 11.7 M 4.6 9.4 C 4.6 "
    "12.4 7 14.8 10 14.8 C 11.3 14.8 12.5 14.3 13.4 13.6 M 15.4 9.4 C 15.4 10.2 15.2 10.9 15 11.5 M 10 14.8 "
    "L 10 17.5 M 3.2 3.2 L 16.8 16.8",
    /* cam           */ "R 2.5 5.5 10.5 9 2 M 13 8.8 L 17.2 6.4 L 17.2 13.6 L 13 11.2",
    /* cam_off       */
    "M 8 5.5 L 11 5.5 C 12.1 5.5 13 6.4 13 7.5 L 13 10 L 17.2 13.2 L 17.2 6.4 L 13 8.8 M 12.8 13.4 C 12.4 "
    "14.1 11.8 14.5 11 14.5 L 4.5 "
    "14.5 C 3.4 14.5 2.5 13.6 2.5 12.5 L 2.5 7.5 C 2.5 6.7 3 6 3.7 5.7 M 3.2 3.2 L 16.8 16.8",
    /* shield        */
    "M 10 2.5 L 16 4.8 L 16 9.5 C 16 13.3 13.5 16.3 10 17.5 C 6.5 16.3 4 13.3 4 9.5 L 4 4.8 Z",
    /* shield_check  */
    "M 10 2.5 L 16 4.8 L 16 9.5 C 16 13.3 13.5 16.3 10 17.5 C 6.5 16.3 4 13.3 4 9.5 L 4 4.8 Z M 7.3 10 L 9.3 "
    "12 L 12.9 8",
    /* shield_alert  */
    "M 10 2.5 L 16 4.8 L 16 9.5 C 16 13.3 13.5 16.3 10 17.5 C 6.5 16.3 4 13.3 4 9.5 L 4 4.8 Z M 10 6.6 L 10 "
    "10.4 F O 10 13.1 0.95",
    /* check         */ "M 4 10.5 L 8.2 14.6 L 16 6",
    /* check_double  */ "M 1.6 10.6 L 5.4 14.4 L 12.2 6.4 M 8.8 13.4 L 10 14.5 L 18 6.2",
    /* clock         */ "O 10 10 7 M 10 6 L 10 10.2 L 12.8 12",
    /* alert         */ "O 10 10 7.2 M 10 6 L 10 10.6 F O 10 13.6 0.95",
    /* retry         */ "A 10 10 6.2 -50 220 M 14.6 2.6 L 14.4 5.6 L 11.4 5.9",
    /* pause         */ "F R 5.4 4 3.2 12 1 R 11.4 4 3.2 12 1",
    /* play          */
    "F M 6 4 C 6 3.4 6.6 3.1 7.1 3.4 L 16 9.3 C 16.5 9.6 16.5 10.4 16 10.7 L 7.1 16.6 C 6.6 16.9 6 16.6 6 16 "
    "Z",
    /* download      */ "M 10 3.5 L 10 12.5 M 6 9 L 10 13 L 14 9 M 4 16.5 L 16 16.5",
    /* file          */
    "M 5 2.5 L 11.5 2.5 L 15.5 6.5 L 15.5 16 C 15.5 16.8 14.8 17.5 14 17.5 L 6 17.5 C 5.2 17.5 4.5 16.8 4.5 "
    "16 L 4.5 3.5 C 4.5 2.9 4.9 2.5 5.5 2.5 M 11.3 2.7 L 11.3 6.7 L 15.3 6.7",
    /* file_image    */
    "R 2.8 3.8 14.4 12.4 2 M 3.2 14 L 7.4 10 L 10.4 12.8 L 13 10.6 L 16.8 14 F O 12.8 7.4 1.2",
    /* file_video    */ "R 2.8 3.8 14.4 12.4 2 F M 8.3 7.2 L 12.8 10 L 8.3 12.8 Z",
    /* file_audio    */ "M 8 14.5 L 8 4.5 L 15.5 3 L 15.5 13 O 6 14.5 2 O 13.5 13 2",
    /* file_archive  */
    "R 3.5 3 13 14 2 M 10 3 L 10 4.4 M 10 6 L 10 7.4 M 10 9 L 10 10.4 F R 8.6 11.6 2.8 3 0.8",
    /* file_text     */
    "M 5 2.5 L 11.5 2.5 L 15.5 6.5 L 15.5 16 C 15.5 16.8 14.8 17.5 14 17.5 L 6 17.5 C 5.2 17.5 4.5 16.8 4.5 "
    "16 L 4.5 3.5 C 4.5 2.9 4.9 2.5 5.5 2.5 M 7.2 9 L 12.8 9 M 7.2 11.6 L 12.8 11.6 M 7.2 14.2 L 10.6 14.2",
    /* folder        */
    "M 2.5 5.5 C 2.5 4.7 3.2 4 4 4 L 7.4 4 L 9.2 6 L 16 6 C 16.8 6 17.5 6.7 17.5 7.5 L 17.5 14.5 C 17.5 15.3 "
    "16.8 16 16 16 L 4 16 C 3.2 16 2.5 15.3 2.5 14.5 Z",
    /* close         */ "M 5 5 L 15 15 M 15 5 L 5 15",
    /* chevron_down  */ "M 5 7.5 L 10 12.5 L 15 7.5",
    /* chevron_right */ "M 7.5 5 L 12.5 10 L 7.5 15",
    /* chevron_up    */ "M 5 12.5 L 10 7.5 L 15 12.5",
    /* minimise      */
    "M 8.5 3 L 8.5 8.5 L 3 8.5 M 8.2 8.2 L 3 3 M 11.5 17 L 11.5 11.5 L 17 11.5 M 11.8 11.8 L 17 17",
    /* expand        */
    "M 3 8 L 3 3 L 8 3 M 3.3 3.3 L 8.2 8.2 M 17 12 L 17 17 L 12 17 M 16.7 16.7 L 11.8 11.8",
    /* hang_up       */
    "F M 10 6.2 C 13.9 6.2 17.1 7.5 18.6 9.5 C 19.1 10.2 19.1 11.1 18.5 11.8 L 17.4 13 C 17 13.4 16.4 13.5 "
    "15.9 13.3 L 13.4 12.1 C 13 11.9 "
    "12.7 11.5 12.7 11 L 12.7 9.6 C 11 9.1 9 9.1 7.3 9.6 L 7.3 11 C 7.3 11.5 7 11.9 6.6 12.1 L 4.1 13.3 C "
    "3.6 13.5 3 13.4 2.6 13 L 1.5 11.8 C 0.9 11.1 0.9 10.2 1.4 9.5 C 2.9 7.5 6.1 6.2 10 6.2 Z",
    /* chat          */
    "M 4.5 3.5 L 15.5 3.5 C 16.6 3.5 17.5 4.4 17.5 5.5 L 17.5 12 C 17.5 13.1 16.6 14 15.5 14 L 9 14 L 5 17 L "
    "5 14 L 4.5 14 C 3.4 14 2.5 13.1 2.5 12 L 2.5 5.5 C 2.5 4.4 3.4 3.5 4.5 3.5 Z",
    /* lock          */
    "R 4.5 8.8 11 8.2 2 M 6.8 8.6 L 6.8 6.2 C 6.8 4.4 8.2 3 10 3 C 11.8 3 13.2 4.4 13.2 6.2 L 13.2 8.6",
    /* eye           */
    "M 2 10 C 3.8 6.6 6.7 4.8 10 4.8 C 13.3 4.8 16.2 6.6 18 10 C 16.2 13.4 13.3 15.2 10 15.2 C 6.7 15.2 3.8 "
    "13.4 2 10 Z O 10 10 2.5",
    /* eye_off       */
    "M 2 10 C 3.8 6.6 6.7 4.8 10 4.8 C 13.3 4.8 16.2 6.6 18 10 C 16.2 13.4 13.3 15.2 10 15.2 C 6.7 15.2 3.8 "
    "13.4 2 10 Z O 10 10 2.5 M 3.5 16.5 L 16.5 3.5",
    /* copy          */
    "R 7 7 9.5 9.5 2 M 4.8 12.8 C 4 12.7 3.5 12.1 3.5 11.3 L 3.5 5.5 C 3.5 4.4 4.4 3.5 5.5 3.5 L 11.3 3.5 C "
    "12.1 3.5 12.7 4 12.8 4.8",
    /* user          */ "O 10 6.8 3.4 M 3.6 16.8 C 4.2 13.6 6.8 12 10 12 C 13.2 12 15.8 13.6 16.4 16.8",
    /* gear          */
    "O 10 10 2.6 O 10 10 5.4 M 10 2.4 L 10 4.6 M 10 15.4 L 10 17.6 M 2.4 10 L 4.6 10 M 15.4 10 L 17.6 10 M "
    "4.6 4.6 L 6.2 6.2 M 13.8 13.8 L 15.4 15.4 M 4.6 15.4 L 6.2 13.8 M 13.8 6.2 L 15.4 4.6",
    /* call_in       */ "M 15 5 L 5.5 14.5 M 5.5 7.5 L 5.5 14.5 L 12.5 14.5",
    /* call_out      */ "M 5 15 L 14.5 5.5 M 7.5 5.5 L 14.5 5.5 L 14.5 12.5",
    /* call_missed   */ "M 3 6 L 9.5 12.5 L 16.5 5.5 M 11 5.3 L 16.7 5.3 L 16.7 11",
    /* stop          */ "F R 5 5 10 10 1.5",
    /* moon          */
    "M 16.5 11.5 C 15.6 11.9 14.6 12.1 13.5 12.1 C 10.3 12.1 7.8 9.6 7.8 6.4 C 7.8 5.3 8.1 4.3 8.6 3.4 C 5.4 "
    "4.1 3 6.9 3 10.3 C 3 14.2 6.2 17.3 10 17.3 C 13.2 17.3 15.8 15 16.5 11.5 Z",
    /* sun           */
    "O 10 10 3.4 M 10 2.2 L 10 4 M 10 16 L 10 17.8 M 2.2 10 L 4 10 M 16 10 L 17.8 10 M 4.5 4.5 L 5.7 5.7 M "
    "14.3 14.3 L 15.5 15.5 M 4.5 15.5 L 5.7 14.3 M 14.3 5.7 L 15.5 4.5",
    /* sign_out      */
    "M 8 3.5 L 5 3.5 C 4.2 3.5 3.5 4.2 3.5 5 L 3.5 15 C 3.5 15.8 4.2 16.5 5 16.5 L 8 16.5 M 8 10 L 16.5 10 M "
    "13 6.5 L 16.5 10 L 13 13.5",
    /* home          */ "M 3 9.5 L 10 3.5 L 17 9.5 M 5 8 L 5 16.5 L 15 16.5 L 15 8",
    /* speaker       */
    "M 3 7.8 L 5.8 7.8 L 9.8 4.4 L 9.8 15.6 L 5.8 12.2 L 3 12.2 Z A 9.6 10 3.4 -48 48 A 9.6 10 6.6 -48 48",
    /* speaker_off   */
    "M 3 7.8 L 5.8 7.8 L 9.8 4.4 L 9.8 15.6 L 5.8 12.2 L 3 12.2 Z M 12.8 7.8 L 17.2 12.2 M 17.2 7.8 L 12.8 "
    "12.2",
};

class Reader {
 public:
  explicit Reader(std::string_view path) : at_(path.data()), end_(path.data() + path.size()) {}
  bool done() {
    while (at_ < end_ && *at_ == ' ') ++at_;
    return at_ >= end_;
  }
  char op() { return *at_++; }
  double number() {
    char* next = nullptr;
    const double value = std::strtod(at_, &next);
    at_ = next;
    return value;
  }

 private:
  const char* at_;
  const char* end_;
};

void rounded_box(cairo_t* cairo, double x, double y, double w, double h, double r) {
  constexpr double kQuarter = std::numbers::pi / 2;
  cairo_new_sub_path(cairo);
  cairo_arc(cairo, x + w - r, y + r, r, -kQuarter, 0);
  cairo_arc(cairo, x + w - r, y + h - r, r, 0, kQuarter);
  cairo_arc(cairo, x + r, y + h - r, r, kQuarter, 2 * kQuarter);
  cairo_arc(cairo, x + r, y + r, r, 2 * kQuarter, 3 * kQuarter);
  cairo_close_path(cairo);
}

}  // namespace

void draw_icon(cairo_t* cairo, Icon icon, double size_px) {
  constexpr double kGrid = 20.0, kStroke = 1.5;
  cairo_save(cairo);
  cairo_scale(cairo, size_px / kGrid, size_px / kGrid);
  cairo_set_line_width(cairo, kStroke);
  cairo_set_line_cap(cairo, CAIRO_LINE_CAP_ROUND);
  cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
  cairo_new_path(cairo);
  bool fill = false;
  for (Reader in(kPaths[static_cast<std::size_t>(icon)]); !in.done();) {
    switch (in.op()) {
      case 'M': {
        const double x = in.number(), y = in.number();
        cairo_move_to(cairo, x, y);
        break;
      }
      case 'L': {
        const double x = in.number(), y = in.number();
        cairo_line_to(cairo, x, y);
        break;
      }
      case 'C': {
        const double a = in.number(), b = in.number(), c = in.number(), d = in.number(), e = in.number(),
                     f = in.number();
        cairo_curve_to(cairo, a, b, c, d, e, f);
        break;
      }
      case 'Z': cairo_close_path(cairo); break;
      case 'O': {
        const double x = in.number(), y = in.number(), r = in.number();
        cairo_new_sub_path(cairo);
        cairo_arc(cairo, x, y, r, 0, 2 * std::numbers::pi);
        break;
      }
      case 'A': {
        const double x = in.number(), y = in.number(), r = in.number(), from = in.number(), to = in.number();
        cairo_new_sub_path(cairo);
        cairo_arc(cairo, x, y, r, from * std::numbers::pi / 180, to * std::numbers::pi / 180);
        break;
      }
      case 'R': {
        const double x = in.number(), y = in.number(), w = in.number(), h = in.number(), r = in.number();
        rounded_box(cairo, x, y, w, h, r);
        break;
      }
      case 'F':
        cairo_stroke(cairo);
        fill = true;
        break;
      default: break;
    }
  }
  if (fill) {
    cairo_fill(cairo);
  } else {
    cairo_stroke(cairo);
  }
  cairo_restore(cairo);
}

}  // namespace sotto::desktop
