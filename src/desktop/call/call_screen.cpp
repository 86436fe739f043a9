#include "desktop/call/call_screen.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "desktop/base/format.hpp"
#include "desktop/base/strings.hpp"
#include "desktop/text/sanitize.hpp"
#include "desktop/widgets/dialog.hpp"

namespace sotto::desktop {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kNotAnsweringAfter = 20, kStillConnectingAfter = 5;
constexpr int kEndedStays = 5, kFailedStays = 20;
constexpr double kNarrowBar = 480, kNarrowCell = 56;
constexpr double kMargin = 16;

std::string who(const CallView& call) {
  return isolated(call.peer.display_name.empty() ? call.peer.username : call.peer.display_name, 60);
}
std::string plain_name(const CallView& call) {
  return call.peer.display_name.empty() ? call.peer.username : call.peer.display_name;
}

bool failure(EndReason reason) {
  return reason == EndReason::connect_failed || reason == EndReason::connection_lost ||
         reason == EndReason::media_failed;
}

// Why it ended, and what there is to add.
std::pair<std::string, std::string> ended_text(const CallView& call) {
  switch (call.reason) {
    case EndReason::declined:
      return {call.outgoing ? fill(str::kDeclinedBy, {{"name", who(call)}}) : s(str::kYouDeclined), ""};
    case EndReason::busy: return {fill(str::kBusy, {{"name", who(call)}}), ""};
    case EndReason::no_answer:
      return {fill(call.outgoing ? str::kNoAnswer : str::kMissedFrom, {{"name", who(call)}}), ""};
    case EndReason::cancelled:
      return {call.outgoing ? s(str::kCallCancelled) : fill(str::kMissedFrom, {{"name", who(call)}}), ""};
    case EndReason::connect_failed:
      return {s(str::kConnectFailed), call.failure.empty() ? s(str::kFirewall) : call.failure};
    case EndReason::connection_lost: return {s(str::kConnectionLost), s(str::kLostBody)};
    case EndReason::media_failed: return {s(str::kMediaFailed), call.failure};
    default: return {s(str::kCallEnded), call.active_s > 0 ? duration_text(call.active_s) : ""};
  }
}

int seconds_since(TimePoint then, TimePoint now) { return static_cast<int>((now - then) / seconds(1)); }

}  // namespace

void CallScreen::call_changed() {
  const CallView* call = model_.call ? &*model_.call : nullptr;
  if (call == nullptr) {
    minimised_ = false;
    panel_ = false;
    current_ = {};
    return;
  }
  if (call->id != current_) {
    current_ = call->id;
    minimised_ = false;
    panel_ = false;
    speaker_ = true;
    corner_ = 3;
    state_ = CallState::ended;
    state_since_ = {};
  }
  if (call->state == CallState::ended) panel_ = false;
  // A small call has no stage to say it on, and none is left to be dismissed.
  if (call->state == CallState::ended && minimised_) {
    const auto [headline, second] = ended_text(*call);
    const bool own_doing = call->reason == EndReason::local_hangup || call->reason == EndReason::cancelled;
    if (!own_doing)
      model_.toast(failure(call->reason) && !second.empty() ? headline + ". " + second : headline);
    model_.dismiss_call();
  }
}

const CallView* CallScreen::ringing() const {
  if (model_.second_call && model_.second_call->state == CallState::ringing && !model_.second_call->outgoing)
    return &*model_.second_call;
  if (model_.call && model_.call->state == CallState::ringing && !model_.call->outgoing) return &*model_.call;
  return nullptr;
}

bool CallScreen::live() const {
  if (!model_.call || model_.call->state == CallState::ended) return false;
  return model_.call->outgoing || model_.call->state != CallState::ringing;
}

bool CallScreen::on_stage() const {
  if (!model_.call) return false;
  if (model_.call->state == CallState::ended) return !minimised_;
  return live() && !minimised_;
}

