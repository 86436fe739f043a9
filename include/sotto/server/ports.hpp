// What the server core needs from the world: connections to write to, and places where slow work is done.
//
// The program gives it sockets and threads; tests give it a script. No function here may call back into the
// core before it returns; every `then` is called later, exactly once, on the core's thread, after
// Core::advance(). Results of one kind come in the order of the calls.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "sotto/base/bytes.hpp"
#include "sotto/base/ids.hpp"
#include "sotto/base/result.hpp"
#include "sotto/base/secret_bytes.hpp"
#include "sotto/base/time.hpp"
#include "sotto/store/store_task.hpp"

namespace sotto::server {

using ConnectionId = std::uint64_t;  // never used twice

// Both clocks at once: the monotonic one for limits and deadlines, the wall for what people see.
struct Moment {
  TimePoint now;
  WallTime wall;
};

enum class Priority : std::uint8_t {
  urgent,  // messages and everything small
  bulk,    // pieces of files: never before something urgent
};

// Bytes that wait for a connection's network.
struct Queued {
  std::size_t urgent = 0;
  std::size_t bulk = 0;
};

// The sealed files' bytes. Operations on one blob run in the order given.
class BlobPort {
 public:
  virtual ~BlobPort() = default;
  using Done = std::function<void(Status)>;
  using Read = std::function<void(Result<Bytes>)>;

  // Makes the file exactly `size` bytes long, creating it if need be. not_found: it is shorter.
  virtual void prepare(BlobId blob, std::uint64_t size, Done then) = 0;
  // At the end: conflict if the file is not `offset` bytes long. A failed write leaves it as it was.
  virtual void write(BlobId blob, std::uint64_t offset, OwnedView data, Done then) = 0;
  virtual void sync(BlobId blob, Done then) = 0;  // durable when it returns ok
  // Behind `head`, which comes back with them. Fewer than asked only at the end of the file.
  virtual void read(BlobId blob, std::uint64_t offset, std::uint32_t length, Bytes head, Read then) = 0;
  virtual void remove(BlobId blob) = 0;
};

class Ports {
 public:
  virtual ~Ports() = default;

  virtual void send(ConnectionId connection, Bytes frame, Priority priority) = 0;
  // Sends what is queued, then closes. The core has forgotten the connection.
  virtual void close(ConnectionId connection) = 0;
  virtual void pause_reading(ConnectionId connection) = 0;
  virtual void resume_reading(ConnectionId connection) = 0;
  virtual Queued queued(ConnectionId connection) = 0;

  virtual void store(store::StoreTask task) = 0;
  virtual void hash_password(SecretBytes password, std::function<void(Result<std::string>)> then) = 0;
  virtual void verify_password(SecretBytes password, std::string phc, std::function<void(bool)> then) = 0;
  virtual BlobPort& blobs() = 0;
};

}  // namespace sotto::server
