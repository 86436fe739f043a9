// Every colour, size and duration of the window. No literal colour stands anywhere else.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sotto::desktop {

struct Color {
  std::uint8_t r = 0, g = 0, b = 0, a = 255;

  constexpr Color with_alpha(double alpha) const {
    return {r, g, b, static_cast<std::uint8_t>(alpha * 255.0 + 0.5)};
  }
  friend constexpr bool operator==(const Color&, const Color&) = default;
};
constexpr Color rgb(std::uint32_t hex) {
  return {static_cast<std::uint8_t>(hex >> 16), static_cast<std::uint8_t>(hex >> 8),
          static_cast<std::uint8_t>(hex), 255};
}

// WCAG 2 relative luminance and contrast, 1..21.
double luminance(Color color);
double contrast(Color a, Color b);

enum class Token : std::size_t {
  bg,
  bg_side,
  bg_sunk,
  bg_hover,
  bg_sel,
  bg_sel_hover,
  bubble_in,
  bubble_out,
  text,
  text2,
  text3,
  text_dis,
  accent,
  accent_hover,
  accent_press,
  on_accent,
  link,
  ok,
  ok_bg,
  warn,
  warn_bg,
  err,
  err_bg,
  danger,
  danger_hover,
  badge_mute,
  border,
  border_ctl,
  focus,
  code_bg,
  mention_bg,
  hit_bg,
  hit_cur,
  seltext_bg,
  tip_bg,
  tip_text,
  count_,
};

struct Theme {
  bool dark = false;
  std::array<Color, static_cast<std::size_t>(Token::count_)> colors{};
  Color scrim;  // under dialogs
  constexpr Color operator[](Token token) const { return colors[static_cast<std::size_t>(token)]; }
};

inline constexpr Theme kLight{
    false,
    {rgb(0xFFFFFF), rgb(0xF4F6F8), rgb(0xECEFF3), rgb(0xE9EDF2), rgb(0xD6E6FA), rgb(0xC9DDF7),
     rgb(0xEEF1F5), rgb(0xD8EBFF), rgb(0x14181D), rgb(0x4A5461), rgb(0x5A6573), rgb(0x8A94A0),
     rgb(0x0B5FCC), rgb(0x0A54B5), rgb(0x08479A), rgb(0xFFFFFF), rgb(0x0A54B5), rgb(0x0B6B3A),
     rgb(0xDFF3E7), rgb(0x7A4B00), rgb(0xFFF1D6), rgb(0xB3151F), rgb(0xFDE7E8), rgb(0xC4202B),
     rgb(0xA81E28), rgb(0x5A6573), rgb(0xD5DBE2), rgb(0x7C8794), rgb(0x0B5FCC), rgb(0xE3E8EE),
     rgb(0xFFE9B8), rgb(0xFFE08A), rgb(0xFFB84D), rgb(0xA9CDF9), rgb(0x2A3038), rgb(0xFFFFFF)},
    Color{20, 24, 29, 115}};
inline constexpr Theme kDark{
    true,
    {rgb(0x15191E), rgb(0x1B2026), rgb(0x101317), rgb(0x242B33), rgb(0x1F3A5C), rgb(0x25456C),
     rgb(0x232A32), rgb(0x173F6B), rgb(0xEEF2F6), rgb(0xB4BEC9), rgb(0xA3AEBA), rgb(0x6B7682),
     rgb(0x2470D2), rgb(0x1F66C2), rgb(0x1A58AA), rgb(0xFFFFFF), rgb(0x8CC0FF), rgb(0x6FD69B),
     rgb(0x123524), rgb(0xF2C063), rgb(0x3A2C0F), rgb(0xFF9A9E), rgb(0x43191C), rgb(0xD93A44),
     rgb(0xC92F39), rgb(0x5B6773), rgb(0x303842), rgb(0x7A8694), rgb(0x8CC0FF), rgb(0x0F1318),
     rgb(0x4A3A12), rgb(0x5C4A12), rgb(0x8A5A00), rgb(0x2C5C96), rgb(0xE4E9EF), rgb(0x14181D)},
    Color{0, 0, 0, 153}};