bool CallScreen::key(const KeyEvent& e) {
  if (!e.ctrl || !e.shift || e.repeat) return false;
  if (const CallView* call = ringing()) {
    const CallId id = call->id;
    switch (e.key) {
      case Key::a: model_.accept_call(id, false); return true;
      case Key::v: model_.accept_call(id, call->video); return true;
      case Key::d: model_.decline_call(id); return true;
      default: break;
    }
  }
  if (!live()) return false;
  switch (e.key) {
    case Key::h: model_.hang_up(model_.call->id); return true;
    case Key::m: minimised_ = !minimised_; return true;
    case Key::o: toggle_camera(); return true;
    default: return false;
  }
}

bool CallScreen::stage_key(const KeyEvent& e) {
  if (e.alt || e.repeat || e.shift) return false;
  if (e.key == Key::escape) {
    if (panel_)
      panel_ = false;
    else if (live())
      minimised_ = true;
    else
      model_.dismiss_call();
    return true;
  }
  if (!live()) return false;
  if (e.key == Key::m || (e.ctrl && e.key == Key::d)) return toggle_microphone(), true;
  if (!e.ctrl && e.key == Key::v) return toggle_camera(), true;
  return false;
}

void CallScreen::toggle_microphone() {
  if (live()) model_.set_call({.microphone = !model_.call->microphone, .camera = {}, .speaker = {}});
}

void CallScreen::toggle_camera() {
  if (live()) model_.set_call({.microphone = {}, .camera = !model_.call->camera, .speaker = {}});
}

// ---- the stage ----

void CallScreen::build_stage(Ui& ui, const Rect& area, const PictureState& remote,
                             const PictureState& local) {
  const CallView call = *model_.call;
  Canvas& canvas = ui.canvas();
  canvas.fill(area, call_color::kStage);
  if (state_since_ == TimePoint{} || state_ != call.state) {
    if (state_since_ == TimePoint{}) shown_since_ = ui.now();
    state_ = call.state;
    state_since_ = ui.now();
  }
  Region stage;
  stage.id = "call.stage";
  stage.label = s(call.video ? str::kVideoCallWord : str::kCallWord);
  stage.value = std::string(client::to_string(call.state));
  stage.rect = area;
  stage.focusable = true;
  stage.key = [this](const KeyEvent& e) { return stage_key(e); };
  ui.region(std::move(stage));

  if (call.state == CallState::ended) return build_ended(ui, area);

  Rect rest = area;
  const Rect top = rest.take_top(dp::kCallTop);
  const Rect bottom = rest.take_bottom(dp::kCallBar);
  const int waited = seconds_since(state_since_, ui.now());

  if (call.state == CallState::ringing) {
    std::string line = s(call.peer_ringing ? str::kRinging : str::kCalling);
    if (!call.peer_ringing && waited >= kNotAnsweringAfter)
      line = fill(str::kNotAnswering, {{"name", who(call)}});
    else if (!call.peer_ringing)
      ui.wake_at(state_since_ + seconds(kNotAnsweringAfter));
    build_person(ui, rest, line, false);
  } else if (call.state == CallState::connecting) {
    const bool still = waited >= kStillConnectingAfter;
    if (!still) ui.wake_at(state_since_ + seconds(kStillConnectingAfter));
    build_person(ui, rest, s(still ? str::kStillConnecting : str::kConnecting), true);
  } else {
    // Timer and levels once a second.
    ui.wake_at(model_.call_state_since + seconds(seconds_since(model_.call_state_since, ui.now()) + 1));
    const bool lost = call.state == CallState::reconnecting;
    if (call.peer_camera && remote.shown) {
      const VideoFit fit = fit_video(rest, remote.width, remote.height);
      ui.video({.stream = Stream::remote, .rect = fit.rect, .crop = fit.crop, .dim = lost ? 0.4 : 1});
      ui.describe("call.remote_video", Role::image, fit.rect,
                  std::to_string(remote.width) + "x" + std::to_string(remote.height));
      if (lost) {
        canvas.begin_over();
        const Point c = rest.center();
        canvas.fill_round({c.x - 90, c.y - 44, 180, 96}, dp::r3, call_color::kScrim);
        ui.spinner({c.x, c.y - 14}, 32, call_color::kText);
        ui.line({c.x - 90, c.y + 18, 180, 24}, s(str::kReconnecting), TextRole::body, call_color::kText,
                Align::center);
        canvas.end_over();
      }
    } else {
      const std::string line = lost               ? s(str::kReconnecting)
                               : call.peer_camera ? s(str::kStartingVideo)
                                                  : timer_text(model_.call_seconds(ui.now()));
      build_person(ui, rest, line, lost || call.peer_camera);
    }
    if (!call.peer_microphone) {
      // Who is muted is said where they are seen.
      canvas.begin_over();
      const std::string name = one_line(plain_name(call), 30);
      const double w = ui.text_width(name, TextRole::caption) + 44;
      const Rect chip{rest.x + kMargin, rest.bottom() - kMargin - 26, w, 26};
      canvas.fill_round(chip, 13, call_color::kScrim);
      canvas.icon(Icon::mic_off, {chip.x + 10, chip.y + 5}, 16, call_color::kErr);
      ui.line({chip.x + 32, chip.y, w - 40, 26}, name, TextRole::caption, call_color::kText);
      canvas.end_over();
    }
    if (lost && waited >= 0) {
      const std::string text = fill(str::kLostConnection, {{"n", std::to_string(waited)}});
      const Rect banner{rest.x, rest.y, rest.w, 40};
      canvas.begin_over();
      canvas.fill(banner, kDark[Token::warn_bg]);
      canvas.icon(Icon::alert, {banner.x + 16, banner.y + 11}, 18, call_color::kWarn);
      ui.line({banner.x + 44, banner.y, banner.w - 60, 40}, text, TextRole::body, call_color::kWarn);
      canvas.end_over();
      ui.describe("call.banner", Role::text, banner, text);
      ui.wake_in(1000);
    }
  }
  if (call.camera && local.shown) self_view(ui, rest, local);
  top_bar(ui, top);
  control_bar(ui, bottom);
}

