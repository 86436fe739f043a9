// The raw client driven from a test that simply waits: connect, ask, look at pushes.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "support/raw_client.hpp"

namespace sotto::test {

class BlockingClient {
 public:
  static constexpr Duration kPatience = std::chrono::seconds(20);

  explicit BlockingClient(proto::InviteLink link) : link_(std::move(link)), client_(loop_, link_) {
    client_.on_push = [this](const proto::Envelope& push) { pushes_.push_back(push); };
  }

  // With Hello.
  Status connect(const RawAccount* account = nullptr) {
    std::optional<Status> result;
    client_.connect(account, [&](Status status) { result = std::move(status); });
    if (!wait([&] { return result.has_value(); })) return fail(ErrorCode::offline, "the time was up");
    return *result;
  }
  Result<proto::Envelope> ask(proto::Envelope envelope) { return finish(start(std::move(envelope))); }
  // Several requests under way: start them, then take each answer.
  int start(proto::Envelope envelope) {
    const int ticket = next_ticket_++;
    client_.request(envelope, net::Priority::urgent, [this, ticket](Result<proto::Envelope> reply) {
      answers_.emplace(ticket, std::move(reply));
    });
    return ticket;
  }
  Result<proto::Envelope> finish(int ticket) {
    wait([&] { return answers_.contains(ticket); });
    const auto found = answers_.find(ticket);
    if (found == answers_.end()) return fail(ErrorCode::offline, "the time was up");
    Result<proto::Envelope> answer = std::move(found->second);
    answers_.erase(found);
    return answer;
  }
  // The first push of this kind; others before it are dropped.
  std::optional<proto::Envelope> next_push(proto::Envelope::BodyCase kind) {
    std::optional<proto::Envelope> found;
    wait([&] {
      while (!pushes_.empty() && !found) {
        if (pushes_.front().body_case() == kind) found = std::move(pushes_.front());
        pushes_.pop_front();
      }
      return found.has_value() || client_.closed();
    });
    return found;
  }
  bool wait_closed() {
    return wait([&] { return client_.closed(); });
  }
  void send_raw(Bytes bytes) { client_.stream().send(std::move(bytes), net::Priority::urgent); }
  const proto::HelloReply& hello() const { return client_.hello(); }

 private:
  bool wait(const std::function<bool()>& done) {
    const TimePoint end = loop_.now() + kPatience;
    while (!done()) {
      const Duration left = end - loop_.now();
      if (left <= Duration::zero()) return false;
      loop_.run_once(left);
    }
    return true;
  }

  net::Loop loop_;
  proto::InviteLink link_;
  std::deque<proto::Envelope> pushes_;
  std::map<int, Result<proto::Envelope>> answers_;
  int next_ticket_ = 1;
  RawClient client_;
};

// Registers and enrols; null when the server refused.
inline std::unique_ptr<RawAccount> make_account(const proto::InviteLink& link, const std::string& username) {
  net::Loop loop;
  std::optional<Result<std::unique_ptr<RawAccount>>> result;
  const RawEnrolment enrolment(loop, link, username,
                               [&](Result<std::unique_ptr<RawAccount>> made) { result = std::move(made); });
  const TimePoint end = loop.now() + BlockingClient::kPatience;
  while (!result && loop.now() < end) loop.run_once(std::chrono::milliseconds(100));
  return result && *result ? std::move(**result) : nullptr;
}

}  // namespace sotto::test
