#include "serve.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <csignal>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>

#include "data_dir.hpp"
#include "invite.hpp"
#include "server.hpp"
#include "sotto/base/log.hpp"
#include "sotto/crypto/random.hpp"
#include "sotto/net/signals.hpp"
#include "sotto/store_sqlite/server_store.hpp"

namespace sotto::sottod {
namespace {

constexpr std::uint16_t kDefaultPort = proto::kDefaultPort;

// Tests and benchmarks make thousands of accounts; nobody else should want this.
bool test_passwords() {
  const char* value = std::getenv("SOTTO_TEST_ARGON2");
  return value != nullptr && std::string_view(value) == "weak";
}

// The first address that others may reach: where to send people when listening on all of them.
std::string own_address() {
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return "127.0.0.1";
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(all, ::freeifaddrs);
  std::string ipv6;
  for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || (one->ifa_flags & IFF_UP) == 0 || (one->ifa_flags & IFF_LOOPBACK) != 0)
      continue;
    sockaddr_storage storage{};
    if (one->ifa_addr->sa_family == AF_INET) {
      std::memcpy(&storage, one->ifa_addr, sizeof(sockaddr_in));
      return net::SocketAddress::from_native(storage).ip();
    }
    if (one->ifa_addr->sa_family != AF_INET6 || !ipv6.empty()) continue;
    std::memcpy(&storage, one->ifa_addr, sizeof(sockaddr_in6));
    const std::string ip = net::SocketAddress::from_native(storage).ip();
    if (!ip.starts_with("fe80")) ipv6 = ip;  // link-local ones need a scope, which no link can carry
  }
  return ipv6.empty() ? "127.0.0.1" : ipv6;
}

net::HostPort address_for_links(const net::HostPort& listening, std::uint16_t port,
                                const std::optional<net::HostPort>& given) {
  if (given) return {given->host, given->port};
  const bool any = listening.host.empty() || listening.host == "0.0.0.0" || listening.host == "::";
  return {any ? own_address() : listening.host, port};
}

// Files that no record names: left by a crash between removing the record and the file.
Status remove_orphans(store::ServerStore& store, store::BlobFiles& files) {
  const Result<std::vector<BlobId>> all = files.list();
  if (!all) return all.error();
  if (Status begun = store.begin(store::Access::read); !begun) return begun;
  for (const BlobId blob : *all) {
    const Result<store::Blob> known = store.blobs().get(blob);
    if (known || known.error().code != ErrorCode::not_found) continue;
    if (Status done = files.remove(blob); !done) log::warning("blob.orphan_not_removed");
  }
  return store.commit();
}

// A hash of no one's password, with the same parameters, so that an unknown user costs the same.
Result<std::string> absent_password(const crypto::Argon2Params& params, Random& random) {
  return crypto::hash_password(random.bytes(32), params);
}

Status serve(const ServeOptions& options, bool& failed) {
  const Result<net::HostPort> listening = net::parse_host_port(options.listen, kDefaultPort);
  if (!listening) return listening.error();
  std::optional<net::HostPort> public_address;
  if (!options.public_address.empty()) {
    const Result<net::HostPort> parsed = net::parse_host_port(options.public_address, kDefaultPort);
    if (!parsed) return parsed.error();
    public_address = *parsed;
  }
  Random& random = crypto::system_random();
  Result<DataDir> dir = DataDir::open(options.data, true);
  if (!dir) return std::move(dir).error();
  if (Status locked = dir->lock(); !locked) return locked;
  Result<Keys> keys = dir->keys(random, net::wall_now());
  if (!keys) return std::move(keys).error();
  Result<std::unique_ptr<store::ServerStore>> store = store::open_sqlite_server_store(dir->database());
  if (!store) return std::move(store).error();
  Result<store::BlobFiles> blobs = store::BlobFiles::open(dir->blobs());
  if (!blobs) return std::move(blobs).error();
  if (Status swept = remove_orphans(**store, *blobs); !swept) return swept;
  const Result<std::uint64_t> accounts = (*store)->accounts().count();
  if (!accounts) return accounts.error();

  const bool weak = test_passwords();
  const crypto::Argon2Params argon2 = weak ? crypto::kWeakTestParams : crypto::kAccountPasswordParams;
  if (weak) log::warning("server.weak_passwords", {{"why", "SOTTO_TEST_ARGON2 is set: for tests only"}});
  Result<std::string> absent = absent_password(argon2, random);
  if (!absent) return std::move(absent).error();

  net::Loop loop;
  server::Config config{.registration = options.registration,
                        .version = "sottod " SOTTO_VERSION,
                        .absent_password_hash = *std::move(absent),
                        .limit_sources = !weak,
                        .ca = keys->ca,
                        .ca_key = std::move(keys->ca_key)};
  store::ServerStore& records = **store;  // until the server runs
  std::optional<Server> server;
  const net::Signals signals(loop, {SIGTERM, SIGINT}, [&](int) { server->stop(); });
  server.emplace(loop, std::move(config), *std::move(store), *std::move(blobs), argon2, random);
  const SecretBytes key_pem = crypto::private_key_to_pem(keys->server_key);
  Result<net::TlsIdentity> identity =
      net::tls_identity_from_pem(keys->server.to_pem() + keys->ca.to_pem(), as_text(key_pem.view()));
  if (!identity) return std::move(identity).error();
  if (Status heard = server->listen({listening->host, listening->port}, *std::move(identity)); !heard)
    return heard;

  const net::HostPort reachable = address_for_links(*listening, server->port(), public_address);
  if (Status done = dir->write_address(reachable); !done) return done;
  if (*accounts == 0) {
    // Nobody is connected yet, so the storage thread has nothing to do with the store.
    const Result<proto::InviteLink> link =
        make_invite(records, keys->ca, reachable, InviteOptions{}, random, net::wall_now());
    if (!link) return link.error();
    print_invite(*link, InviteOptions{}, true);
  }
  if (!options.port_file.empty()) {
    const std::string port = std::to_string(server->port()) + "\n";
    if (Status done = write_file_atomically(options.port_file, as_bytes(port)); !done) return done;
  }
  log::info("server.ready", {{"port", server->port()}});
  loop.run();
  failed = server->failed();
  server.reset();
  log::info("server.stopped");
  return ok_status();
}

}  // namespace

int run_serve(const ServeOptions& options) {
  bool failed = false;
  if (const Status served = serve(options, failed); !served) {
    log::error("server.not_started", {{"why", served.error().message}});
    std::fprintf(stderr, "sottod: %s\n", served.error().message.c_str());
    return 1;
  }
  if (failed) {
    std::fprintf(
        stderr,
        "sottod: The disk reported an error. Nothing that was confirmed is lost; see to the disk and "
        "start again.\n");
    return 1;
  }
  return 0;
}

}  // namespace sotto::sottod
