#include "support/client_world/fake_media.hpp"

#include <algorithm>

namespace sotto::testing {

namespace {

class Session final : public call::MediaSession {
 public:
  Session(FakeMedia& media, std::shared_ptr<FakeSession> record)
      : media_(media), record_(std::move(record)) {}
  ~Session() override { close(); }

  call::IceParameters local_ice() const override {
    return {"frag" + std::to_string(record_->index),
            "a password of 22 or more " + std::to_string(record_->index)};
  }
  Status set_remote_ice(const call::IceParameters& remote) override {
    record_->remote = remote;
    return ok_status();
  }
  Status add_remote_candidate(const std::string& candidate) override {
    record_->remote_candidates.push_back(candidate);
    return ok_status();
  }
  Status start(call::CallKeys keys, const call::StartOptions& options) override {
    if (media_.fail_start) return *media_.fail_start;
    record_->started = true;
    record_->microphone = options.microphone;
    record_->camera = options.camera;
    record_->security_code = keys.security_code;
    record_->send_key = to_bytes(keys.send.key.view());
    record_->receive_key = to_bytes(keys.receive.key.view());
    return ok_status();
  }
  Status set_microphone(bool on) override {
    record_->microphone = on;
    return ok_status();
  }
  Status set_camera(bool on) override {
    record_->camera = on;
    return ok_status();
  }
  void set_speaker(bool) override {}
  OpenDevices open_devices() const override { return {record_->microphone, record_->camera}; }
  call::CallStats stats() override {
    call::CallStats stats;
    stats.path = "direct";
    return stats;
  }
  void close() override { record_->closed = true; }

 private:
  FakeMedia& media_;
  std::shared_ptr<FakeSession> record_;
};

}  // namespace

Result<std::unique_ptr<call::MediaSession>> FakeMedia::create(const CallId& call, bool controlling,
                                                              call::MediaObserver& observer) {
  if (fail_create) return *fail_create;
  auto record = std::make_shared<FakeSession>();
  record->call = call;
  record->controlling = controlling;
  record->observer = &observer;
  record->index = static_cast<int>(sessions.size()) + 1000;
  sessions.push_back(record);
  return std::unique_ptr<call::MediaSession>(std::make_unique<Session>(*this, record));
}

int FakeMedia::open_sessions() const {
  return static_cast<int>(
      std::ranges::count_if(sessions, [](const auto& session) { return !session->closed; }));
}

}  // namespace sotto::testing
