// call::MediaSessionFactory without media: records what the client core did with each session, and lets a
// test say what the path did.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sotto/call/media_session.hpp"

namespace sotto::testing {

struct FakeSession {
  CallId call;
  bool controlling = false;
  call::MediaObserver* observer = nullptr;
  call::IceParameters remote;
  std::vector<std::string> remote_candidates;
  bool started = false;
  bool closed = false;
  bool microphone = false, camera = false;
  std::string security_code;
  Bytes send_key, receive_key;
  int index = 0;
};

class FakeMedia final : public call::MediaSessionFactory {
 public:
  Result<std::unique_ptr<call::MediaSession>> create(const CallId& call, bool controlling,
                                                     call::MediaObserver& observer) override;
  Devices devices() override { return {}; }
  Status select(const std::string&, const std::string&, const std::string&) override { return ok_status(); }

  FakeSession* newest() { return sessions.empty() ? nullptr : sessions.back().get(); }
  int open_sessions() const;

  std::vector<std::shared_ptr<FakeSession>>
      sessions;  // shared with the session objects, which the client owns
  std::optional<Error> fail_create, fail_start;
};

}  // namespace sotto::testing
