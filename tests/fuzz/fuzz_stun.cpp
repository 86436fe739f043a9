// Whatever arrives at the server's UDP port: the reply stays small, is well-formed and answers the request.
#include <cstdint>
#include <cstdlib>

#include "sotto/ice/stun_server.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sotto;
  static ice::StunServer server(1);
  static TimePoint now;
  now += std::chrono::seconds(1);  // so that nobody is ever limited
  ice::TransportAddress source;
  source.v6 = size % 2 == 1;
  source.ip = {192, 0, 2, 1};
  source.port = 40000;
  const ByteView request(data, size);
  const auto reply = server.on_datagram(request, source, now);
  if (!reply) return 0;
  if (reply->size() > size + ice::StunServer::kMaxGrowth || reply->size() % 4 != 0) std::abort();
  if (!ice::StunServer::looks_like_stun(*reply)) std::abort();
  if ((*reply)[2] * 256U + (*reply)[3] + 20U != reply->size()) std::abort();
  if (!equal(ByteView(*reply).subspan(4, 16), request.subspan(4, 16))) std::abort();
  if (server.on_datagram(*reply, source, now)) std::abort();  // two servers cannot start a loop
  return 0;
}
