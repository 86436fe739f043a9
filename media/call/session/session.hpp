// The real media session: an engine, an ICE agent, devices and codec threads, held together on the
// executor's thread. Lifecycle and ICE are in session.cpp, devices in session_devices.cpp.
//
// Other threads reach it through posted tasks that hold a weak pointer, so a closed session is left alone.
// Shared by its handle and by tasks that run at the moment; that is why it is a shared_ptr.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "call/session/camera.hpp"
#include "call/session/microphone.hpp"
#include "call/session/speaker.hpp"
#include "sotto/call/engine.hpp"
#include "sotto/call/media_session_factory.hpp"

namespace sotto::call {

// Which devices are in use; owned by the factory, changed by select().
struct Selection {
  std::string camera, microphone, speaker;
};

class Session final : public std::enable_shared_from_this<Session> {
 public:
  // Call gather() at once.
  Session(const MediaSessionDeps& deps, const Selection& selection, MediaObserver& observer);
  ~Session();

  Status gather(bool controlling);
  IceParameters local_ice() const;
  Status set_remote_ice(const IceParameters& remote);
  Status add_remote_candidate(const std::string& candidate);
  Status start(CallKeys keys, const StartOptions& options);
  Status set_microphone(bool on);
  Status set_camera(bool on);
  void set_speaker(bool on);
  MediaSession::OpenDevices open_devices() const;
  CallStats stats();
  void close();

  // select() changed these: those in use are opened anew.
  void on_selection_changed(bool camera, bool microphone, bool speaker);

 private:
  class IceBridge;

  // Runs `task(session)` on the executor's thread if the session still is there then. Thread: any.
  template <class Task>
  auto poster(Task task);

  // session.cpp
  void on_ice_state(ice::State state, ice::Path path);
  void on_datagram(const Bytes& datagram, TimePoint arrival);
  void drain();
  void handle(CallEngine::Output& output);
  void arm_timer();
  void fail_call(const Error& error);

  // session_devices.cpp
  Status open_microphone();
  Status open_speaker();
  Status open_camera();
  Status make_decoder();
  std::uint32_t audio_timestamp_now() const;
  void report_problem(const Error& error);  // not from inside a call: posted

  // Given to us.
  const MediaSessionDeps& deps_;
  const Selection& selection_;
  MediaObserver& observer_;

  // Ours, in the order in which they may depend on each other.
  std::optional<CallEngine> engine_;
  std::unique_ptr<IceBridge> bridge_;
  std::unique_ptr<ice::Agent> agent_;
  std::unique_ptr<codec::VideoDecodeWorker> decoder_;
  std::unique_ptr<Camera> camera_;
  std::unique_ptr<Microphone> microphone_;
  std::unique_ptr<Speaker> speaker_;

  // State.
  bool closed_ = false;
  bool failed_ = false;
  bool draining_ = false;
  bool speaker_wanted_ = true;
  ice::State ice_state_ = ice::State::gathering;
  ice::Path path_ = ice::Path::none;
  TimePoint armed_for_ = kNever;
  std::uint32_t video_offset_ = 0, audio_offset_ = 0;
  int video_bitrate_ = VideoBitrates{}.start;
  double encode_ms_ = 0;
  double audio_loss_ = 0.05;
  Duration audio_hold_{};
};

template <class Task>
auto Session::poster(Task task) {
  return [weak = weak_from_this(), &executor = deps_.executor, task = std::move(task)](auto&&... arguments) {
    executor.post([weak, task,
                   ... values = std::decay_t<decltype(arguments)>(
                       std::forward<decltype(arguments)>(arguments))]() mutable {
      if (const auto self = weak.lock(); self && !self->closed_) task(*self, std::move(values)...);
    });
  };
}

}  // namespace sotto::call
