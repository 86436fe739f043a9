#include <nice/agent.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "glib_loop.hpp"
#include "local_addresses.hpp"
#include "sotto/base/log.hpp"
#include "sotto/ice/candidate.hpp"
#include "sotto/ice_nice/factory.hpp"

namespace sotto::ice_nice {
namespace {

using ice::Path;
using ice::State;

constexpr guint kComponent = NICE_COMPONENT_TYPE_RTP;
// A key frame arrives in a burst, and the thread that drains the socket may be late: the default of 208 KiB
// lost packets on a busy machine (measured). The kernel caps this at net.core.rmem_max.
constexpr int kReceiveBuffer = 2 << 20;
// How long closing waits for TURN servers to confirm that they let our allocations go.
constexpr guint kCloseWaitMs = 300;

struct ObjectUnref {
  void operator()(gpointer object) const { g_object_unref(object); }
};
struct CandidateFree {
  void operator()(NiceCandidate* candidate) const { nice_candidate_free(candidate); }
};
using NiceCandidatePtr = std::unique_ptr<NiceCandidate, CandidateFree>;

std::string literal(const NiceAddress& address) {
  std::array<char, NICE_ADDRESS_STRING_LEN> text{};
  nice_address_to_string(&address, text.data());
  return text.data();
}

ice::CandidateType type_of(const NiceCandidate& candidate) {
  switch (candidate.type) {
    case NICE_CANDIDATE_TYPE_HOST: return ice::CandidateType::host;
    case NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE: return ice::CandidateType::server_reflexive;
    case NICE_CANDIDATE_TYPE_PEER_REFLEXIVE: return ice::CandidateType::peer_reflexive;
    case NICE_CANDIDATE_TYPE_RELAYED: return ice::CandidateType::relayed;
  }
  return ice::CandidateType::host;
}

NiceCandidateType to_nice(ice::CandidateType type) {
  switch (type) {
    case ice::CandidateType::host: return NICE_CANDIDATE_TYPE_HOST;
    case ice::CandidateType::server_reflexive: return NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE;
    case ice::CandidateType::peer_reflexive: return NICE_CANDIDATE_TYPE_PEER_REFLEXIVE;
    case ice::CandidateType::relayed: return NICE_CANDIDATE_TYPE_RELAYED;
  }
  return NICE_CANDIDATE_TYPE_HOST;
}

ice::Candidate from_nice(const NiceCandidate& candidate, bool hide_related) {
  ice::Candidate out;
  out.foundation = candidate.foundation;
  out.priority = candidate.priority;
  out.address = literal(candidate.addr);
  out.port = static_cast<std::uint16_t>(nice_address_get_port(&candidate.addr));
  out.type = type_of(candidate);
  if (out.type != ice::CandidateType::host) {
    // The related address is our own, and only there for diagnosis (RFC 8839 section 5.1).
    const bool v6 = out.address.find(':') != std::string::npos;
    out.related_address = hide_related ? (v6 ? "::" : "0.0.0.0") : literal(candidate.base_addr);
    out.related_port = hide_related ? std::uint16_t{0}
                                    : static_cast<std::uint16_t>(nice_address_get_port(&candidate.base_addr));
  }
  return out;
}

NiceCandidatePtr to_nice(const ice::Candidate& candidate, guint stream) {
  NiceCandidatePtr out(nice_candidate_new(to_nice(candidate.type)));
  out->transport = NICE_CANDIDATE_TRANSPORT_UDP;
  out->stream_id = stream;
  out->component_id = kComponent;
  out->priority = candidate.priority;
  if (nice_address_set_from_string(&out->addr, candidate.address.c_str()) == FALSE) return nullptr;
  nice_address_set_port(&out->addr, candidate.port);
  static_assert(ice::kMaxFoundationBytes < NICE_CANDIDATE_MAX_FOUNDATION);
  std::memcpy(out->foundation, candidate.foundation.c_str(), candidate.foundation.size() + 1);
  if (!candidate.related_address.empty() &&
      nice_address_set_from_string(&out->base_addr, candidate.related_address.c_str()) != FALSE) {
    nice_address_set_port(&out->base_addr, candidate.related_port);
  }
  return out;
}

bool is_literal(const std::string& address) {
  NiceAddress out{};
  return nice_address_set_from_string(&out, address.c_str()) != FALSE;
}

Error closed_error() { return fail(ErrorCode::conflict, "The connection was closed."); }

class NiceIceAgent final : public ice::Agent {
 public:
  NiceIceAgent(const ice::Options& options, ice::Observer& observer)
      : observer_(observer), relay_only_(options.relay_only) {}
  ~NiceIceAgent() override { close(); }