void CallScreen::build_person(Ui& ui, const Rect& area, const std::string& line, bool spin) {
  const CallView& call = *model_.call;
  const double height = 128 + 24 + 36 + 8 + 20;
  double y = area.y + std::max(8.0, (area.h - height) / 2);
  ui.avatar({area.center().x, y + 64}, 128, plain_name(call), identity_of(call.peer.id));
  y += 128 + 24;
  ui.line({area.x + 16, y, area.w - 32, 36}, one_line(plain_name(call), 60), TextRole::display,
          call_color::kText, Align::center);
  y += 36 + 8;
  const double w = ui.text_width(line, TextRole::body);
  if (spin) ui.spinner({area.center().x - w / 2 - 16, y + 10}, 16, call_color::kText2);
  ui.line({area.x + 16, y, area.w - 32, 20}, line, TextRole::body, call_color::kText2, Align::center, true);
  ui.describe("call.status", Role::text, {area.x, y, area.w, 20}, line);
}

void CallScreen::top_bar(Ui& ui, const Rect& bar) {
  const CallView& call = *model_.call;
  const double cy = bar.center().y;
  double x = bar.x + 12;
  const bool running = call.state == CallState::active || call.state == CallState::reconnecting;

  // The badge says how far the encryption is proved; there is no unencrypted state.
  if (call.state != CallState::ringing) {
    std::string text = s(str::kSecuring);
    Icon icon = Icon::shield;
    Color ink = call_color::kText2;
    bool ready = false;
    if (!call.security_code.empty()) {
      ready = true;
      if (call.peer.identity_changed) {
        text = s(str::kBadgeChanged);
        icon = Icon::shield_alert;
        ink = call_color::kWarn;
      } else if (call.verified) {
        text = s(str::kBadgeVerified);
        icon = Icon::shield_check;
        ink = call_color::kSpeak;
      } else {
        text = fill(str::kBadgeCompare, {{"code", code_text(call.security_code)}});
      }
    }
    const double w = ui.text_width(text, TextRole::caption) + 44;
    const Rect chip{x, cy - 16, w, 32};
    const bool hot = ready && ui.hovered("call.badge");
    ui.canvas().fill_round(chip, 16, hot ? call_color::kCtlHover : call_color::kTile);
    if (ready)
      ui.canvas().icon(icon, {chip.x + 10, cy - 9}, 18, ink);
    else
      ui.spinner({chip.x + 19, cy}, 14, ink);
    ui.line({chip.x + 34, chip.y, w - 40, 32}, text, TextRole::caption, call_color::kText, Align::start,
            true);
    Region r;
    r.id = "call.badge";
    r.label = text;
    r.value = call.security_code;
    r.rect = chip;
    r.role = Role::button;
    r.focusable = true;
    r.enabled = ready;
    r.cursor = Cursor::hand;
    r.activate = [this] { panel_ = true; };
    ui.region(std::move(r));
    ui.focus_ring("call.badge", chip, 16, true);
    x = chip.right() + 12;
  }
  if (running) {
    const std::string timer = timer_text(model_.call_seconds(ui.now()));
    const double w =
        ui.line({x, bar.y, 90, bar.h}, timer, TextRole::strong, call_color::kText, Align::start, true);
    ui.describe("call.timer", Role::text, {x, bar.y, 90, bar.h}, timer);
    x += w + 14;
  }
  double right = bar.right() - 52;
  if (!call.microphone && running) {
    const double w = ui.text_width(s(str::kYouAreMuted), TextRole::caption) + 40;
    // Below the bar where there is no room in it.
    const bool beside = right - w - 4 >= x;
    const Rect pill{right - w - 4, beside ? cy - 14 : bar.bottom() + 4, w, 28};
    if (beside) right = pill.x;
    ui.canvas().fill_round(pill, 14, call_color::kOffFill);
    ui.canvas().icon(Icon::mic_off, {pill.x + 9, pill.center().y - 8}, 16, call_color::kOffIcon);
    ui.line({pill.x + 29, pill.y, w - 34, 28}, s(str::kYouAreMuted), TextRole::caption, kLight[Token::text]);
    ui.describe("call.muted", Role::text, pill, s(str::kYouAreMuted));
  }
  if (running && right - x > 80) {
    ui.line({x, bar.y, right - x - 8, bar.h}, one_line(plain_name(call), 60), TextRole::body,
            call_color::kText2);
  }
  ui.icon_button({.id = "call.minimise",
                  .label = s(str::kMinimise),
                  .icon = Icon::minimise,
                  .rect = {bar.right() - 48, cy - 20, 40, 40},
                  .on = [this] { minimised_ = true; },
                  .tooltip = s(str::kMinimise) + " (Esc)",
                  .color = call_color::kText,
                  .hover = call_color::kCtl});
}

