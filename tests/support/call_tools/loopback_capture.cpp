#include "support/call_tools/loopback_capture.hpp"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace sotto::test {

Result<std::unique_ptr<LoopbackCapture>> LoopbackCapture::start() {
  const int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_ALL));
  if (fd < 0) {
    return fail(ErrorCode::denied, std::string("Packets cannot be captured: ") + std::strerror(errno) + ".");
  }
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(if_nametoindex("lo"));
  const int buffer = 32 << 20;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) != 0) {
    const int error = errno;
    close(fd);
    return fail(ErrorCode::denied, std::string("Packets cannot be captured: ") + std::strerror(error) + ".");
  }
  return std::unique_ptr<LoopbackCapture>(new LoopbackCapture(fd));
}

LoopbackCapture::LoopbackCapture(int fd) : fd_(fd), thread_([this] { run(); }) {}

LoopbackCapture::~LoopbackCapture() {
  stop();
  close(fd_);
}

std::vector<UdpPacket> LoopbackCapture::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  return std::move(packets_);
}

void LoopbackCapture::run() {
  std::array<std::uint8_t, 65536> buffer{};
  // After the order to stop what has been queued is still read.
  for (;;) {
    pollfd waiting{fd_, POLLIN, 0};
    const bool last_round = stopping_;
    if (poll(&waiting, 1, last_round ? 0 : 20) <= 0) {
      if (last_round) return;
      continue;
    }
    sockaddr_ll from{};
    socklen_t size = sizeof from;
    const ssize_t got =
        recvfrom(fd_, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
    // Every packet passes lo twice, on its way out and in.
    if (got <= 0 || from.sll_pkttype == PACKET_OUTGOING || packets_.size() >= kMaxPackets) continue;
    if (auto packet = udp_of_ip(ByteView(buffer).first(static_cast<std::size_t>(got))))
      packets_.push_back(std::move(*packet));
  }
}

}  // namespace sotto::test
