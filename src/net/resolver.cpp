#include <netdb.h>

#include <algorithm>
#include <cstring>
#include <system_error>
#include <thread>

#include "sotto/net/tcp.hpp"

namespace sotto::net {
namespace {

constexpr std::size_t kMaxAddresses = 16;

Result<std::vector<SocketAddress>> look_up(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0) {
    const bool unknown = error == EAI_NONAME || error == EAI_NODATA;
    return fail(
        unknown ? ErrorCode::not_found : ErrorCode::offline,
        unknown ? "there is no machine named " + host : "the name " + host + " could not be looked up");
  }
  std::vector<SocketAddress> out;
  for (const addrinfo* at = found; at && out.size() < kMaxAddresses; at = at->ai_next) {
    if (at->ai_family != AF_INET && at->ai_family != AF_INET6) continue;
    sockaddr_storage native{};
    std::memcpy(&native, at->ai_addr, std::min<std::size_t>(at->ai_addrlen, sizeof native));
    // The port goes in here and not by name, so that no service table is asked.
    const auto address = SocketAddress::from_ip(SocketAddress::from_native(native).ip(), port);
    if (address && std::find(out.begin(), out.end(), *address) == out.end()) out.push_back(*address);
  }
  ::freeaddrinfo(found);
  if (out.empty()) return fail(ErrorCode::not_found, host + " has no address that can be reached");
  return out;
}

}  // namespace

struct Resolver::Shared {
  OnResult on_result;  // touched on the loop's thread only
  bool cancelled = false;
};

Resolver::Resolver(Loop& loop, const std::string& host, std::uint16_t port, OnResult on_result)
    : shared_(std::make_shared<Shared>()) {
  shared_->on_result = std::move(on_result);
  const auto answer = [](const std::shared_ptr<Shared>& shared, Result<std::vector<SocketAddress>> result) {
    if (shared->cancelled) return;
    shared->cancelled = true;
    const OnResult callback = std::move(shared->on_result);  // it may destroy the resolver
    callback(std::move(result));
  };
  if (const auto address = SocketAddress::from_ip(host, port)) {
    loop.post([shared = shared_, answer, address] { answer(shared, std::vector<SocketAddress>{*address}); });
    return;
  }
  try {
    // Detached: getaddrinfo cannot be interrupted and may take half a minute; nobody should wait for it.
    std::thread([poster = loop.poster(), weak = std::weak_ptr<Shared>(shared_), answer, host, port] {
      auto result = look_up(host, port);
      poster.post([weak, answer, result = std::move(result)]() mutable {
        if (const auto shared = weak.lock()) answer(shared, std::move(result));
      });
    }).detach();
  } catch (const std::system_error&) {
    loop.post([shared = shared_, answer] {
      answer(shared, fail(ErrorCode::unavailable, "the system has no thread left to look a name up"));
    });
  }
}

Resolver::~Resolver() { shared_->cancelled = true; }

}  // namespace sotto::net
