// call USER: rings, shows the security code and once a second what the call is like, until somebody hangs up.
#include <array>
#include <cstdio>

#include "command_face.hpp"
#include "terminal_text.hpp"

namespace sotto::cli {
namespace {

using namespace client;

class Call final : public CommandFace {
 public:
  Call(FaceLoop& loop, Output output, CallRequest request)
      : CommandFace(loop, std::move(output)), request_(std::move(request)) {}

  void begin() override {
    with_conversation(request_.username, [this](const ConversationView& conversation) {
      when_online([this, id = conversation.id] {
        commands().calls_start(id, request_.video, then<CallView>([this](const CallView& call) {
                                 call_ = call.id;
                                 loop().on_signal([this] { hang_up(); });
                                 say("Calling " + printable(request_.username) + ". Ctrl+C hangs up.");
                                 look_at(call);
                               }));
      });
    });
  }

 private:
  void event(const Event& event) override {
    if (const auto* changed = std::get_if<CallChanged>(&event)) look_at(changed->call);
    if (const auto* stats = std::get_if<CallStatsUpdated>(&event); stats && call_ && stats->call == *call_) {
      show(stats->stats);
    }
  }

  void look_at(const CallView& call) {
    if (finished() || !call_ || call.id != *call_) return;
    if (call.peer_ringing && !ringing_shown_) {
      ringing_shown_ = true;
      say("It rings.");
    }
    if (call.state == state_) return;
    state_ = call.state;
    switch (call.state) {
      case CallState::ringing: break;
      case CallState::connecting: say("Answered; connecting."); break;
      case CallState::reconnecting: say("The connection is interrupted; trying again."); break;
      case CallState::active:
        say("Connected. Security code: " + call.security_code + (call.verified ? " (verified contact)" : ""));
        if (!active_ && request_.seconds > 0) {
          loop().after(std::chrono::seconds(request_.seconds), [this] { hang_up(); });
        }
        active_ = true;
        break;
      case CallState::ended:
        say("The call ended after " + human_duration(call.active_s) + ": " + human_reason(call.reason) + "." +
            (call.failure.empty() ? "" : " " + printable(call.failure)));
        finish(active_ ? kExitDone : kExitFailed);
        break;
    }
  }

  void show(const call::CallStats& stats) {
    std::array<char, 200> line{};
    std::snprintf(
        line.data(), line.size(),
        "%s, round trip %.0f ms, loss %.1f %%, in %.0f kbit/s %dx%d at %.1f, out %.0f kbit/s %dx%d at %.1f",
        stats.path.c_str(), stats.rtt_ms, 100 * stats.loss_in, stats.bitrate_in / 1000, stats.video_in.width,
        stats.video_in.height, stats.video_in.fps, stats.bitrate_out / 1000, stats.video_out.width,
        stats.video_out.height, stats.video_out.fps);
    print(line.data());
  }

  void hang_up() {
    if (finished() || !call_) return;
    commands().calls_hangup(*call_, then<CallView>([this](const CallView& call) { look_at(call); }));
  }

  CallRequest request_;
  std::optional<CallId> call_;
  CallState state_ = CallState::ringing;
  bool ringing_shown_ = false;
  bool active_ = false;
};

}  // namespace

std::unique_ptr<Face> make_call(FaceLoop& loop, Output output, CallRequest request) {
  return std::make_unique<Call>(loop, std::move(output), std::move(request));
}

}  // namespace sotto::cli
