// What the core knows about one connection. Thousands of them idle: it is kept small.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "limits.hpp"
#include "sotto/base/ids.hpp"
#include "sotto/proto/frame.hpp"
#include "sotto/server/core.hpp"
#include "token_bucket.hpp"

namespace sotto::server {

enum class Phase : std::uint8_t {
  fresh,   // waits for Hello
  guest,   // without a device: may register, log in, enrol
  device,  // an enrolled device
  closed,  // forgotten; waits to be destroyed
};

// Where an answer goes. The connection may be gone by then.
struct Request {
  ConnectionId connection = 0;
  std::uint64_t id = 0;
};

// Only until the connection belongs to a device.
struct GuestState {
  std::string source;
  std::optional<crypto::DeviceIdentity> identity;
  Bytes device_certificate;
  Bytes exporter;
  // After Register or Login: who may enrol.
  std::optional<UserId> account;
  Bytes identity_key;
  Bytes identity_certificate;
};

// A page of a log that is asked for.
struct Fetch {
  Request request;
  ConversationId conversation;
  std::uint64_t after = 0;
  std::uint32_t limit = 0;
};

using Deadlines = std::multimap<TimePoint, ConnectionId>;

struct Connection {
  explicit Connection(ConnectionId connection) : id(connection), reader(kMaxGuestFrame) {}

  ConnectionId id;
  proto::FrameReader reader;
  Phase phase = Phase::fresh;
  bool busy = false;        // a step of signing in runs; further frames wait for it
  bool processing = false;  // in the loop that takes frames
  bool paused = false;      // reading is
  bool visible = true;
  bool slow = false;  // its fetches wait for the network, to be looked at again
  std::uint32_t in_flight = 0;
  std::uint32_t reads_in_flight = 0;
  std::uint32_t fetches_in_flight = 0;
  std::vector<Fetch> fetches;  // wait for those, or for the network
  UserId user;
  DeviceId device;
  std::unique_ptr<GuestState> guest;
  std::optional<Deadlines::iterator> deadline;
  TokenBucket appends;
  TokenBucket others;
};

}  // namespace sotto::server
