#include "core_thread.hpp"

#include <pthread.h>
#include <signal.h>

#include <future>

#include "loop_executor.hpp"
#include "media_devices.hpp"
#include "posix_files.hpp"
#include "profile.hpp"
#include "profile_key.hpp"
#include "sotto/base/log.hpp"
#include "sotto/crypto/random.hpp"
#include "sotto/net/loop.hpp"
#include "sotto/store_sqlite/client_store.hpp"
#include "tls_channel.hpp"

namespace sotto::runtime {
namespace {

// A hang-up and receipts may still be on their way when the user closes the program.
constexpr Duration kShutdownPatience = std::chrono::seconds(2);

bool is_loopback(const net::SocketAddress& address) {
  return address.is_ipv6() ? address.ip() == "::1" : address.ip_bytes()[0] == 127;
}

struct EventRelay final : client::EventSink {
  explicit EventRelay(std::function<void(const client::Event&)> f) : forward(std::move(f)) {}
  void on_event(const client::Event& event) override { forward(event); }
  std::function<void(const client::Event&)> forward;
};

}  // namespace

// Members in the order of their dependence; destroyed the other way round.
struct CoreThread::World {
  Profile profile;
  net::Loop loop;
  PosixFiles files;
  EventRelay events;
  TlsChannel channel{loop};
  LoopExecutor executor{loop, [this](const std::function<void()>& task) { input(task); }};
  std::unique_ptr<store::ClientStore> store;
  std::unique_ptr<Media> media;
  std::unique_ptr<client::Client> client;
  net::Timer deadline{loop, [this] { on_deadline(); }};

  World(Profile opened, std::string downloads, std::function<void(const client::Event&)> on_event)
      : profile(std::move(opened)), files(std::move(downloads)), events(std::move(on_event)) {}

  Status assemble(const ClientRuntimeOptions& options) {
    const auto key =
        unlock_profile(profile.key_path(), profile.store_path(), options.passphrase, crypto::system_random());
    if (!key) return key.error();
    auto opened = store::open_sqlite_client_store(profile.store_path(), *key ? &**key : nullptr);
    if (!opened) return std::move(opened).error();
    store = std::move(*opened);
    auto made = Media::make(options, executor, [this] { return ice_options(); });
    if (!made) return std::move(made).error();
    media = std::move(*made);
    client = std::make_unique<client::Client>(
        client::Client::Parts{*store, channel, files, media->factory(), crypto::system_random(), events});
    channel.set_events(*client, [this] { rearm(); });
    Status started = client->start(moment_now());
    rearm();
    return started;
  }

  // Calls go through this server's STUN, on the port of the text channel. A server on this very machine means
  // that the far side may be here too, reachable by loopback only.
  ice::Options ice_options() const {
    ice::Options options;
    if (const auto peer = channel.peer()) {
      options.stun = ice::ServerAddress{peer->ip(), peer->port()};
      options.allow_loopback = is_loopback(*peer);
    }
    return options;
  }

  template <class Task>
  void input(Task&& task) {
    if (!client) return;
    client->advance_to(moment_now());
    task();
    rearm();
  }
  void on_deadline() {
    client->poll(moment_now());
    rearm();
  }
  void rearm() {
    if (client) deadline.arm_at(client->next_deadline());
  }

  void shut_down() {
    if (client) client->shutdown(moment_now());
    channel.close();
    const TimePoint patience = loop.now() + kShutdownPatience;
    while (!channel.is_idle() && loop.now() < patience) loop.run_once(patience - loop.now());
    client.reset();
    media.reset();
  }
};

CoreThread::CoreThread(ClientRuntimeOptions options, std::function<void(const client::Event&)> on_event)
    : options_(std::move(options)), on_event_(std::move(on_event)) {}

CoreThread::~CoreThread() { stop(); }

Status CoreThread::start() {
  std::promise<Status> promise;
  auto started = promise.get_future();
  // Signals belong to the face's thread.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this, &promise] {
    pthread_setname_np(pthread_self(), "sotto-core");
    run([&promise](Status status) { promise.set_value(std::move(status)); });
  });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  Status status = started.get();
  if (!status) thread_.join();
  return status;
}

void CoreThread::run(std::function<void(Status)> started) {
  auto profile = Profile::open(options_.profile);
  if (!profile) return started(std::move(profile).error());
  World world(std::move(*profile), options_.download_folder, on_event_);
  Status assembled = world.assemble(options_);
  options_.passphrase.reset();
  if (!assembled) {
    world.client.reset();
    return started(std::move(assembled));
  }
  world_ = &world;
  poster_ = std::make_unique<net::Poster>(world.loop.poster());
  started(ok_status());
  world.loop.run();
  world.shut_down();
}

void CoreThread::stop() {
  if (!thread_.joinable()) return;
  poster_->post([this] { world_->loop.stop(); });
  thread_.join();
  world_ = nullptr;
}

void CoreThread::post_input(net::Task task) {
  poster_->post([this, task = std::move(task)]() mutable { world_->input(task); });
}

client::Commands& CoreThread::commands() { return *world_->client; }

}  // namespace sotto::runtime
