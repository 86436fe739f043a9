// client::Channel over one TLS connection at a time.
//
// Every connection is an object of its own, so that callbacks of an earlier one have nothing to be confused
// with. Closed connections live on until their last bytes are out (is_idle()). Thread: the loop's.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "sotto/client/channel.hpp"
#include "sotto/net/loop.hpp"
#include "sotto/net/socket.hpp"

namespace sotto::runtime {

client::Moment moment_now();

class TlsChannel final : public client::Channel {
 public:
  explicit TlsChannel(net::Loop& loop);
  ~TlsChannel() override;

  // Before the first connect(). `after` runs after every event: the core's deadline may have moved.
  void set_events(client::ChannelEvents& events, std::function<void()> after);

  void connect(client::ChannelTarget target) override;
  void send(Bytes frame, client::Priority priority) override;
  std::size_t bulk_room() const override;
  void close() override;

  // The server as connected to; nothing while not connected.
  std::optional<net::SocketAddress> peer() const;
  bool is_idle() const;  // nothing is being sent any more

 private:
  class Connection;
  friend class Connection;

  void on_gone(std::uint64_t serial);

  net::Loop& loop_;
  client::ChannelEvents* events_ = nullptr;
  std::function<void()> after_;
  std::uint64_t last_serial_ = 0;
  std::unique_ptr<Connection> current_;
  std::vector<std::unique_ptr<Connection>> closing_;
};

}  // namespace sotto::runtime
