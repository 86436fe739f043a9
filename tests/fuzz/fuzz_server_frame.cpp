// Bytes from the network against a whole server core: a guest, a device that is signed in, and the work that
// follows, in an order that the input chooses.
//
// Input: steps of one control byte, and for a feed a length byte and that many bytes:
//   0 feed the guest   1 feed the device   2 feed the device one framed envelope   3 run what is queued
//   4 time passes      5 the device connects again   6 the guest connects again    7 the disk fills or
//   empties
#include <algorithm>
#include <cstdlib>
#include <memory>

#include "sotto/crypto/identity_chain.hpp"
#include "support/fake_ports.hpp"

namespace {

using namespace sotto;

// Keys are costly to make, so all runs share them.
struct Keys {
  SeededRandom random{1};
  crypto::SigningKey ca_key = crypto::SigningKey::generate(crypto::SignatureAlgorithm::ed25519, random);
  crypto::Certificate ca =
      *crypto::issue_server_ca(ca_key, crypto::validity_from(WallTime{1'800'000'000'000}, 3650), random);
};
Keys& keys() {
  static Keys instance;
  return instance;
}

class World {
 public:
  World()
      : core_(server::Config{.registration = server::Registration::open,
                             .version = "fuzz",
                             .blob_quota_bytes = 1 << 16,
                             .absent_password_hash = "hash:nobody's",
                             .ca = keys().ca,
                             .ca_key = keys().ca_key.copy()},
              ports_, random_, ports_.moment) {
    (void)ports_.records.begin(store::Access::write);
    for (std::uint8_t i = 1; i <= 2; ++i) {
      const UserId user = id<UserId>(i);
      (void)ports_.records.accounts().add({user,
                                           i == 1 ? "alice" : "bob",
                                           "",
                                           "hash:a long password",
                                           false,
                                           {Bytes(32, i), Bytes{1}},
                                           ports_.moment.wall});
      (void)ports_.records.devices().add({id<DeviceId>(i), user, "d", Bytes{i}, Bytes(32, 1), Bytes(64, 1),
                                          ports_.moment.wall, ports_.moment.wall, false});
    }
    (void)ports_.records.conversations().open_direct(id<UserId>(1), id<UserId>(2), id<ConversationId>(1),
                                                     ports_.moment.wall);
    (void)ports_.records.commit();
    connect_device();
    connect_guest();
  }

  void play(ByteView input) {
    while (!input.empty()) {
      const std::uint8_t step = input[0] % 8;
      input = input.subspan(1);
      ByteView data;
      if (step <= 2 && !input.empty()) {
        const std::size_t length = std::min<std::size_t>(input[0], input.size() - 1);
        data = input.subspan(1, length);
        input = input.subspan(1 + length);
      }
      switch (step) {
        case 0: core_.on_bytes(guest_, data, ports_.moment); break;
        case 1: core_.on_bytes(device_, data, ports_.moment); break;
        case 2: feed_framed(data); break;
        case 3: ports_.run(core_); break;
        case 4: pass(); break;
        case 5: connect_device(); break;
        case 6: connect_guest(); break;
        default: ports_.records.full = ports_.blobs_full = !ports_.blobs_full;
      }
    }
    ports_.run(core_);
    core_.shut_down(ports_.moment);
    ports_.run(core_);
    if (core_.counts().connections != 0) std::abort();
  }

 private:
  template <class T>
  static T id(std::uint8_t byte) {
    return *T::from_bytes(Bytes(16, byte));
  }
  void hello(server::ConnectionId connection) {
    proto::Envelope envelope;
    envelope.set_id(1);
    envelope.mutable_hello()->set_protocol(1);
    core_.on_bytes(connection, *proto::to_frame(envelope), ports_.moment);
    ports_.run(core_);
  }
  void connect_device() {
    device_ = next_++;
    server::Peer peer;
    peer.source = "here";
    peer.identity = crypto::DeviceIdentity{id<UserId>(1), id<DeviceId>(1), Bytes(32, 1), Bytes(32, 1)};
    peer.device_certificate = Bytes{1};
    core_.on_connected(device_, std::move(peer), ports_.moment);
    hello(device_);
  }
  void connect_guest() {
    core_.on_disconnected(guest_, ports_.moment);
    guest_ = next_++;
    core_.on_connected(guest_, server::Peer{"there", std::nullopt, {}, Bytes(32, 1)}, ports_.moment);
    hello(guest_);
  }
  void feed_framed(ByteView body) {
    Bytes frame;
    frame.reserve(proto::kFrameHeaderBytes + body.size());
    // At most 255 bytes: play() reads one byte of length.
    for (const std::size_t byte : {std::size_t{0}, std::size_t{0}, std::size_t{0}, body.size()}) {
      frame.push_back(static_cast<std::uint8_t>(byte));
    }
    for (const std::uint8_t byte : body) frame.push_back(byte);
    core_.on_bytes(device_, frame, ports_.moment);
  }
  void pass() {
    ports_.moment.now = std::max(ports_.moment.now, core_.next_deadline());
    core_.on_deadline(ports_.moment);
  }

  SeededRandom random_{2};
  test::FakePorts ports_;
  server::Core core_;
  server::ConnectionId next_ = 1;
  server::ConnectionId guest_ = 0;
  server::ConnectionId device_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  World world;
  world.play({data, size});
  return 0;
}
