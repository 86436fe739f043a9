// One call's path: gathers addresses, checks pairs (RFC 8445, 8838), carries datagrams.
//
// A pair that worked stays in use while nothing comes back. Consent (RFC 7675: sending ends when the far side
// was not heard for 30 seconds) is the caller's: for a call, packets that SRTP authenticated are the proof.
//
// Flow, both sides:
//   auto agent = factory.create(options, observer);        // gathering begins
//   signal local_ufrag(), local_password(), then every on_local_candidate()
//   agent->set_remote(ufrag, password); agent->add_remote_candidate(text) ...   (any order, any time)
//   on_state(connected, direct or relay); send(); on_datagram()
//   agent->close();
//
// One component: RTP and RTCP share it (RFC 5761). Datagrams are what the far side's agent sent: unchecked
// bytes, to be authenticated by SRTP.
//
// Thread: commands from any thread. Observer calls come on the agent's own thread, with no lock held, and
// may call send() but not close() nor destroy the agent. None comes after close() returned.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sotto/base/bytes.hpp"
#include "sotto/base/result.hpp"

namespace sotto::ice {

enum class State {
  gathering,   // no remote description yet, or no pair to check
  connecting,  // pairs are being checked
  connected,   // a pair works; may change to a better one without leaving this state
  failed,      // no pair works
};
std::string_view to_string(State state);

enum class Path { none, direct, relay };
std::string_view to_string(Path path);

struct ServerAddress {
  std::string address;  // a literal: resolving names is the caller's work
  std::uint16_t port = 0;
};
struct TurnServer {
  ServerAddress server;
  std::string username;
  std::string password;
};

struct Options {
  bool controlling = false;  // the caller's side (RFC 8445 section 6.1.1)
  std::optional<ServerAddress> stun;
  std::vector<TurnServer> turn;
  bool relay_only = false;      // hide our addresses from the far side; needs a TURN server
  bool allow_loopback = false;  // tests and demos: 127.0.0.1 as a candidate even beside other addresses
};

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_local_candidate(const std::string& candidate) = 0;  // RFC 8839 text, without "a="
  virtual void on_local_candidates_end() = 0;
  virtual void on_state(State state, Path path) = 0;
  virtual void on_datagram(ByteView datagram) = 0;  // valid during the call
};

class Agent {
 public:
  virtual ~Agent() = default;  // closes

  virtual std::string local_ufrag() const = 0;
  virtual std::string local_password() const = 0;

  // invalid_argument when malformed; conflict after close() or for a second, different set_remote().
  virtual Status set_remote(std::string_view ufrag, std::string_view password) = 0;
  // Before set_remote() too; at most kMaxRemoteCandidates.
  virtual Status add_remote_candidate(std::string_view candidate) = 0;
  virtual void remote_candidates_end() = 0;

  // unavailable when not connected or when the socket's buffer is full (the datagram is dropped).
  virtual Status send(ByteView datagram) = 0;

  virtual void close() = 0;
};

inline constexpr std::size_t kMaxRemoteCandidates = 64;  // chosen: bounds the pairs a peer can make us check

class AgentFactory {
 public:
  virtual ~AgentFactory() = default;
  // `observer` outlives the agent. Calls may come before create() returned.
  virtual Result<std::unique_ptr<Agent>> create(const Options& options, Observer& observer) = 0;
};

}  // namespace sotto::ice