  Status begin(const ice::Options& options);

  std::string local_ufrag() const override { return ufrag_; }
  std::string local_password() const override { return password_; }
  Status set_remote(std::string_view ufrag, std::string_view password) override;
  Status add_remote_candidate(std::string_view text) override;
  void remote_candidates_end() override;
  Status send(ByteView datagram) override;
  void close() override;

 private:
  // All of these run on the loop's thread.
  void gather();
  void give_candidates();
  void on_component_state(guint state);
  void on_selected_pair(const NiceCandidate& local, const NiceCandidate& remote);
  void report(State state);
  void begin_closing();

  // Given to us.
  ice::Observer& observer_;
  const bool relay_only_;

  // Owned by us. The loop goes last: it runs until close().
  GlibLoop loop_;
  std::unique_ptr<NiceAgent, ObjectUnref> agent_;
  guint stream_ = 0;
  std::string ufrag_, password_;

  std::mutex mutex_;  // guards what callers give us
  std::string remote_ufrag_, remote_password_;
  std::size_t remote_candidates_ = 0;
  bool closed_ = false;

  std::atomic<bool> connected_{false};

  // Of the loop's thread.
  bool have_remote_ = false, have_candidates_ = false, remote_ended_ = false, closing_ = false;
  std::vector<ice::Candidate> waiting_;  // until the remote credentials are known
  State state_ = State::gathering;
  bool reported_ = false;
  Path path_ = Path::none, reported_path_ = Path::none;
};

Status NiceIceAgent::begin(const ice::Options& options) {
  if (options.relay_only && options.turn.empty()) {
    return fail(ErrorCode::unavailable,
                "Calls through a relay only are wanted, but the server offers no relay.");
  }
  if (options.stun && (!is_literal(options.stun->address) || options.stun->port == 0)) {
    return fail(ErrorCode::invalid_argument, "The STUN server's address is not an IP address with a port.");
  }
  for (const ice::TurnServer& turn : options.turn) {
    if (!is_literal(turn.server.address) || turn.server.port == 0) {
      return fail(ErrorCode::invalid_argument, "The relay's address is not an IP address with a port.");
    }
  }

  // Without the library's consent checks: they give up for good after ten seconds, and an outage of ten
  // seconds must not end a call. Our caller keeps consent (ice/agent.hpp).
  agent_.reset(
      nice_agent_new_full(loop_.context(), NICE_COMPATIBILITY_RFC5245, NICE_AGENT_OPTION_ICE_TRICKLE));
  g_object_set(agent_.get(), "upnp", FALSE, "ice-tcp", FALSE, "controlling-mode",
               static_cast<gboolean>(options.controlling), "force-relay", static_cast<gboolean>(relay_only_),
               nullptr);
  if (options.stun) {
    g_object_set(agent_.get(), "stun-server", options.stun->address.c_str(), "stun-server-port",
                 static_cast<guint>(options.stun->port), nullptr);
  }
  // Given explicitly, or libnice would look itself and leave out loopback always.
  for (const std::string& text : local_addresses(options.allow_loopback)) {
    NiceAddress address{};
    if (nice_address_set_from_string(&address, text.c_str()) != FALSE) {
      nice_agent_add_local_address(agent_.get(), &address);
    }
  }

  stream_ = nice_agent_add_stream(agent_.get(), 1);
  if (stream_ == 0) return fail(ErrorCode::internal, "The connection could not be prepared.");
  for (const ice::TurnServer& turn : options.turn) {
    if (nice_agent_set_relay_info(agent_.get(), stream_, kComponent, turn.server.address.c_str(),
                                  turn.server.port, turn.username.c_str(), turn.password.c_str(),
                                  NICE_RELAY_TYPE_TURN_UDP) == FALSE) {
      return fail(ErrorCode::invalid_argument, "The relay's address or credentials are not usable.");
    }
  }
  gchar* ufrag = nullptr;
  gchar* password = nullptr;
  if (nice_agent_get_local_credentials(agent_.get(), stream_, &ufrag, &password) == FALSE) {
    return fail(ErrorCode::internal, "The connection has no credentials.");
  }
  ufrag_ = ufrag;
  password_ = password;
  g_free(ufrag);
  g_free(password);

  g_signal_connect(agent_.get(), "new-candidate-full",
                   G_CALLBACK(+[](NiceAgent*, NiceCandidate* candidate, gpointer self) {
                     auto* me = static_cast<NiceIceAgent*>(self);
                     if (me->closing_ || candidate->transport != NICE_CANDIDATE_TRANSPORT_UDP) return;
                     const ice::Candidate found = from_nice(*candidate, me->relay_only_);
                     if (me->relay_only_ && found.type != ice::CandidateType::relayed) return;
                     me->observer_.on_local_candidate(ice::to_text(found));
                   }),
                   this);
  g_signal_connect(agent_.get(), "candidate-gathering-done",
                   G_CALLBACK(+[](NiceAgent*, guint, gpointer self) {
                     auto* me = static_cast<NiceIceAgent*>(self);
                     if (!me->closing_) me->observer_.on_local_candidates_end();
                   }),
                   this);
  g_signal_connect(agent_.get(), "component-state-changed",
                   G_CALLBACK(+[](NiceAgent*, guint, guint, guint state, gpointer self) {
                     static_cast<NiceIceAgent*>(self)->on_component_state(state);
                   }),
                   this);
  g_signal_connect(
      agent_.get(), "new-selected-pair-full",
      G_CALLBACK(+[](NiceAgent*, guint, guint, NiceCandidate* local, NiceCandidate* remote, gpointer self) {
        static_cast<NiceIceAgent*>(self)->on_selected_pair(*local, *remote);
      }),
      this);
  nice_agent_attach_recv(
      agent_.get(), stream_, kComponent, loop_.context(),
      [](NiceAgent*, guint, guint, guint size, gchar* data, gpointer self) {
        auto* me = static_cast<NiceIceAgent*>(self);
        if (me->closing_) return;
        me->observer_.on_datagram({reinterpret_cast<const std::uint8_t*>(data), size});
      },
      this);
  loop_.start();
  loop_.post([this] { gather(); });
  return ok_status();
}

void NiceIceAgent::gather() {
  report(State::gathering);
  if (nice_agent_gather_candidates(agent_.get(), stream_) == FALSE) {
    log::warning("ice.gathering_failed");
    report(State::failed);
    return;
  }
  GPtrArray* sockets = nice_agent_get_sockets(agent_.get(), stream_, kComponent);
  for (guint i = 0; sockets != nullptr && i < sockets->len; ++i) {
    const int fd = g_socket_get_fd(static_cast<GSocket*>(g_ptr_array_index(sockets, i)));
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer) != 0) {
      log::debug("ice.receive_buffer_not_raised");
    }
  }
  if (sockets != nullptr) g_ptr_array_unref(sockets);
}

