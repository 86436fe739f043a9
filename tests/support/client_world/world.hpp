// Several clients and one server on an emulated network, in virtual time. Everything is repeatable from the
// seed.
//
//   World world(7);
//   Person& alice = world.add("alice");
//   world.sign_up(alice);
//   world.run_until([&] { return ...; });
//   alice.cut();  alice.restart();  world.run_for(std::chrono::seconds(40));
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sotto/base/random.hpp"
#include "sotto/client/client.hpp"
#include "sotto/store_sqlite/client_store.hpp"
#include "support/client_world/fake_media.hpp"
#include "support/client_world/fake_server.hpp"
#include "support/client_world/memory_files.hpp"

namespace sotto::testing {

class World;

// client::Channel over the emulated network.
class SimChannel final : public client::Channel {
 public:
  SimChannel(World& world) : world_(world) {}
  void connect(client::ChannelTarget target) override;
  void send(Bytes frame, client::Priority priority) override;
  std::size_t bulk_room() const override;
  void close() override;

  // The network cuts the connection; both ends notice.
  void cut(const Error& why);
  client::ChannelEvents* events = nullptr;
  bool reachable = true;
  // Frames vanish in one direction while the connection seems alive.
  bool swallow_replies = false;
  std::uint64_t connects = 0;

 private:
  void deliver_to_server(const Bytes& frame);

  World& world_;
  std::uint64_t generation_ = 0;
  std::uint64_t connection_ = 0;  // at the server; 0: none
  std::size_t bulk_in_flight_ = 0;
  TimePoint last_up_{}, last_down_{};
};

class Person final : public client::EventSink {
 public:
  Person(World& world, std::string name, std::uint64_t seed);
  void on_event(const client::Event& event) override;

  void cut();
  void restart();  // as after kill -9: the client object is gone, the store and the files stay
  void stop();
  void start();

  // Commands that answer at once, or within a virtual minute.
  client::MessageView send(ConversationId conversation, const std::string& text);
  std::vector<client::MessageView> history(ConversationId conversation);
  std::vector<std::string> texts(ConversationId conversation);  // kind text only
  bool online() const;

  template <class E>
  int count() const {
    int total = 0;
    for (const client::Event& event : events) total += std::holds_alternative<E>(event) ? 1 : 0;
    return total;
  }
  template <class E>
  const E* last() const {
    for (auto event = events.rbegin(); event != events.rend(); ++event) {
      if (const E* found = std::get_if<E>(&*event)) return found;
    }
    return nullptr;
  }

  World& world;
  std::string name;
  SeededRandom random;
  std::unique_ptr<store::ClientStore> store;
  MemoryFiles files;
  FakeMedia media;
  SimChannel channel;
  std::vector<client::Event> events;
  std::function<void(const client::Event&)> on_event_hook;
  client::ConnectionView connection;
  std::unique_ptr<client::Client> client;
  UserId id;
};

class World {
 public:
  explicit World(std::uint64_t seed);

  Person& add(const std::string& name);
  void sign_up(Person& person);
  ConversationId open_direct(Person& from, Person& to);

  client::Moment moment() const;
  void at(Duration delay, std::function<void()> what);
  void run_for(Duration duration);
  bool run_until(const std::function<bool()>& done, Duration limit = std::chrono::minutes(2));
  Duration latency();

  // Calls a command and runs until it has answered.
  template <class T, class Call>
  Result<T> ask(Person& person, Call&& call) {
    auto answer = std::make_shared<std::optional<Result<T>>>();
    person.client->advance_to(moment());
    call(*person.client, [answer](Result<T> result) { answer->emplace(std::move(result)); });
    run_until([&] { return answer->has_value(); });
    if (!answer->has_value()) return fail(ErrorCode::internal, "no answer");
    return std::move(**answer);
  }

  SeededRandom random;
  FakeServer server;
  Duration shortest{std::chrono::milliseconds(2)}, longest{std::chrono::milliseconds(30)};
  std::int64_t wall_offset_ms = 0;

 private:
  friend class SimChannel;
  bool step(TimePoint until);

  TimePoint now_{std::chrono::seconds(1000)};
  std::uint64_t next_order_ = 0;
  std::uint64_t next_connection_ = 1;
  std::map<std::pair<TimePoint, std::uint64_t>, std::function<void()>> due_;
  std::vector<std::unique_ptr<Person>> people_;
};

}  // namespace sotto::testing