void CallScreen::control(Ui& ui, Rect& cell, const std::string& id, const std::string& label, Icon icon,
                         bool off, bool available, const std::function<void()>& on) {
  const bool labels = cell_ >= dp::kCallCell;
  const Rect box = cell.take_left(cell_);
  const Point disc{box.center().x, labels ? box.y + 8 + dp::kCallDisc / 2 : box.center().y};
  const bool hot = ui.hovered(id);
  // Off is the bright state: it must be seen from a distance.
  const Color fill = off ? call_color::kOffFill : hot ? call_color::kCtlHover : call_color::kCtl;
  ui.canvas().circle(disc, dp::kCallDisc / 2, fill);
  ui.canvas().icon(icon, {disc.x - 11, disc.y - 11}, 22, off ? call_color::kOffIcon : call_color::kText);
  if (labels) {
    ui.line({box.x, disc.y + dp::kCallDisc / 2 + 3, box.w, 16}, label, TextRole::caption, call_color::kText,
            Align::center);
  }
  Region r;
  r.id = id;
  r.label = label;
  r.value = off ? "off" : "on";
  if (!labels) r.tooltip = label;
  r.rect = {box.x + 4, box.y + 4, box.w - 8, box.h - 8};
  r.role = Role::toggle;
  r.focusable = true;
  r.enabled = available;
  r.cursor = Cursor::hand;
  r.activate = on;
  ui.region(std::move(r));
  if (ui.keyboard_modality() && ui.focused(id)) {
    ui.canvas().ring(disc, dp::kCallDisc / 2 + 4, 2, call_color::kText);
  }
}

