// What the core knows about one connection. Thousands of them idle: it is kept small.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

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
  std::uint32_t in_flight = 0;
  std::uint32_t reads_in_flight = 0;
  UserId user;
  DeviceId device;
  std::unique_ptr<GuestState> guest;
  std::optional<Deadlines::iterator> deadline;
  TokenBucket appends;
  TokenBucket others;
};

// Where an answer goes. The connection may be gone by then.
struct Request {
  ConnectionId connection = 0;
  std::uint64_t id = 0;
};

}  // namespace sotto::server
