// The server's directory: keys, certificates, database, sealed files. Directories 0700, files 0600, whatever
// the umask says.
//
//   DIR/lock          held while a server runs; it stays, and says whose directory this is
//   DIR/ca.key .crt   the server's certificate authority (PEM)
//   DIR/server.key .crt
//   DIR/address       where clients reach the server, for invite links: "host:port"
//   DIR/sotto.db      SQLite
//   DIR/blobs/        sealed files
//
// Errors: storage or conflict, with a sentence for the administrator.
#pragma once

#include <string>

#include "sotto/base/random.hpp"
#include "sotto/base/result.hpp"
#include "sotto/base/time.hpp"
#include "sotto/crypto/certificate.hpp"
#include "sotto/crypto/signature.hpp"
#include "sotto/net/socket.hpp"

namespace sotto::sottod {

struct Keys {
  crypto::SigningKey ca_key;
  crypto::Certificate ca;
  crypto::SigningKey server_key;
  crypto::Certificate server;
};

class DataDir {
 public:
  // Makes the directory if `create` and it is not there. Refuses one that holds other things.
  static Result<DataDir> open(std::string path, bool create);

  // Held until this object goes. conflict: another server runs on this directory.
  Status lock();
  // Reads the keys, or makes them. The server's certificate is renewed when it ends within a month.
  Result<Keys> keys(Random& random, WallTime now) const;
  Result<crypto::Certificate> ca() const;

  Status write_address(const net::HostPort& address) const;
  Result<net::HostPort> read_address() const;

  std::string database() const { return path_ + "/sotto.db"; }
  std::string blobs() const { return path_ + "/blobs"; }

 private:
  explicit DataDir(std::string path) : path_(std::move(path)) {}
  Result<std::string> read(const std::string& name) const;

  std::string path_;
  net::Socket lock_;  // a descriptor that closes itself
};

// Written beside its final name, synced, then renamed: there is never half a file. Mode 0600.
Status write_file_atomically(const std::string& path, ByteView content);

}  // namespace sotto::sottod
