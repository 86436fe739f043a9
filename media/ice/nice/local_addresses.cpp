#include "local_addresses.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

namespace sotto::ice_nice {
namespace {

bool is_bridge(std::string_view name) {
  constexpr std::array<std::string_view, 4> kPrefixes{"docker", "veth", "virbr", "vnet"};
  return std::ranges::any_of(kPrefixes, [&](std::string_view prefix) { return name.starts_with(prefix); });
}

std::string literal(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    if (inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size()) == nullptr) return {};
  } else if (address->sa_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
    if (IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr)) return {};
    if (inet_ntop(AF_INET6, &v6->sin6_addr, text.data(), text.size()) == nullptr) return {};
  }
  return text.data();
}

}  // namespace

std::vector<std::string> local_addresses(bool with_loopback) {
  std::vector<std::string> out;
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) == 0) {
    const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(first, &freeifaddrs);
    for (const ifaddrs* at = first; at != nullptr && out.size() < kMaxLocalAddresses; at = at->ifa_next) {
      if (at->ifa_addr == nullptr || (at->ifa_flags & IFF_UP) == 0 || (at->ifa_flags & IFF_LOOPBACK) != 0)
        continue;
      if (is_bridge(at->ifa_name)) continue;
      if (std::string text = literal(at->ifa_addr); !text.empty()) out.push_back(std::move(text));
    }
  }
  if (with_loopback || out.empty()) out.emplace_back("127.0.0.1");
  return out;
}

}  // namespace sotto::ice_nice
