#include "call/session/session.hpp"

#include <algorithm>

#include "sotto/base/log.hpp"

namespace sotto::call {
namespace {

Error not_started() { return fail(ErrorCode::conflict, "the call has not started yet"); }
Error is_closed() { return fail(ErrorCode::conflict, "the call is over"); }

}  // namespace

// On the agent's threads: everything is carried over, nothing is decided.
class Session::IceBridge final : public ice::Observer {
 public:
  IceBridge(std::weak_ptr<Session> session, Executor& executor, const std::function<TimePoint()>& now)
      : session_(std::move(session)), executor_(executor), now_(now) {}

  void on_local_candidate(const std::string& candidate) override {
    post([candidate](Session& s) { s.observer_.on_local_candidate(candidate); });
  }
  void on_local_candidates_end() override {
    post([](Session& s) { s.observer_.on_local_candidates_end(); });
  }
  void on_state(ice::State state, ice::Path path) override {
    post([state, path](Session& s) { s.on_ice_state(state, path); });
  }
  void on_datagram(ByteView datagram) override {
    post([bytes = to_bytes(datagram), arrival = now_()](Session& s) { s.on_datagram(bytes, arrival); });
  }

 private:
  template <class Task>
  void post(Task task) {
    executor_.post([weak = session_, task = std::move(task)] {
      if (const auto self = weak.lock(); self && !self->closed_) task(*self);
    });
  }

