#include "support/client_world/world.hpp"

#include <algorithm>
#include <stdexcept>

#include "sotto/crypto/identity_chain.hpp"
#include "sotto/proto/frame.hpp"

namespace sotto::testing {

namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kStartMs = 1'790'000'000'000;  // some day in 2026
constexpr std::size_t kBulkQueue = 1 << 21;

}  // namespace

// ---- SimChannel ----

void SimChannel::connect(client::ChannelTarget target) {
  close();
  ++connects;
  const std::uint64_t generation = ++generation_;
  DeviceId device;
  if (!target.client_chain.empty()) {
    const auto certificate = crypto::Certificate::from_der(target.client_chain.at(0)).value();
    const auto identity = crypto::Certificate::from_der(target.client_chain.at(1)).value();
    if (const auto claimed = crypto::claimed_device(certificate, identity)) device = claimed->device;
  }
  world_.at(world_.latency() * 2, [this, generation, device,
                                   target = std::make_shared<client::ChannelTarget>(std::move(target))] {
    if (generation != generation_ || events == nullptr) return;
    if (!reachable)
      return events->on_closed(fail(ErrorCode::offline, "The server can't be reached."), world_.moment());
    const Bytes ca = world_.server.ca_certificate();
    if (!target->ca_certificate.empty() && !equal(target->ca_certificate, ca)) {
      return events->on_closed(fail(ErrorCode::untrusted, "The server's identity has changed."),
                               world_.moment());
    }
    if (!device.is_zero() && !world_.server.knows_device(device)) {
      return events->on_closed(fail(ErrorCode::denied, "This device was revoked."), world_.moment());
    }
    connection_ = world_.next_connection_++;
    const std::uint64_t connection = connection_;
    last_up_ = last_down_ = world_.now_;
    world_.server.open(
        connection, device,
        [this, generation](const proto::Envelope& envelope) {
          if (generation != generation_ || swallow_replies) return;
          Bytes frame = proto::to_frame(envelope).value();
          last_down_ = std::max(last_down_, world_.now_ + world_.latency());
          world_.at(last_down_ - world_.now_, [this, generation, frame = std::move(frame)] {
            if (generation != generation_ || events == nullptr) return;
            events->on_frame(ByteView(frame).subspan(proto::kFrameHeaderBytes), world_.moment());
          });
        },
        [this, generation] {
          world_.at(0ms, [this, generation] {
            if (generation == generation_) cut(fail(ErrorCode::offline, "The server closed the connection."));
          });
        });
    events->on_connected({ca, world_.server.exporter_of(connection)}, world_.moment());
  });
}

void SimChannel::send(Bytes frame, client::Priority priority) {
  if (connection_ == 0) return;
  const std::uint64_t generation = generation_;
  const bool bulk = priority == client::Priority::bulk;
  if (bulk) bulk_in_flight_ += frame.size();
  last_up_ = std::max(last_up_, world_.now_ + world_.latency());
  world_.at(last_up_ - world_.now_, [this, generation, bulk, frame = std::move(frame)] {
    if (generation != generation_) return;
    if (bulk) {
      const bool was_full = bulk_room() == 0;
      bulk_in_flight_ -= frame.size();
      if (was_full && events != nullptr) events->on_writable(world_.moment());
    }
    deliver_to_server(frame);
  });
}

void SimChannel::deliver_to_server(const Bytes& frame) {
  const auto envelope = proto::parse_envelope(ByteView(frame).subspan(proto::kFrameHeaderBytes));
  if (!envelope) throw std::logic_error("a client sent a malformed frame");
  world_.server.on_envelope(connection_, *envelope, world_.moment().wall);
}

std::size_t SimChannel::bulk_room() const {
  return bulk_in_flight_ >= kBulkQueue ? 0 : kBulkQueue - bulk_in_flight_;
}

void SimChannel::close() {
  ++generation_;
  bulk_in_flight_ = 0;
  const std::uint64_t connection = std::exchange(connection_, 0);
  if (connection != 0) world_.server.close(connection);
}

void SimChannel::cut(const Error& why) {
  if (connection_ == 0) return;
  close();
  if (events != nullptr) events->on_closed(why, world_.moment());
}

// ---- Person ----

Person::Person(World& w, std::string n, std::uint64_t seed)
    : world(w),
      name(std::move(n)),
      random(seed),
      store(store::open_sqlite_client_store(":memory:").value()),
      channel(w) {
  start();
}

void Person::start() {
  client =
      std::make_unique<client::Client>(client::Client::Parts{*store, channel, files, media, random, *this});
  channel.events = client.get();
  if (Status started = client->start(world.moment()); !started)
    throw std::runtime_error(started.error().message);
}

