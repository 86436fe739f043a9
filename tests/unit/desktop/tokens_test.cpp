#include "desktop/base/tokens.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace sotto::desktop {
namespace {

struct Pair {
  Token ink, ground;
  double need, light, dark;
};

// The table of the specification: what is needed, and what the colours give.
const std::vector<Pair> kTable{
    {Token::text, Token::bg, 4.5, 17.82, 15.69},
    {Token::text, Token::bg_side, 4.5, 16.45, 14.57},
    {Token::text, Token::bg_sunk, 4.5, 15.45, 16.56},
    {Token::text, Token::bg_hover, 4.5, 15.16, 12.71},
    {Token::text, Token::bg_sel, 4.5, 14.05, 10.27},
    {Token::text, Token::bg_sel_hover, 4.5, 12.88, 8.70},
    {Token::text, Token::bubble_in, 4.5, 15.73, 12.89},
    {Token::text, Token::bubble_out, 4.5, 14.64, 9.53},
    {Token::text, Token::code_bg, 4.5, 14.47, 16.57},
    {Token::text, Token::mention_bg, 4.5, 14.94, 9.80},
    {Token::text, Token::hit_bg, 4.5, 13.82, 7.64},
    {Token::text, Token::hit_cur, 4.5, 10.37, 5.27},
    {Token::text, Token::seltext_bg, 4.5, 10.85, 6.06},
    {Token::text2, Token::bg, 4.5, 7.69, 9.37},
    {Token::text2, Token::bg_side, 4.5, 7.10, 8.70},
    {Token::text2, Token::bg_sel, 4.5, 6.06, 6.13},
    {Token::text2, Token::bg_sel_hover, 4.5, 5.55, 5.19},
    {Token::text2, Token::bubble_in, 4.5, 6.79, 7.70},
    {Token::text2, Token::bubble_out, 4.5, 6.31, 5.69},
    {Token::text2, Token::mention_bg, 4.5, 6.44, 5.85},
    {Token::text3, Token::bg, 4.5, 5.93, 7.83},
    {Token::text3, Token::bg_side, 4.5, 5.47, 7.28},
    {Token::text3, Token::bg_sunk, 4.5, 5.14, 8.27},
    {Token::text3, Token::bg_hover, 4.5, 5.04, 6.35},
    {Token::text3, Token::bg_sel, 4.5, 4.67, 5.13},
    {Token::text3, Token::bubble_in, 4.5, 5.23, 6.43},
    {Token::text3, Token::bubble_out, 4.5, 4.87, 4.76},
    {Token::link, Token::bg, 4.5, 7.12, 9.33},
    {Token::link, Token::bg_side, 4.5, 6.57, 8.66},
    {Token::link, Token::bg_sel, 4.5, 5.62, 6.10},
    {Token::link, Token::bubble_in, 4.5, 6.29, 7.66},
    {Token::link, Token::bubble_out, 4.5, 5.85, 5.66},
    {Token::link, Token::mention_bg, 4.5, 5.97, 5.83},
    {Token::on_accent, Token::accent, 4.5, 5.96, 4.86},
    {Token::on_accent, Token::accent_hover, 4.5, 7.12, 5.62},
    {Token::on_accent, Token::accent_press, 4.5, 8.83, 6.95},
    {Token::on_accent, Token::danger, 4.5, 5.85, 4.53},
    {Token::on_accent, Token::danger_hover, 4.5, 7.29, 5.32},
    {Token::on_accent, Token::badge_mute, 4.5, 5.93, 5.78},
    {Token::ok, Token::bg, 4.5, 6.61, 9.89},
    {Token::ok, Token::ok_bg, 4.5, 5.70, 7.54},
    {Token::ok, Token::bg_side, 4.5, 6.10, 9.19},
    {Token::warn, Token::bg, 4.5, 7.41, 10.50},
    {Token::warn, Token::warn_bg, 4.5, 6.64, 8.08},
    {Token::err, Token::bg, 4.5, 6.90, 8.71},
    {Token::err, Token::err_bg, 4.5, 5.84, 7.44},
    {Token::err, Token::bg_side, 4.5, 6.37, 8.09},
    {Token::err, Token::bubble_out, 4.5, 5.67, 5.29},
    {Token::tip_text, Token::tip_bg, 4.5, 13.31, 14.60},
    {Token::accent, Token::bg, 3, 5.96, 3.63},
    {Token::accent, Token::bg_side, 3, 5.50, 3.37},
    {Token::border_ctl, Token::bg, 3, 3.65, 4.76},
    {Token::border_ctl, Token::bg_sunk, 3, 3.17, 5.02},
    {Token::focus, Token::bg, 3, 5.96, 9.33},
    {Token::focus, Token::bg_side, 3, 5.50, 8.66},
    {Token::focus, Token::bg_sel, 3, 4.70, 6.10},
    {Token::focus, Token::bubble_in, 3, 5.26, 7.66},
    {Token::focus, Token::bubble_out, 3, 4.90, 5.66},
};

TEST(Tokens, give_the_contrast_that_the_table_promises) {
  for (const Pair& p : kTable) {
    for (const auto& [theme, promised] : {std::pair{&kLight, p.light}, std::pair{&kDark, p.dark}}) {
      const double ratio = contrast((*theme)[p.ink], (*theme)[p.ground]);
      const std::string where = std::to_string(static_cast<int>(p.ink)) + " on " +
                                std::to_string(static_cast<int>(p.ground)) +
                                (theme->dark ? " dark" : " light");
      EXPECT_GE(ratio, p.need) << where;
      EXPECT_NEAR(ratio, promised, 0.011) << where;
    }
  }
}

TEST(Tokens, keep_text_readable_in_a_call) {
  using namespace call_color;
  EXPECT_NEAR(contrast(kText, kStage), 19.46, 0.02);
  EXPECT_NEAR(contrast(kText, kCtl), 12.78, 0.02);
  EXPECT_NEAR(contrast(kText2, kStage), 11.98, 0.02);
  EXPECT_NEAR(contrast(kText, kHang), 4.53, 0.02);
  EXPECT_NEAR(contrast(kText, kAccept), 5.41, 0.02);
  EXPECT_NEAR(contrast(kOffIcon, kOffFill), 6.25, 0.02);
  // Over the whitest picture, under the scrim.
  const auto under = static_cast<std::uint8_t>(std::lround(255 * (1 - kScrim.a / 255.0)));
  const Color white_video{under, under, under};
  for (const Color ink : {kText, kWarn, kSpeak, kErr}) EXPECT_GE(contrast(ink, white_video), 4.5);
}

TEST(Tokens, identity_colours_carry_white_and_are_readable_as_names) {
  for (std::size_t i = 0; i < kIdentity.size(); ++i) {
    EXPECT_GE(contrast(rgb(0xFFFFFF), kIdentity[i]), 5.3) << i;
    EXPECT_GE(contrast(kIdentity[i], kLight[Token::bubble_in]), 4.7) << i;
    EXPECT_GE(contrast(kIdentityDark[i], kDark[Token::bubble_in]), 5.4) << i;
  }
}

}  // namespace
}  // namespace sotto::desktop
