#include "invite.hpp"

#include <qrencode.h>

#include <charconv>
#include <cstdio>
#include <memory>

#include "sotto/crypto/hash.hpp"
#include "sotto/crypto/random.hpp"
#include "sotto/net/loop.hpp"
#include "sotto/store_sqlite/server_store.hpp"

namespace sotto::sottod {

Result<proto::InviteLink> make_invite(store::ServerStore& store, const crypto::Certificate& ca,
                                      const net::HostPort& address, const InviteOptions& options,
                                      Random& random, WallTime now) {
  const crypto::Sha256Digest fingerprint = ca.spki_fingerprint();
  proto::InviteLink link{address.host, address.port, Bytes(fingerprint.begin(), fingerprint.end()),
                         random.bytes(proto::kInviteTokenBytes)};
  const store::Invite invite{crypto::hash(crypto::HashAlgorithm::sha256, link.token), options.uses,
                             WallTime{now.ms + options.lifetime_ms}};
  if (Status begun = store.begin(store::Access::write); !begun) return std::move(begun).error();
  if (Status added = store.invites().add(invite, now); !added) {
    store.rollback();
    return std::move(added).error();
  }
  if (Status done = store.commit(); !done) return std::move(done).error();
  return link;
}

Result<std::int64_t> parse_lifetime_ms(std::string_view text) {
  const Error bad = fail(ErrorCode::invalid_argument, "Write a lifetime as 30m, 12h, 7d or 2w, up to 366d.");
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() - 1 || number <= 0 || number > 1'000'000'000)
    return bad;
  std::int64_t unit = 0;
  switch (*end) {
    case 's': unit = 1; break;
    case 'm': unit = 60; break;
    case 'h': unit = 3600; break;
    case 'd': unit = 24 * 3600; break;
    case 'w': unit = 7 * 24 * 3600; break;
    default: return bad;
  }
  if (number * unit * 1000 > kMaxInviteMs) return bad;
  return number * unit * 1000;
}

std::string qr_code(const std::string& text) {
  const std::unique_ptr<QRcode, void (*)(QRcode*)> code(
      QRcode_encodeString8bit(text.c_str(), 0, QR_ECLEVEL_L), QRcode_free);
  if (code == nullptr) return {};
  constexpr int kQuiet =
      2;  // the standard asks for 4; two are enough for a phone and save a screen line each
  const auto dark = [&](int x, int y) {
    if (x < 0 || y < 0 || x >= code->width || y >= code->width) return false;
    return (code->data[y * code->width + x] & 1) != 0;
  };
  std::string out;
  for (int y = -kQuiet; y < code->width + kQuiet; y += 2) {
    for (int x = -kQuiet; x < code->width + kQuiet; ++x) {
      const bool top = !dark(x, y);
      const bool bottom = !dark(x, y + 1);
      out += top && bottom ? "█" : top ? "▀" : bottom ? "▄" : " ";
    }
    out += '\n';
  }
  return out;
}

std::string lifetime_text(std::int64_t ms) {
  const auto in = [&](std::int64_t unit_ms, const char* name) {
    return std::to_string(ms / unit_ms) + " " + name + (ms / unit_ms == 1 ? "" : "s");
  };
  if (ms % 3'600'000 == 0) return in(3'600'000, "hour");
  return ms % 60'000 == 0 ? in(60'000, "minute") : in(1000, "second");
}

void print_invite(const proto::InviteLink& link, const InviteOptions& options, bool first) {
  const std::string text = proto::to_string(link);
  const std::string lifetime = lifetime_text(options.lifetime_ms);
  std::printf("\n%s\n", qr_code(text).c_str());
  if (first) {
    std::printf("Join with this link. The first account becomes the administrator. It works once, for %s.\n",
                lifetime.c_str());
  } else {
    std::printf("An invite link for %u %s, good for %s.\n", options.uses,
                options.uses == 1 ? "person" : "people", lifetime.c_str());
  }
  std::printf("%s\n", text.c_str());
  std::fflush(stdout);
}

namespace {

Result<proto::InviteLink> invite(const std::string& data, const InviteOptions& options,
                                 const std::string& public_address) {
  if (options.uses == 0 || options.uses > kMaxInviteUses) {
    return fail(ErrorCode::invalid_argument, "An invite is for 1 to 100000 uses.");
  }
  const Result<DataDir> dir = DataDir::open(data, false);
  if (!dir) return dir.error();
  Result<net::HostPort> address = dir->read_address();
  if (!address) return std::move(address).error();
  if (!public_address.empty()) {
    address = net::parse_host_port(public_address, address->port);
    if (!address) return std::move(address).error();
  }
  const Result<crypto::Certificate> ca = dir->ca();
  if (!ca) return ca.error();
  const Result<std::unique_ptr<store::ServerStore>> store =
      store::open_sqlite_server_store(dir->database(), store::OldFormat::refuse);
  if (!store) return store.error();
  return make_invite(**store, *ca, *address, options, crypto::system_random(), net::wall_now());
}

}  // namespace

int run_invite(const std::string& data, const InviteOptions& options, const std::string& public_address) {
  const Result<proto::InviteLink> link = invite(data, options, public_address);
  if (!link) {
    std::fprintf(stderr, "sottod: %s\n", link.error().message.c_str());
    return 1;
  }
  print_invite(*link, options, false);
  return 0;
}

}  // namespace sotto::sottod