void Person::stop() {
  channel.events = nullptr;
  channel.close();
  client.reset();
  connection = {};
}

void Person::restart() {
  stop();
  start();
}

void Person::cut() { channel.cut(fail(ErrorCode::offline, "The connection was cut.")); }

void Person::on_event(const client::Event& event) {
  if (const auto* changed = std::get_if<client::ConnectionChanged>(&event)) connection = changed->connection;
  events.push_back(event);
  if (on_event_hook) on_event_hook(event);
}

bool Person::online() const { return connection.state == client::ConnectionState::online; }

client::MessageView Person::send(ConversationId conversation, const std::string& text) {
  return world
      .ask<client::MessageView>(*this,
                                [&](client::Client& c, client::Done<client::MessageView> done) {
                                  c.messages_send(conversation, text, std::nullopt, std::move(done));
                                })
      .value();
}

std::vector<client::MessageView> Person::history(ConversationId conversation) {
  return world
      .ask<std::vector<client::MessageView>>(
          *this,
          [&](client::Client& c, client::Done<std::vector<client::MessageView>> done) {
            c.messages_history(conversation, std::nullopt, 500, std::move(done));
          })
      .value_or({});
}

std::vector<std::string> Person::texts(ConversationId conversation) {
  std::vector<std::string> out;
  for (const auto& message : history(conversation)) {
    if (message.kind == client::MessageKind::text) out.push_back(message.text);
  }
  return out;
}

// ---- World ----

World::World(std::uint64_t seed) : random(seed), server(random, WallTime{kStartMs}) {}

client::Moment World::moment() const {
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch()).count();
  return {now_, WallTime{kStartMs + elapsed + wall_offset_ms}};
}

Person& World::add(const std::string& name) {
  people_.push_back(std::make_unique<Person>(*this, name, random.u64()));
  return *people_.back();
}

void World::sign_up(Person& person) {
  auto account =
      ask<client::AccountView>(person, [&](client::Client& c, client::Done<client::AccountView> done) {
        client::RegisterParams params;
        params.server = server.invite_link();
        params.username = person.name;
        params.password = SecretBytes::from_text("password of " + person.name);
        c.account_register(std::move(params), std::move(done));
      });
  if (!account) throw std::runtime_error("sign_up: " + account.error().message);
  person.id = account->user.id;
  run_until([&] { return person.online(); });
}

ConversationId World::open_direct(Person& from, Person& to) {
  auto conversation = ask<client::ConversationView>(
      from, [&](client::Client& c, client::Done<client::ConversationView> done) {
        c.conversations_direct(to.id, std::move(done));
      });
  if (!conversation) throw std::runtime_error("open_direct: " + conversation.error().message);
  return conversation->id;
}

Duration World::latency() {
  return shortest + Duration(static_cast<std::int64_t>(
                        random.below(static_cast<std::uint64_t>((longest - shortest).count()) + 1)));
}

void World::at(Duration delay, std::function<void()> what) {
  due_.emplace(std::pair{now_ + delay, next_order_++}, std::move(what));
}

bool World::step(TimePoint until) {
  TimePoint next = until;
  if (!due_.empty()) next = std::min(next, due_.begin()->first.first);
  for (const auto& person : people_) {
    if (person->client) next = std::min(next, std::max(now_, person->client->next_deadline()));
  }
  now_ = std::max(now_, next);
  if (!due_.empty() && due_.begin()->first.first <= now_) {
    const auto what = std::move(due_.begin()->second);
    due_.erase(due_.begin());
    what();
    return true;
  }
  for (const auto& person : people_) {
    if (person->client && person->client->next_deadline() <= now_) {
      person->client->poll(moment());
      return true;
    }
  }
  return false;
}

void World::run_for(Duration duration) {
  const TimePoint until = now_ + duration;
  TimePoint seen{};
  int still = 0;
  while (step(until)) {
    // A deadline that polling does not move would spin for ever.
    still = now_ == seen ? still + 1 : 0;
    seen = now_;
    if (still > 100'000) throw std::logic_error("virtual time stands still");
  }
}

bool World::run_until(const std::function<bool()>& done, Duration limit) {
  const TimePoint until = now_ + limit;
  int still = 0;
  TimePoint seen{};
  while (!done()) {
    if (!step(until)) return done();
    still = now_ == seen ? still + 1 : 0;
    seen = now_;
    if (still > 100'000) throw std::logic_error("virtual time stands still");
  }
  return true;
}

}  // namespace sotto::testing