void CallScreen::end_button(Ui& ui, const Rect& cell, const std::string& id) {
  const bool labels = cell_ >= dp::kCallCell;
  const Rect pill{cell.center().x - 32, labels ? cell.y + 8 : cell.center().y - 24, 64, 48};
  const bool hot = ui.hovered(id);
  ui.canvas().fill_round(pill, 24, hot ? call_color::kHangHover : call_color::kHang);
  ui.canvas().icon_in(Icon::hang_up, pill, 24, call_color::kText);
  if (labels) {
    ui.line({cell.x, pill.bottom() + 3, cell.w, 16}, s(str::kEnd), TextRole::caption, call_color::kText,
            Align::center);
  }
  Region r;
  r.id = id;
  r.label = s(str::kEnd);
  r.rect = {cell.x, cell.y + 4, cell.w, cell.h - 8};
  r.role = Role::button;
  r.focusable = true;
  r.cursor = Cursor::hand;
  r.activate = [this, &ui, shown = shown_since_] {
    // A click that was meant for what stood here a moment ago must not end the call.
    if (model_.call && ui.now() - shown > milliseconds(300)) model_.hang_up(model_.call->id);
  };
  ui.region(std::move(r));
  if (ui.keyboard_modality() && ui.focused(id))
    ui.canvas().stroke_round(pill.inset(-4), 28, 2, call_color::kText);
}

void CallScreen::control_bar(Ui& ui, const Rect& bar) {
  const CallView& call = *model_.call;
  constexpr int kControls = 4;
  constexpr double kEndCell = 80, kGap = 24;
  // Where there is little room: no labels, narrow cells, and End still apart from the rest.
  cell_ = bar.w < kNarrowBar ? std::min(kNarrowCell, (bar.w - kEndCell - kGap) / kControls) : dp::kCallCell;
  const double width = kControls * cell_ + kGap + kEndCell;
  Rect row{bar.x + std::max(0.0, (bar.w - width) / 2), bar.y, width, bar.h};
  control(ui, row, "call.mic", s(call.microphone ? str::kMute : str::kUnmute),
          call.microphone ? Icon::mic : Icon::mic_off, !call.microphone, true,
          [this] { toggle_microphone(); });
  control(ui, row, "call.camera", s(call.camera ? str::kStopVideo : str::kStartVideo),
          call.camera ? Icon::cam : Icon::cam_off, !call.camera, true, [this] { toggle_camera(); });
  control(ui, row, "call.speaker", s(speaker_ ? str::kSoundOff : str::kSoundOn),
          speaker_ ? Icon::speaker : Icon::speaker_off, !speaker_, true, [this] {
            speaker_ = !speaker_;
            model_.set_call({.microphone = {}, .camera = {}, .speaker = speaker_});
          });
  control(ui, row, "call.chat", s(str::kChat), Icon::chat, false, true,
          [this, conversation = call.conversation] {
            minimised_ = true;
            if (open_chat) open_chat(conversation);
          });
  row.take_left(kGap);
  end_button(ui, {row.x, row.y, kEndCell, row.h}, "call.end");
}

void CallScreen::self_view(Ui& ui, const Rect& stage, const PictureState& local) {
  const double w = std::clamp(stage.w * 0.16, 128.0, 240.0);
  const double h = w * local.height / std::max(1, local.width);
  const bool left = corner_ % 2 == 0, top = corner_ < 2;
  const Rect box{ui.canvas().snap(left ? stage.x + kMargin : stage.right() - kMargin - w),
                 ui.canvas().snap(top ? stage.y + kMargin : stage.bottom() - kMargin - h),
                 ui.canvas().snap(w), ui.canvas().snap(h)};
  // Only the own preview is mirrored; what is sent never is.
  ui.video({.stream = Stream::local, .rect = box, .mirrored = true, .radius = dp::r3});
  Region r;
  r.id = "call.self_view";
  r.label = std::to_string(local.width) + "x" + std::to_string(local.height);
  r.rect = box;
  r.role = Role::image;
  r.focusable = true;
  r.cursor = Cursor::hand;
  r.pointer = [this, stage](const PointerEvent& e) {
    if (e.kind == PointerKind::press || e.button != Button::left) return;
    corner_ = (e.at.x > stage.center().x ? 1 : 0) + (e.at.y > stage.center().y ? 2 : 0);
  };
  r.key = [this](const KeyEvent& e) {
    switch (e.key) {
      case Key::left: corner_ &= ~1; return true;
      case Key::right: corner_ |= 1; return true;
      case Key::up: corner_ &= ~2; return true;
      case Key::down: corner_ |= 2; return true;
      default: return stage_key(e);
    }
  };
  ui.region(std::move(r));
  if (!model_.call->microphone) {
    ui.canvas().begin_over();
    const Rect chip{box.x + 6, box.bottom() - 30, 24, 24};
    ui.canvas().fill_round(chip, 12, call_color::kScrim);
    ui.canvas().icon_in(Icon::mic_off, chip, 15, call_color::kErr);
    ui.canvas().end_over();
  }
  if (ui.keyboard_modality() && ui.focused("call.self_view")) {
    ui.canvas().begin_over();
    ui.canvas().stroke_round(box.inset(-2), dp::r3 + 2, 2, call_color::kText);
    ui.canvas().end_over();
  }
}

