// What all parts of the core share: the connections, who is online, and the ways out.
#pragma once

#include <functional>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "connection.hpp"
#include "sotto/base/random.hpp"
#include "sotto/proto/channel.hpp"

namespace sotto::server {

class Hub {
 public:
  Hub(Config config_in, Ports& ports_in, Random& random_in, Moment at)
      : config(std::move(config_in)), ports(ports_in), random(random_in), moment(at) {}

  // Given to us.
  const Config config;
  Ports& ports;
  Random& random;
  Moment moment;

  // ---- Connections ----
  Connection* find(ConnectionId id);
  Connection& add(ConnectionId id);
  // Forgets it; the object lives until sweep(), so that callers on the stack stay safe.
  void drop(Connection& connection);
  void sweep() { graveyard_.clear(); }
  std::size_t connection_count() const { return connections_.size(); }
  // Tells why, closes and drops.
  void say_goodbye(Connection& connection, std::string_view code, std::string_view message);
  void set_deadline(Connection& connection, TimePoint at);
  void clear_deadline(Connection& connection);
  const Deadlines& deadlines() const { return deadlines_; }
  template <class F>
  void for_each_connection(F&& f) {
    std::vector<Connection*> all;
    for (const auto& [id, connection] : connections_) all.push_back(connection.get());
    for (Connection* connection : all) f(*connection);
  }

  // ---- Who is online ----
  struct OnlineUser {
    std::vector<Connection*> devices;
  };
  // The connection that the device had before, or null.
  Connection* set_online(Connection& connection);
  Connection* device(DeviceId id);
  const OnlineUser* online(UserId user) const;
  bool is_visible(UserId user) const;
  std::size_t devices_online() const { return devices_.size(); }

  // ---- Ways out ----
  void reply(Request request, const proto::Envelope& envelope, Priority priority = Priority::urgent);
  void reply_ok(Request request);
  void reply_error(Request request, const Error& error, Duration retry_after = Duration::zero());
  void push(Connection& connection, const proto::Envelope& envelope);
  void push_to_user(UserId user, const Bytes& frame, DeviceId except = DeviceId{});
  static Bytes frame_of(const proto::Envelope& envelope);

  void reply_frame(Request request, Bytes frame, Priority priority = Priority::urgent);

  // Set by the core: a connection may take further requests; a connection is about to be forgotten; a
  // device's connection has ended, in whatever way, and whether its person was visible before.
  std::function<void(Connection&)> on_room;
  std::function<void(const Connection&)> on_drop;
  std::function<void(const Connection&, bool was_visible)> on_device_gone;

  // ---- Store ----
  // What was asked runs in the order of asking. `before_ask` is the core's, for what it still holds back.
  std::function<void()> before_ask;
  std::size_t store_tasks = 0;  // under way
  bool store_is_busy() const { return store_tasks >= kMaxStoreTasks; }
  template <class T, class Work, class Then>
  void ask(store::Access access, Work work, Then then, bool own_part = true, std::size_t weight = 1) {
    before_ask();
    ++store_tasks;
    ports.store(store::make_task<T>(
        access, std::move(work),
        [this, then = std::move(then)](Result<T> result) mutable {
          --store_tasks;
          then(std::move(result));
        },
        own_part, weight));
  }

 private:
  std::unordered_map<ConnectionId, std::unique_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<Connection>> graveyard_;
  std::unordered_map<DeviceId, Connection*> devices_;
  std::unordered_map<UserId, OnlineUser> users_;
  Deadlines deadlines_;
};

}  // namespace sotto::server