  std::weak_ptr<Session> session_;
  Executor& executor_;
  std::function<TimePoint()> now_;
};

Session::Session(const MediaSessionDeps& deps, const Selection& selection, MediaObserver& observer)
    : deps_(deps), selection_(selection), observer_(observer) {
  video_offset_ = static_cast<std::uint32_t>(deps.random.u64());
  audio_offset_ = static_cast<std::uint32_t>(deps.random.u64());
}

Session::~Session() { close(); }

Status Session::gather(bool controlling) {
  ice::Options options = deps_.ice_options ? deps_.ice_options() : ice::Options{};
  options.controlling = controlling;
  bridge_ = std::make_unique<IceBridge>(weak_from_this(), deps_.executor, deps_.now);
  auto agent = deps_.agents.create(options, *bridge_);
  if (!agent) return std::move(agent).error().with("looking for a path");
  agent_ = *std::move(agent);
  return ok_status();
}

IceParameters Session::local_ice() const {
  if (!agent_) return {};
  return {agent_->local_ufrag(), agent_->local_password()};
}

Status Session::set_remote_ice(const IceParameters& remote) {
  if (closed_) return is_closed();
  return agent_->set_remote(remote.ufrag, remote.password);
}

Status Session::add_remote_candidate(const std::string& candidate) {
  if (closed_) return is_closed();
  return agent_->add_remote_candidate(candidate);
}

Status Session::start(CallKeys keys, const StartOptions& options) {
  if (closed_) return is_closed();
  if (engine_) return fail(ErrorCode::conflict, "the call has started already");
  auto engine = CallEngine::create(std::move(keys), deps_.random, deps_.now());
  if (!engine) return std::move(engine).error().with("starting the call");
  if (auto made = make_decoder(); !made) return made;
  engine_.emplace(*std::move(engine));
  // A missing device is told, and the call goes on without it.
  if (auto opened = open_speaker(); !opened) report_problem(opened.error());
  if (options.microphone) {
    if (auto opened = open_microphone(); !opened) report_problem(opened.error());
  }
  if (options.camera) {
    if (auto opened = open_camera(); !opened) report_problem(opened.error());
  }
  deps_.executor.post([weak = weak_from_this()] {
    if (const auto self = weak.lock(); self && !self->closed_) {
      self->engine_->handle_timeout(self->deps_.now());
      self->drain();
    }
  });
  return ok_status();
}

void Session::on_ice_state(ice::State state, ice::Path path) {
  const bool new_path = state == ice::State::connected && ice_state_ != state;
  ice_state_ = state;
  path_ = path;
  if (camera_) camera_->set_sending(state == ice::State::connected);
  if (new_path && engine_) {
    engine_->handle_path_ready(deps_.now());
    drain();
  }
  if (state == ice::State::failed)
    fail_call(fail(ErrorCode::unavailable,
                   "No path to the other side could be found. A firewall may be blocking it."));
}

void Session::on_datagram(const Bytes& datagram, TimePoint arrival) {
  if (!engine_) return;  // not accepted yet: nothing of it is looked at
  engine_->handle_datagram(datagram, arrival);
  drain();
}

void Session::drain() {
  if (draining_ || !engine_) return;
  draining_ = true;
  while (!closed_) {
    auto outputs = engine_->poll_outputs();
    if (outputs.empty()) break;
    for (auto& output : outputs) {
      handle(output);
      if (closed_) break;  // an observer may have closed us
    }
  }
  draining_ = false;
  if (!closed_) arm_timer();
}

void Session::handle(CallEngine::Output& output) {
  if (auto* transmit = std::get_if<CallEngine::Transmit>(&output)) {
    // Lost if there is no path or the socket is full, as any datagram may be.
    if (ice_state_ == ice::State::connected) (void)agent_->send(transmit->datagram);
  } else if (auto* sound = std::get_if<CallEngine::PlayAudio>(&output)) {
    if (speaker_) speaker_->handle_packet(sound->packet, sound->arrival);
  } else if (auto* picture = std::get_if<CallEngine::ShowVideo>(&output)) {
    decoder_->submit(std::move(picture->unit));
  } else if (std::get_if<CallEngine::MakeKeyFrame>(&output) != nullptr) {
    if (camera_) camera_->request_key_frame();
  } else if (auto* rate = std::get_if<CallEngine::UseBitrate>(&output)) {
    video_bitrate_ = rate->video;
    if (camera_) camera_->set_bitrate(video_bitrate_);
  } else if (auto* loss = std::get_if<CallEngine::ExpectLoss>(&output)) {
    audio_loss_ = loss->fraction;
    if (microphone_) microphone_->set_expected_loss(audio_loss_);
  } else if (auto* hold = std::get_if<CallEngine::DelayAudio>(&output)) {
    audio_hold_ = hold->minimum;
    if (speaker_) speaker_->set_minimum_delay(audio_hold_);
  } else if (auto* change = std::get_if<CallEngine::ConnectionChanged>(&output)) {
    switch (change->connection) {
      case CallEngine::Connection::connected: observer_.on_connected(); break;
      case CallEngine::Connection::interrupted: observer_.on_interrupted(); break;
      case CallEngine::Connection::lost:
        fail_call(fail(ErrorCode::unavailable, "The other side could not be reached for 30 seconds."));
        break;
    }
  }
}

void Session::fail_call(const Error& error) {
  if (failed_) return;
  failed_ = true;
  log::warning("call.failed", {{"reason", error.message}});
  observer_.on_failed(error);
}

void Session::arm_timer() {
  const TimePoint deadline = engine_->next_deadline();
  if (deadline == kNever || armed_for_ <= deadline) return;
  armed_for_ = deadline;
  deps_.executor.post_at(deadline, [weak = weak_from_this(), deadline] {
    const auto self = weak.lock();
    if (!self || self->closed_) return;
    if (self->armed_for_ == deadline) self->armed_for_ = kNever;  // else an earlier one was armed since
    self->engine_->handle_timeout(self->deps_.now());
    self->drain();
  });
}

CallStats Session::stats() {
  CallStats stats;
  if (engine_) stats = engine_->stats(deps_.now());
  stats.path = path_ == ice::Path::none ? "" : std::string(ice::to_string(path_));
  if (speaker_) {
    AudioStats played = speaker_->stats();
    played.codec = std::move(stats.audio_in.codec);
    played.bitrate = stats.audio_in.bitrate;
    stats.audio_in = std::move(played);
  }
  if (microphone_) stats.audio_out.level = microphone_->level();
  if (camera_) stats.video_out.dropped = camera_->dropped();
  if (decoder_) stats.video_in.dropped += decoder_->dropped();
  stats.video_out.encode_ms = encode_ms_;
  return stats;
}

void Session::close() {
  if (closed_) return;
  closed_ = true;
  if (engine_) {
    engine_->handle_close(deps_.now());
    for (auto& output : engine_->poll_outputs()) {
      if (auto* transmit = std::get_if<CallEngine::Transmit>(&output); transmit != nullptr && agent_) {
        if (ice_state_ == ice::State::connected) (void)agent_->send(transmit->datagram);
      }
    }
  }
  // Devices first: what they call is destroyed after them.
  camera_.reset();
  microphone_.reset();
  speaker_.reset();
  decoder_.reset();
  if (agent_) agent_->close();
}

Status Session::set_microphone(bool on) {
  if (closed_) return is_closed();
  if (!engine_) return not_started();
  if (!on) {
    microphone_.reset();
    return ok_status();
  }
  return microphone_ ? ok_status() : open_microphone();
}

Status Session::set_camera(bool on) {
  if (closed_) return is_closed();
  if (!engine_) return not_started();
  if (!on) {
    if (camera_) camera_->close();
    return ok_status();
  }
  return camera_ && camera_->is_open() ? ok_status() : open_camera();
}

void Session::set_speaker(bool on) {
  speaker_wanted_ = on;
  if (closed_ || !engine_) return;
  if (!on) {
    speaker_.reset();
  } else if (!speaker_) {
    if (auto opened = open_speaker(); !opened) report_problem(opened.error());
  }
}

}  // namespace sotto::call