void CallScreen::build_ended(Ui& ui, const Rect& area) {
  const CallView call = *model_.call;
  const bool failed = failure(call.reason);
  const TimePoint leave = state_since_ + seconds(failed ? kFailedStays : kEndedStays);
  const bool held = ui.pointer_inside(area) && ui.now() - ui.last_input() < seconds(30);
  if (!held && ui.now() >= leave) {
    // Not from inside a frame: the model changes between frames.
    ui.defer([this] { model_.dismiss_call(); });
  } else {
    ui.wake_at(std::max(leave, ui.now() + milliseconds(500)));
  }

  const auto [headline, second] = ended_text(call);
  const double height = 96 + 24 + 28 + 8 + 20 + 32 + 40;
  double y = area.y + std::max(16.0, (area.h - height) / 2);
  ui.avatar({area.center().x, y + 48}, 96, plain_name(call), identity_of(call.peer.id));
  y += 96 + 24;
  ui.line({area.x + 16, y, area.w - 32, 28}, headline, TextRole::heading, call_color::kText, Align::center);
  ui.describe("call.ended", Role::text, {area.x, y, area.w, 28}, headline);
  y += 28 + 8;
  ui.line({area.x + 16, y, area.w - 32, 20}, second.empty() ? one_line(plain_name(call), 60) : second,
          TextRole::body, failed ? call_color::kErr : call_color::kText2, Align::center);
  y += 20 + 32;

  struct Choice {
    std::string id, label;
    std::function<void()> on;
  };
  const std::vector<Choice> choices{{"call.again", s(str::kCallAgain),
                                     [this, c = call.conversation, video = call.video] {
                                       model_.dismiss_call();
                                       model_.start_call(c, video);
                                     }},
                                    {"call.message", s(str::kMessageButton),
                                     [this, c = call.conversation] {
                                       model_.dismiss_call();
                                       if (open_chat) open_chat(c);
                                     }},
                                    {"call.close", s(str::kClose), [this] { model_.dismiss_call(); }}};
  double total = -12;
  for (const Choice& choice : choices) total += ui.button_width(choice.label) + 12;
  double x = area.center().x - total / 2;
  for (const Choice& choice : choices) {
    const double w = ui.button_width(choice.label);
    const Rect box{x, y, w, dp::kButton};
    const bool hot = ui.hovered(choice.id);
    ui.canvas().fill_round(box, dp::r2, hot ? call_color::kCtlHover : call_color::kCtl);
    ui.line(box, choice.label, TextRole::strong, call_color::kText, Align::center);
    Region r;
    r.id = choice.id;
    r.label = choice.label;
    r.rect = box;
    r.role = Role::button;
    r.focusable = true;
    r.cursor = Cursor::hand;
    r.activate = choice.on;
    ui.region(std::move(r));
    if (ui.keyboard_modality() && ui.focused(choice.id))
      ui.canvas().stroke_round(box.inset(-4), dp::r2 + 4, 2, call_color::kText);
    x += w + 12;
  }
}

// ---- around the stage ----

