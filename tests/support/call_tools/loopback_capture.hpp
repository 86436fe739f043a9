// Every UDP datagram that passes this machine's loopback, caught by ourselves: no tcpdump needed, but the
// right to open a packet socket (root, or CAP_NET_RAW).
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "support/call_tools/pcap.hpp"

namespace sotto::test {

class LoopbackCapture {
 public:
  static constexpr std::size_t kMaxPackets = 400'000;  // two minutes of a call; later ones are dropped

  // denied without the right: the caller skips, and says so.
  static Result<std::unique_ptr<LoopbackCapture>> start();
  ~LoopbackCapture();
  std::vector<UdpPacket> stop();

 private:
  explicit LoopbackCapture(int fd);
  void run();

  int fd_;
  std::atomic<bool> stopping_{false};
  std::vector<UdpPacket> packets_;
  std::thread thread_;
};

}  // namespace sotto::test
