#include "sotto/srtp/srtp.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "sotto/base/random.hpp"
#include "sotto/rtp/rtcp.hpp"

namespace sotto::srtp {
namespace {

const Bytes kKey(32, 0x41);
const Bytes kSalt(12, 0x42);

Bytes packet(std::uint32_t number, std::string_view payload = "a picture", std::uint32_t ssrc = 7) {
  return rtp::serialise({.marker = false,
                         .payload_type = rtp::PayloadType{96},
                         .sequence = static_cast<std::uint16_t>(number),
                         .timestamp = number,
                         .ssrc = rtp::Ssrc{ssrc},
                         .payload = as_bytes(payload)});
}

Bytes report(std::uint32_t ssrc = 7) {
  const std::array<rtp::RtcpPart, 1> parts{rtp::ReceiverReport{rtp::Ssrc{ssrc}, {}}};
  return rtp::serialise_compound(parts);
}

struct Pair {
  Protector sender = *Protector::create(kKey, kSalt);
  Unprotector receiver = *Unprotector::create(kKey, kSalt);
};

TEST(Srtp, round_trips_rtp_and_rtcp) {
  Pair pair;
  const auto sealed = pair.sender.protect_rtp(packet(1));
  ASSERT_TRUE(sealed);
  EXPECT_EQ(sealed->size(), packet(1).size() + kRtpOverhead);
  const auto plain = pair.receiver.unprotect(*sealed);
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->kind, rtp::Kind::rtp);
  EXPECT_EQ(plain->packet, packet(1));
  const auto sealed_report = pair.sender.protect_rtcp(report());
  ASSERT_TRUE(sealed_report);
  EXPECT_EQ(sealed_report->size(), report().size() + kRtcpOverhead);
  const auto plain_report = pair.receiver.unprotect(*sealed_report);
  ASSERT_TRUE(plain_report);
  EXPECT_EQ(plain_report->kind, rtp::Kind::rtcp);
  EXPECT_EQ(plain_report->packet, report());
  EXPECT_EQ(pair.receiver.counters().accepted, 2u);
}

// Computed by tests/unit/srtp/vector.py, which knows RFC 3711 and RFC 7714 from the text alone.
TEST(Srtp, writes_what_an_independent_implementation_computes) {
  Pair pair;
  EXPECT_EQ(to_hex(*pair.sender.protect_rtp(packet(1))),
            "806000010000000100000007fdda4d00c8c679830e060a7983bf961903e89a0b25e0aff6ed");
  EXPECT_EQ(to_hex(*pair.sender.protect_rtcp(report())),
            "80c9000100000007592f02fcaf435af631202ddf0fcfdbc980000001");
}

TEST(Srtp, hides_the_payload) {
  Pair pair;
  const auto sealed = pair.sender.protect_rtp(packet(1, "a very plain payload"));
  ASSERT_TRUE(sealed);
  EXPECT_EQ(as_text(*sealed).find("plain"), std::string_view::npos);
}

TEST(Srtp, refuses_keys_of_another_size) {
  EXPECT_FALSE(Protector::create(Bytes(16), kSalt));
  EXPECT_FALSE(Unprotector::create(kKey, Bytes(14)));
}

TEST(Srtp, notices_every_changed_bit) {
  Pair pair;
  const auto sealed = pair.sender.protect_rtp(packet(1));
  ASSERT_TRUE(sealed);
  std::uint64_t tried = 0;
  for (std::size_t i = 0; i < sealed->size() * 8; ++i) {
    Bytes changed = *sealed;
    changed[i / 8] = static_cast<std::uint8_t>(changed[i / 8] ^ (1u << (i % 8)));
    EXPECT_FALSE(pair.receiver.unprotect(changed)) << "bit " << i;
    ++tried;
  }
  EXPECT_EQ(pair.receiver.counters().rejected(), tried);
  EXPECT_TRUE(pair.receiver.unprotect(*sealed)) << "forgeries must not have moved the window";
}

TEST(Srtp, shows_nothing_twice) {
  Pair pair;
  const auto first = pair.sender.protect_rtp(packet(1));
  const auto second = pair.sender.protect_rtp(packet(2));
  const auto sealed_report = pair.sender.protect_rtcp(report());
  ASSERT_TRUE(pair.receiver.unprotect(*second));
  ASSERT_TRUE(pair.receiver.unprotect(*first)) << "late is not twice";
  ASSERT_TRUE(pair.receiver.unprotect(*sealed_report));
  EXPECT_EQ(pair.receiver.unprotect(*first).error().code, ErrorCode::conflict);
  EXPECT_EQ(pair.receiver.unprotect(*second).error().code, ErrorCode::conflict);
  EXPECT_EQ(pair.receiver.unprotect(*sealed_report).error().code, ErrorCode::conflict);
  EXPECT_EQ(pair.receiver.counters().replayed, 3u);
}

TEST(Srtp, never_protects_two_packets_with_one_number) {
  Pair pair;
  ASSERT_TRUE(pair.sender.protect_rtp(packet(9, "one")));
  EXPECT_FALSE(pair.sender.protect_rtp(packet(9, "two")));
}

TEST(Srtp, refuses_plain_rtp_and_unencrypted_rtcp) {
  Pair pair;
  EXPECT_FALSE(pair.receiver.unprotect(packet(1, "long enough to hold what looks like a tag")));
  Bytes clear = report();
  clear.resize(clear.size() + 16);       // a tag
  append(clear, *from_hex("00000001"));  // E = 0
  EXPECT_EQ(pair.receiver.unprotect(clear).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(pair.receiver.counters().accepted, 0u);
  EXPECT_EQ(pair.receiver.counters().rejected(), 2u);
}

TEST(Srtp, refuses_everything_too_short_for_its_header_and_tag) {
  Pair pair;
  const Bytes sealed = *pair.sender.protect_rtp(packet(1, ""));
  const Bytes sealed_report = *pair.sender.protect_rtcp(report());
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_FALSE(
        pair.receiver.unprotect(Bytes(sealed.begin(), sealed.begin() + static_cast<std::ptrdiff_t>(size))));
  }
  for (std::size_t size = 0; size < sealed_report.size(); ++size) {
    EXPECT_FALSE(pair.receiver.unprotect(
        Bytes(sealed_report.begin(), sealed_report.begin() + static_cast<std::ptrdiff_t>(size))));
  }
  EXPECT_TRUE(pair.receiver.unprotect(sealed));
}

TEST(Srtp, follows_rollovers_through_loss_and_reordering_despite_forged_packets_far_ahead) {
  Pair pair;
  SeededRandom random(3);
  std::vector<Bytes> in_flight;
  std::uint32_t delivered = 0;
  for (std::uint32_t number = 0x7fff; number < 0x7fff + 200'000; ++number) {
    auto sealed = pair.sender.protect_rtp(packet(number, std::to_string(number)));
    ASSERT_TRUE(sealed);
    if (random.below(5) != 0) in_flight.push_back(*std::move(sealed));  // 20 % lost
    if (in_flight.size() < 20) continue;
    if (number % 50 == 0) {
      Bytes forged = packet(number + 30'000, "forged");
      forged.resize(forged.size() + 16);
      EXPECT_FALSE(pair.receiver.unprotect(forged));
    }
    const auto pick = static_cast<std::ptrdiff_t>(random.below(in_flight.size()));
    const auto plain = pair.receiver.unprotect(in_flight[static_cast<std::size_t>(pick)]);
    in_flight.erase(in_flight.begin() + pick);
    ASSERT_TRUE(plain) << number << ": " << plain.error().message;
    ++delivered;
  }
  EXPECT_GT(delivered, 150'000u);
}

TEST(Srtp, takes_no_more_sources_than_a_call_has) {
  Pair pair;
  for (std::uint32_t ssrc = 1; ssrc <= kMaxSources; ++ssrc) {
    EXPECT_TRUE(pair.receiver.unprotect(*pair.sender.protect_rtp(packet(1, "x", ssrc))));
  }
  EXPECT_FALSE(pair.receiver.unprotect(*pair.sender.protect_rtp(packet(1, "x", kMaxSources + 1))));
  EXPECT_TRUE(pair.receiver.unprotect(*pair.sender.protect_rtp(packet(2, "x", 1))));
}

TEST(Srtp, does_not_let_forged_sources_use_up_the_places) {
  Pair pair;
  for (std::uint32_t ssrc = 100; ssrc < 200; ++ssrc) {
    Bytes forged = packet(1, "forged", ssrc);
    forged.resize(forged.size() + 16);
    EXPECT_FALSE(pair.receiver.unprotect(forged));
  }
  EXPECT_TRUE(pair.receiver.unprotect(*pair.sender.protect_rtp(packet(1))));
}

TEST(Srtp, reads_nothing_under_another_key) {
  Pair pair;
  Protector other = *Protector::create(Bytes(32, 0x43), kSalt);
  EXPECT_EQ(pair.receiver.unprotect(*other.protect_rtp(packet(1))).error().code, ErrorCode::untrusted);
  EXPECT_EQ(pair.receiver.counters().forged, 1u);
}

}  // namespace
}  // namespace sotto::srtp