// The call view is dark in both themes.
namespace call_color {
inline constexpr Color kStage = rgb(0x0B0D10), kTile = rgb(0x1A1F25), kCtl = rgb(0x2C333B),
                       kCtlHover = rgb(0x39424C), kOffFill = rgb(0xF1F4F7), kOffIcon = rgb(0xB3151F),
                       kText = rgb(0xFFFFFF), kText2 = rgb(0xC3CCD6), kHang = rgb(0xD93A44),
                       kHangHover = rgb(0xC92F39), kAccept = rgb(0x0F7A43), kAcceptHover = rgb(0x0C6939),
                       kSpeak = rgb(0x4CD08A), kWarn = rgb(0xF2C063), kErr = rgb(0xFF9A9E);
inline constexpr Color kScrim{0, 0, 0, 184};  // .72: the least that keeps text readable over any picture
inline constexpr Color kDim{0, 0, 0, 153};    // over a frozen picture
}  // namespace call_color

// Avatar discs (white on them is readable) and names in groups.
inline constexpr std::array<Color, 12> kIdentity{rgb(0xD01711), rgb(0xB14A0E), rgb(0x8B610B), rgb(0x577109),
                                                 rgb(0x0A7825), rgb(0x0A7853), rgb(0x0A7578), rgb(0x0D6FA0),
                                                 rgb(0x1360E5), rgb(0x6B49F0), rgb(0xA912DB), rgb(0xC8107C)};
inline constexpr std::array<Color, 12> kIdentityDark{
    rgb(0xF47D79), rgb(0xF08242), rgb(0xD49311), rgb(0x86AF0E), rgb(0x0FBA3A), rgb(0x0FB67E),
    rgb(0x0FB2B8), rgb(0x24AAED), rgb(0x6FA0F3), rgb(0xA692F6), rgb(0xD67BF4), rgb(0xF474BE)};
inline constexpr Color kShadow{0, 0, 0, 255};

// Spacing, radii and sizes in dp.
namespace dp {
inline constexpr double s1 = 2, s2 = 4, s3 = 8, s4 = 12, s5 = 16, s6 = 24, s7 = 32, s8 = 40, s9 = 48,
                        s10 = 64;
inline constexpr double r1 = 4, r2 = 8, r3 = 12, r4 = 16;
inline constexpr double kMinWindowW = 360, kMinWindowH = 520, kFirstW = 1080, kFirstH = 720;
inline constexpr double kOnePane = 640, kThreePane = 1080, kSidebarTwo = 280, kSidebarThree = 320;
inline constexpr double kHeader = 56, kRow = 64, kButton = 40, kButtonMin = 96, kField = 40, kIconButton = 40;
inline constexpr double kColumnMax = 960, kBubbleMax = 560, kBubbleMin = 72, kFileBubble = 320;
inline constexpr double kCallBar = 88, kCallTop = 48, kCallCell = 72, kCallDisc = 48;
}  // namespace dp

// Durations in ms.
namespace ms {
inline constexpr int kFast = 100, kBase = 150, kSlow = 250, kCall = 200, kScroll = 120;
inline constexpr int kCaret = 530, kCaretIdle = 10000, kTooltip = 500, kSpinnerDelay = 400,
                     kDeliveryDelay = 400, kBannerDelay = 2000, kToast = 4000, kToastAction = 8000,
                     kSpinnerStep = 80;
}  // namespace ms

// Type roles: size and line height in dp, weight as in fontconfig's CSS scale.
enum class TextRole : std::size_t {
  micro,
  badge,
  caption,
  caption_strong,
  small,
  small_strong,
  body,
  strong,
  title,
  heading,
  display,
  mono,
  mono_big,
  emoji,
  emoji_small,
  preview,
  count_,
};
struct TextMetrics {
  double size, line;
  int weight;
  bool mono;
};
inline constexpr std::array<TextMetrics, static_cast<std::size_t>(TextRole::count_)> kTextRoles{{
    {11, 16, 500, false},
    {11, 16, 700, false},
    {12, 16, 400, false},
    {12, 16, 600, false},
    {13, 18, 400, false},
    {13, 18, 600, false},
    {14, 20, 400, false},
    {14, 20, 600, false},
    {16, 22, 600, false},
    {20, 28, 600, false},
    {28, 36, 600, false},
    {13, 20, 400, true},
    {17, 28, 500, true},
    {40, 48, 400, false},
    {28, 36, 400, false},
    {13, 18, 400, false},
}};
constexpr TextMetrics metrics(TextRole role) { return kTextRoles[static_cast<std::size_t>(role)]; }

}  // namespace sotto::desktop
