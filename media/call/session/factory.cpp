#include <algorithm>
#include <vector>

#include "call/session/session.hpp"
#include "sotto/call/media_session_factory.hpp"

namespace sotto::call {
namespace {

// The caller's handle; the session itself may live a moment longer, inside a task that runs just now.
class Handle final : public MediaSession {
 public:
  explicit Handle(std::shared_ptr<Session> session) : session_(std::move(session)) {}
  ~Handle() override { session_->close(); }

  IceParameters local_ice() const override { return session_->local_ice(); }
  Status set_remote_ice(const IceParameters& remote) override { return session_->set_remote_ice(remote); }
  Status add_remote_candidate(const std::string& candidate) override {
    return session_->add_remote_candidate(candidate);
  }
  Status start(CallKeys keys, const StartOptions& options) override {
    return session_->start(std::move(keys), options);
  }
  Status set_microphone(bool on) override { return session_->set_microphone(on); }
  Status set_camera(bool on) override { return session_->set_camera(on); }
  void set_speaker(bool on) override { session_->set_speaker(on); }
  OpenDevices open_devices() const override { return session_->open_devices(); }
  CallStats stats() override { return session_->stats(); }
  void close() override { session_->close(); }

 private:
  std::shared_ptr<Session> session_;
};

class Factory final : public MediaSessionFactory {
 public:
  explicit Factory(MediaSessionDeps deps)
      : deps_(std::move(deps)), selection_{deps_.camera, deps_.microphone, deps_.speaker} {}

  Result<std::unique_ptr<MediaSession>> create(const CallId&, bool controlling,
                                               MediaObserver& observer) override {
    auto session = std::make_shared<Session>(deps_, selection_, observer);
    if (auto gathering = session->gather(controlling); !gathering) return std::move(gathering).error();
    std::erase_if(sessions_, [](const auto& weak) { return weak.expired(); });
    sessions_.push_back(session);
    return std::unique_ptr<MediaSession>(std::make_unique<Handle>(std::move(session)));
  }

  Devices devices() override {
    Devices result;
    const device::DeviceList list = deps_.devices.list();
    const auto copy = [](const std::vector<device::DeviceEntry>& from, std::vector<Devices::Entry>& to) {
      for (const auto& entry : from) to.push_back({entry.uri, entry.name});
    };
    copy(list.cameras, result.cameras);
    copy(list.microphones, result.microphones);
    copy(list.speakers, result.speakers);
    result.camera = selection_.camera;
    result.microphone = selection_.microphone;
    result.speaker = selection_.speaker;
    return result;
  }

  Status select(const std::string& camera, const std::string& microphone,
                const std::string& speaker) override {
    // All or nothing: a refused one leaves the others as they were.
    if (!camera.empty()) {
      if (auto known = deps_.devices.check_camera(camera); !known) return known;
    }
    if (!microphone.empty()) {
      if (auto known = deps_.devices.check_microphone(microphone); !known) return known;
    }
    if (!speaker.empty()) {
      if (auto known = deps_.devices.check_speaker(speaker); !known) return known;
    }
    const auto change = [](std::string& current, const std::string& wanted) {
      const bool changed = !wanted.empty() && wanted != current;
      if (changed) current = wanted;
      return changed;
    };
    const bool new_camera = change(selection_.camera, camera);
    const bool new_microphone = change(selection_.microphone, microphone);
    const bool new_speaker = change(selection_.speaker, speaker);
    for (const auto& weak : sessions_) {
      if (const auto session = weak.lock())
        session->on_selection_changed(new_camera, new_microphone, new_speaker);
    }
    return ok_status();
  }

 private:
  const MediaSessionDeps deps_;
  Selection selection_;
  std::vector<std::weak_ptr<Session>> sessions_;
};

}  // namespace

std::unique_ptr<MediaSessionFactory> make_media_session_factory(MediaSessionDeps deps) {
  return std::make_unique<Factory>(std::move(deps));
}

}  // namespace sotto::call