Status NiceIceAgent::set_remote(std::string_view ufrag, std::string_view password) {
  if (Status good = ice::check_credentials(ufrag, password); !good) return good;
  const std::lock_guard lock(mutex_);
  if (closed_) return closed_error();
  if (!remote_ufrag_.empty()) {
    if (remote_ufrag_ == ufrag && remote_password_ == password) return ok_status();
    return fail(ErrorCode::conflict,
                "The far side changed its connection credentials in the middle of the call.");
  }
  remote_ufrag_ = ufrag;
  remote_password_ = password;
  loop_.post([this, their_ufrag = remote_ufrag_, their_password = remote_password_] {
    if (closing_) return;
    if (nice_agent_set_remote_credentials(agent_.get(), stream_, their_ufrag.c_str(),
                                          their_password.c_str()) == FALSE) {
      log::warning("ice.credentials_refused");
      return;
    }
    have_remote_ = true;
    give_candidates();
  });
  return ok_status();
}

Status NiceIceAgent::add_remote_candidate(std::string_view text) {
  auto candidate = ice::parse_candidate(text);
  if (!candidate) return std::move(candidate).error();
  const std::lock_guard lock(mutex_);
  if (closed_) return closed_error();
  if (remote_candidates_ >= ice::kMaxRemoteCandidates) {
    return fail(ErrorCode::too_large, "The far side sent more than 64 network candidates.");
  }
  ++remote_candidates_;
  loop_.post([this, found = std::move(*candidate)] {
    if (closing_) return;
    waiting_.push_back(found);
    if (have_remote_) give_candidates();
  });
  return ok_status();
}

void NiceIceAgent::remote_candidates_end() {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  loop_.post([this] {
    if (closing_) return;
    remote_ended_ = true;
    if (have_remote_) give_candidates();
  });
}

