// The life of the connection: one attempt after another while an account is signed in, hello, pings, and
// requests with their replies.
//
//            enter()                 on_connected            hello reply
//   idle ------------> connecting ----------------> greeting -------------> open
//    ^                  ^    |                         |                      |
//    | leave()          |    v  closed, timed out      v                      v
//    +--------------- waiting <----------------------------------------------+      (standing only)
//
// visit() is the same without coming back: one connection for registering or signing in, with no client
// certificate. Requests fail with `offline` when the connection ends before their reply came: their owners
// send them again when listener->on_online() says so. Thread: the client core's. Replies come from
// on_frame(), on_closed(), poll(), never from inside request().
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "context.hpp"
#include "sotto/client/channel.hpp"
#include "sotto/proto/channel.hpp"

namespace sotto::client {

// A refusal that repeating the request cannot change.
bool is_permanent(ErrorCode code);

class Session {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void on_online(const proto::HelloReply& hello) = 0;
    virtual void on_offline() = 0;
    virtual void on_push(const proto::Envelope& push) = 0;
  };
  struct Greeting {
    proto::HelloReply hello;
    ServerProof proof;
  };
  using Greeted = std::function<void(Result<Greeting>)>;
  using Reply = std::function<void(Result<proto::Envelope>)>;
  using MakeFrame = std::function<Result<Bytes>(std::uint64_t id)>;
  using Target = std::function<ChannelTarget()>;  // made anew for each attempt: certificates are renewed

  Session(Context& context, Channel& channel, Listener& listener);

  // Stays connected from now on as this device.
  void enter(Target target, UserId user, DeviceId device);
  // One connection; request() works after `greeted` got a value, until leave() or enter().
  void visit(ChannelTarget target, Greeted greeted);
  void leave();
  void reconnect_now();

  // `reply` gets the server's ErrorReply as an Error.
  void request(proto::Envelope envelope, Reply reply, Priority priority = Priority::urgent);
  // The same for a request that is written without an Envelope; `make` is called before this returns, or
  // never.
  void request(const MakeFrame& make, Reply reply, Priority priority);
  std::size_t bulk_room() const { return is_online() ? channel_.bulk_room() : 0; }
  // In the reply callback of a rate_limited error: how long the server wants us to wait.
  Duration retry_after() const { return retry_after_; }
  // Runs at once when online; else when the attempt under way ends, or after ten seconds.
  void when_online(std::function<void(Status)> then);

  bool is_online() const { return standing_ && state_ == State::open; }
  ConnectionView view() const;
  const proto::HelloReply& hello() const { return hello_; }
  // The server's clock, as far as the last hello tells.
  WallTime server_time() const { return {context_.moment.wall.ms + clock_offset_ms_}; }

  void on_connected(const ServerProof& proof);
  void on_frame(ByteView body);
  void on_closed(const Error& error);
  void poll();
  TimePoint next_deadline() const;

 private:
  enum class State { idle, waiting, connecting, greeting, open };
  struct Waiter {
    std::function<void(Status)> then;
    TimePoint deadline;
  };

  void attempt();
  void open_channel(ChannelTarget target);
  Status check_pin() const;
  void end_connection(Error reason, bool close_channel);
  void finish_greeting(Result<proto::Envelope> reply);
  void set_state(State state);
  void fail_pending(const Error& reason);
  void wake_waiters(const Status& status);
  void on_goodbye(const proto::GoodbyePush& goodbye);

  Context& context_;
  Channel& channel_;
  Listener& listener_;

  bool standing_ = false;
  Target target_;
  UserId user_;
  DeviceId device_;
  Greeted greeted_;
  Bytes pinned_certificate_, pinned_fingerprint_;  // of the connection under way

  State state_ = State::idle;
  ServerProof proof_;
  proto::HelloReply hello_;
  std::int64_t clock_offset_ms_ = 0;
  std::uint64_t next_id_ = 1;
  std::map<std::uint64_t, Reply> pending_;
  Duration retry_after_{};
  std::vector<Waiter> waiters_;

  std::size_t failures_ = 0;      // in a row
  bool stay_away_ = false;        // refused for good: only reconnect_now() tries again
  std::optional<Error> parting_;  // why the server said it would close
  Error reason_;                  // why offline
  TimePoint retry_at_ = kNever;
  TimePoint deadline_ = kNever;  // of the handshake
  TimePoint last_received_ = kNever;
  bool ping_sent_ = false;
};

}  // namespace sotto::client