void CallScreen::build_minimised(Ui& ui, const Rect& pane, const PictureState& remote) {
  if (!minimised()) return;
  const CallView call = *model_.call;
  const double w = std::min(256.0, pane.w - 32);
  const double h = w * 9 / 16;
  const Rect card{pane.right() - 16 - w, pane.bottom() - 16 - h - 44, w, h + 44};
  Canvas& canvas = ui.canvas();
  canvas.shadow(card, dp::r3, 2);
  canvas.fill_round(card, dp::r3, call_color::kStage);
  const Rect video{card.x, card.y, card.w, h};
  Region r;
  r.id = "call.card";
  r.label = s(str::kExpand);
  r.rect = card;
  r.role = Role::button;
  r.focusable = true;
  r.cursor = Cursor::hand;
  r.activate = [this] { minimised_ = false; };
  ui.region(std::move(r));
  const bool running = call.state == CallState::active || call.state == CallState::reconnecting;
  if (call.peer_camera && remote.shown && running) {
    const VideoFit fit = fit_video(video.inset(4), remote.width, remote.height);
    ui.video({.stream = Stream::remote, .rect = fit.rect, .crop = fit.crop});
  } else {
    ui.avatar({video.center().x, video.center().y}, 56, plain_name(call), identity_of(call.peer.id));
  }
  const std::string status =
      running ? timer_text(model_.call_seconds(ui.now()))
              : s(call.state == CallState::ringing ? (call.peer_ringing ? str::kRinging : str::kCalling)
                                                   : str::kConnecting);
  if (running)
    ui.wake_at(model_.call_state_since + seconds(seconds_since(model_.call_state_since, ui.now()) + 1));
  Rect bar{card.x, card.bottom() - 42, card.w, 40};
  double text_x = bar.x + 12;
  if (running) {
    const Icon shield = call.peer.identity_changed ? Icon::shield_alert
                        : call.verified            ? Icon::shield_check
                                                   : Icon::shield;
    canvas.icon(shield, {text_x, bar.center().y - 8}, 16,
                call.peer.identity_changed ? call_color::kWarn
                : call.verified            ? call_color::kSpeak
                                           : call_color::kText2);
    text_x += 22;
  }
  ui.line({text_x, bar.y, 70, bar.h}, status, TextRole::caption, call_color::kText, Align::start, true);
  const auto small = [&](const std::string& id, std::string_view label, Icon icon, bool off,
                         const std::function<void()>& on) {
    const Rect cell = bar.take_right(40);
    if (off) canvas.fill_round(cell.inset(4), dp::r2, call_color::kOffFill);
    ui.icon_button({.id = id,
                    .label = s(label),
                    .icon = icon,
                    .rect = cell.inset(4),
                    .on = on,
                    .color = off ? call_color::kOffIcon : call_color::kText,
                    .hover = off ? call_color::kOffFill : call_color::kCtl,
                    .size = 18});
  };
  bar.take_right(4);
  canvas.fill_round(Rect{bar.right() - 40, bar.y, 40, 40}.inset(4), dp::r2, call_color::kHang);
  small("call.card.end", str::kEnd, Icon::hang_up, false, [this] {
    if (model_.call) model_.hang_up(model_.call->id);
  });
  small("call.card.expand", str::kExpand, Icon::expand, false, [this] { minimised_ = false; });
  small("call.card.camera", call.camera ? str::kStopVideo : str::kStartVideo,
        call.camera ? Icon::cam : Icon::cam_off, !call.camera, [this] { toggle_camera(); });
  small("call.card.mic", call.microphone ? str::kMute : str::kUnmute,
        call.microphone ? Icon::mic : Icon::mic_off, !call.microphone, [this] { toggle_microphone(); });
}

void CallScreen::build_incoming(Ui& ui, const Rect& window) {
  const CallView* call = ringing();
  if (call == nullptr) return;
  const bool second = model_.second_call && model_.second_call->id == call->id;
  const double w = std::min(360.0, window.w - 32);
  const double h = 20 + 52 + 16 + 48 + 16 + (second ? 24 : 0);
  ui.canvas().begin_over();
  incoming_card(ui, {window.right() - 16 - w, window.y + 16, w, h}, *call, second);
  ui.canvas().end_over();
}