void NiceIceAgent::give_candidates() {
  std::vector<NiceCandidatePtr> owners;
  GSList* list = nullptr;
  for (const ice::Candidate& candidate : waiting_) {
    if (NiceCandidatePtr nice = to_nice(candidate, stream_)) {
      list = g_slist_append(list, nice.get());
      owners.push_back(std::move(nice));
    }
  }
  waiting_.clear();
  have_candidates_ = have_candidates_ || list != nullptr;
  if (list != nullptr && nice_agent_set_remote_candidates(agent_.get(), stream_, kComponent, list) < 0) {
    log::warning("ice.candidates_refused");
  }
  g_slist_free(list);
  // Before this the agent waits for more candidates and does not give up.
  if (remote_ended_ && nice_agent_peer_candidate_gathering_done(agent_.get(), stream_) == FALSE) {
    log::debug("ice.candidates_end_refused");
  }
  // The library checks nothing then, and never says so.
  if (remote_ended_ && !have_candidates_) report(State::failed);
}

void NiceIceAgent::on_component_state(guint state) {
  switch (static_cast<NiceComponentState>(state)) {
    case NICE_COMPONENT_STATE_DISCONNECTED:
    case NICE_COMPONENT_STATE_GATHERING:
    case NICE_COMPONENT_STATE_LAST: break;  // reported at the beginning
    case NICE_COMPONENT_STATE_CONNECTING: report(State::connecting); break;
    case NICE_COMPONENT_STATE_CONNECTED:
    case NICE_COMPONENT_STATE_READY: report(State::connected); break;
    case NICE_COMPONENT_STATE_FAILED: report(State::failed); break;
  }
}

void NiceIceAgent::on_selected_pair(const NiceCandidate& local, const NiceCandidate& remote) {
  const bool relayed =
      local.type == NICE_CANDIDATE_TYPE_RELAYED || remote.type == NICE_CANDIDATE_TYPE_RELAYED;
  path_ = relayed ? Path::relay : Path::direct;
  if (state_ == State::connected) report(State::connected);
}

void NiceIceAgent::report(State state) {
  if (closing_) return;
  const Path path = state == State::connected ? path_ : Path::none;
  if (reported_ && state == state_ && path == reported_path_) return;
  reported_ = true;
  state_ = state;
  reported_path_ = path;
  connected_.store(state == State::connected, std::memory_order_release);
  log::debug("ice.state", {{"state", to_string(state)}, {"path", to_string(path)}});
  observer_.on_state(state, path);
}

Status NiceIceAgent::send(ByteView datagram) {
  if (!connected_.load(std::memory_order_acquire)) {
    return fail(ErrorCode::unavailable, "The call's connection is not up.");
  }
  const auto size = static_cast<guint>(datagram.size());
  const gint sent = nice_agent_send(agent_.get(), stream_, kComponent, size,
                                    reinterpret_cast<const gchar*>(datagram.data()));
  if (sent != static_cast<gint>(size)) {
    return fail(ErrorCode::unavailable, "The network did not take a packet.");
  }
  return ok_status();
}

void NiceIceAgent::close() {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    closed_ = true;
  }
  connected_.store(false, std::memory_order_release);
  loop_.post([this] { begin_closing(); });
  loop_.join();
}

// Lets TURN allocations go, for which the loop must run a little longer.
void NiceIceAgent::begin_closing() {
  closing_ = true;
  nice_agent_close_async(
      agent_.get(),
      [](GObject*, GAsyncResult*, gpointer self) { static_cast<NiceIceAgent*>(self)->loop_.quit(); }, this);
  GSource* timeout = g_timeout_source_new(kCloseWaitMs);
  g_source_set_callback(
      timeout,
      [](gpointer self) -> gboolean {
        static_cast<NiceIceAgent*>(self)->loop_.quit();
        return G_SOURCE_REMOVE;
      },
      this, nullptr);
  g_source_attach(timeout, loop_.context());
  g_source_unref(timeout);
}

class NiceAgentFactory final : public ice::AgentFactory {
 public:
  Result<std::unique_ptr<ice::Agent>> create(const ice::Options& options, ice::Observer& observer) override {
    auto agent = std::make_unique<NiceIceAgent>(options, observer);
    if (Status begun = agent->begin(options); !begun) return std::move(begun).error();
    return std::unique_ptr<ice::Agent>(std::move(agent));
  }
};

}  // namespace

std::unique_ptr<ice::AgentFactory> make_agent_factory() { return std::make_unique<NiceAgentFactory>(); }

}  // namespace sotto::ice_nice