void CallScreen::incoming_card(Ui& ui, const Rect& box, const CallView& call, bool second) {
  Canvas& canvas = ui.canvas();
  canvas.shadow(box, dp::r4, 3);
  canvas.fill_round(box, dp::r4, ui.color(Token::bg));
  canvas.stroke_round(box, dp::r4, 1, ui.color(Token::border));
  Region r;
  r.id = "call.incoming";
  r.label = s(call.video ? str::kIncomingVideo : str::kIncomingAudio);
  r.value = call.peer.username;
  r.rect = box;
  r.role = Role::dialog;
  ui.region(std::move(r));
  const Rect inside = box.inset(16, 18);
  ui.avatar({inside.x + 24, inside.y + 26}, 48, plain_name(call), identity_of(call.peer.id));
  const double x = inside.x + 60;
  double name_w = ui.line({x, inside.y + 4, inside.right() - x - 24, 22}, one_line(plain_name(call), 60),
                          TextRole::title, ui.color(Token::text));
  if (call.peer.verified)
    canvas.icon(Icon::shield_check, {x + name_w + 6, inside.y + 6}, 18, ui.color(Token::ok));
  else if (call.peer.identity_changed)
    canvas.icon(Icon::shield_alert, {x + name_w + 6, inside.y + 6}, 18, ui.color(Token::warn));
  ui.line({x, inside.y + 28, inside.right() - x, 18},
          s(call.video ? str::kIncomingVideo : str::kIncomingAudio), TextRole::small, ui.color(Token::text2));
  double y = inside.y + 52 + 14;
  if (second && model_.call) {
    ui.line({inside.x, y, inside.w, 18}, fill(str::kAlsoInCall, {{"name", who(*model_.call)}}),
            TextRole::small, ui.color(Token::text2));
    y += 24;
  }
  struct Choice {
    std::string id;
    std::string_view label;
    Icon icon;
    ButtonKind kind;
    std::function<void()> on;
  };
  const CallId id = call.id;
  std::vector<Choice> choices;
  if (second) {
    choices.push_back({"call.end_and_answer", str::kEndAndAnswer, Icon::phone, ButtonKind::accept,
                       [this, id, video = call.video] {
                         if (model_.call) model_.hang_up(model_.call->id);
                         model_.accept_call(id, video);
                       }});
  } else if (call.video) {
    choices.push_back({"call.accept_audio", str::kAudio, Icon::phone, ButtonKind::accept,
                       [this, id] { model_.accept_call(id, false); }});
    choices.push_back({"call.accept_video", str::kVideo, Icon::video, ButtonKind::accept,
                       [this, id] { model_.accept_call(id, true); }});
  } else {
    choices.push_back({"call.accept_audio", str::kAccept, Icon::phone, ButtonKind::accept,
                       [this, id] { model_.accept_call(id, false); }});
  }
  choices.push_back({"call.decline", str::kDecline, Icon::close, ButtonKind::danger,
                     [this, id] { model_.decline_call(id); }});
  const double gap = 8, w = (inside.w - gap * (static_cast<double>(choices.size()) - 1)) /
                            static_cast<double>(choices.size());
  double bx = inside.x;
  for (const Choice& c : choices) {
    ui.button({.id = c.id,
               .label = s(c.label),
               .rect = {bx, y, w, 44},
               .kind = c.kind,
               .icon = c.icon,
               .on = c.on});
    bx += w + gap;
  }
}

void CallScreen::build_panel(Ui& ui) {
  if (!panel_ || !model_.call || model_.call->security_code.empty()) return;
  const auto close = [this] { panel_ = false; };
  const double width = std::min(420.0, ui.window().w - 24);
  const double body = ui.paragraph_height(width - 48, s(str::kCompareBody), TextRole::body);
  Rect inside = begin_dialog(ui, "call.code", width, 20 + 28 + 12 + 56 + 8 + body + 24 + dp::kButton + 20,
                             s(str::kCompareTitle), close);
  const Rect digits = inside.take_top(56);
  ui.line(digits, code_text(model_.call->security_code), TextRole::display, ui.color(Token::text),
          Align::center, true);
  ui.describe("call.code.digits", Role::text, digits, model_.call->security_code);
  inside.take_top(8);
  ui.paragraph(inside, s(str::kCompareBody), TextRole::body, ui.color(Token::text2), Align::center);
  const double w = ui.button_width(s(str::kClose));
  ui.button({.id = "call.code.ok",
             .label = s(str::kClose),
             .rect = {inside.right() - w, inside.bottom() - dp::kButton, w, dp::kButton},
             .on = close});
  end_dialog(ui);
}

}  // namespace sotto::desktop
