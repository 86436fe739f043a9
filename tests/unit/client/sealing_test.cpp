// Sealed messages: who can open them, and everything that must be refused.
#include <gtest/gtest.h>

#include <set>

#include "client/hpke_sealer.hpp"
#include "client/safety_number.hpp"
#include "sotto/crypto/aead.hpp"
#include "sotto/crypto/hpke.hpp"

namespace sotto::client {
namespace {

struct TestDevice {
  explicit TestDevice(Random& random)
      : user(random.id<UserId>()),
        id(random.id<DeviceId>()),
        signing(crypto::SigningKey::generate(crypto::SignatureAlgorithm::ed25519, random)),
        sealing(crypto::DhPrivateKey::generate(crypto::DhGroup::x25519, random)),
        sealer(id, signing.copy(), sealing.copy(), random) {}
  store::ClientDeviceRecord record() const {
    store::ClientDeviceRecord out;
    out.id = id;
    out.user = user;
    out.device_key = signing.public_key();
    out.sealing_key = sealing.public_key();
    return out;
  }
  UserId user;
  DeviceId id;
  crypto::SigningKey signing;
  crypto::DhPrivateKey sealing;
  HpkeSealer sealer;
};

struct Sealing : ::testing::Test {
  SealRequest request(const std::string& text, std::uint64_t counter = 1, Bytes previous = {}) {
    SealRequest out;
    out.address = {conversation, random.id<MessageId>(), alice.user, alice.id};
    out.members = {alice.user, bob.user};
    out.devices = {bob.record()};
    out.counter = counter;
    out.previous = std::move(previous);
    out.content = to_bytes(text);
    return out;
  }
  Opened open(TestDevice& reader, const MessageAddress& address, ByteView payload,
              const store::SenderChainRecord* chain = nullptr) {
    const store::ClientDeviceRecord sender = alice.record();
    OpenRequest in;
    in.address = address;
    in.members = {bob.user, alice.user};
    in.sender = &sender;
    in.chain = chain;
    return reader.sealer.open(in, payload);
  }

  SeededRandom random{11};
  TestDevice alice{random}, bob{random}, eve{random};
  ConversationId conversation = random.id<ConversationId>();
};

TEST_F(Sealing, the_recipient_opens_and_nobody_else) {
  const auto sent = request("hello");
  const auto sealed = alice.sealer.seal(sent).value();
  const auto opened = open(bob, sent.address, sealed.payload);
  EXPECT_EQ(opened.outcome, Opening::content);
  EXPECT_EQ(to_string(opened.content), "hello");
  EXPECT_EQ(opened.hash, sealed.hash);
  EXPECT_EQ(open(eve, sent.address, sealed.payload).outcome, Opening::not_for_us);
}

TEST_F(Sealing, any_changed_bit_is_rejected) {
  const auto sent = request("hello");
  const auto sealed = alice.sealer.seal(sent).value();
  for (std::size_t bit = 0; bit < sealed.payload.size() * 8; ++bit) {
    Bytes changed = sealed.payload;
    changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ (1U << (bit % 8)));
    const auto outcome = open(bob, sent.address, changed).outcome;
    // A changed device id in the recipient's entry makes it look like somebody else's: nothing is shown of it
    // either.
    ASSERT_TRUE(outcome == Opening::rejected || outcome == Opening::not_for_us) << bit;
  }
}

TEST_F(Sealing, a_message_cannot_be_moved_or_given_to_another_sender) {
  const auto sent = request("hello");
  const auto sealed = alice.sealer.seal(sent).value();
  auto moved = sent.address;
  moved.conversation = random.id<ConversationId>();
  EXPECT_EQ(open(bob, moved, sealed.payload).outcome, Opening::rejected);
  auto renamed = sent.address;
  renamed.message = random.id<MessageId>();
  EXPECT_EQ(open(bob, renamed, sealed.payload).outcome, Opening::rejected);
  auto other_sender = sent.address;
  other_sender.sender = eve.user;
  EXPECT_EQ(open(bob, other_sender, sealed.payload).outcome, Opening::rejected);
}

TEST_F(Sealing, a_recipient_cannot_forge_or_pass_on_a_message_in_the_senders_name) {
  // Bob knows the message key and the signed body. He can seal them again, to himself or to others...
  const auto sent = request("I owe you one");
  SealRequest forged = sent;
  forged.content = to_bytes("I owe you a thousand");
  const auto payload = eve.sealer.seal(forged).value().payload;  // signed by Eve's key, not by Alice's
  EXPECT_EQ(open(bob, sent.address, payload).outcome, Opening::rejected);
  // ...but for another circle of members the signature does not hold.
  SealRequest elsewhere = sent;
  elsewhere.members = {alice.user, eve.user};
  const auto sealed = alice.sealer.seal(elsewhere).value();
  EXPECT_EQ(open(bob, elsewhere.address, sealed.payload).outcome, Opening::rejected);
}

TEST_F(Sealing, replays_gaps_and_another_past_are_told_apart) {
  const auto first = request("one");
  const auto sealed_first = alice.sealer.seal(first).value();
  const auto second = request("two", 2, sealed_first.hash);
  const auto sealed_second = alice.sealer.seal(second).value();
  const auto third = request("three", 3, sealed_second.hash);
  const auto sealed_third = alice.sealer.seal(third).value();

  store::SenderChainRecord chain{conversation, alice.id, 1, sealed_first.hash};
  EXPECT_EQ(open(bob, second.address, sealed_second.payload, &chain).outcome, Opening::content);
  EXPECT_EQ(open(bob, first.address, sealed_first.payload, &chain).outcome, Opening::replay);
  EXPECT_EQ(open(bob, third.address, sealed_third.payload, &chain).outcome, Opening::gap);
  chain.hash = Bytes(32, 7);
  EXPECT_EQ(open(bob, second.address, sealed_second.payload, &chain).outcome, Opening::rejected);
}

TEST_F(Sealing, the_server_sees_only_few_sizes) {
  std::set<std::size_t> sizes;
  for (std::size_t length = 0; length < 2000; length += 10) {
    sizes.insert(alice.sealer.seal(request(std::string(length, 'x'))).value().payload.size());
  }
  EXPECT_LE(sizes.size(), 5U);
}

TEST_F(Sealing, garbage_and_every_truncation_are_rejected) {
  const auto sent = request("hello");
  const auto sealed = alice.sealer.seal(sent).value();
  for (std::size_t size = 0; size < sealed.payload.size(); ++size) {
    EXPECT_EQ(open(bob, sent.address, ByteView(sealed.payload).first(size)).outcome, Opening::rejected);
  }
  EXPECT_EQ(open(bob, sent.address, Bytes(kMaxSealedBytes + 1)).outcome, Opening::rejected);
}

TEST_F(Sealing, both_devices_export_the_same_secret_and_each_context_another) {
  const auto a = alice.sealer.export_secret(conversation, "call", to_bytes("x"), bob.record());
  const auto b = bob.sealer.export_secret(conversation, "call", to_bytes("x"), alice.record());
  ASSERT_TRUE(a && b);
  EXPECT_TRUE(*a == *b);
  EXPECT_EQ(a->size(), 32U);
  EXPECT_FALSE(*a == *alice.sealer.export_secret(conversation, "call", to_bytes("y"), bob.record()));
  EXPECT_FALSE(*a == *alice.sealer.export_secret(conversation, "else", to_bytes("x"), bob.record()));
  EXPECT_FALSE(*a ==
               *alice.sealer.export_secret(random.id<ConversationId>(), "call", to_bytes("x"), bob.record()));
  EXPECT_FALSE(*a == *alice.sealer.export_secret(conversation, "call", to_bytes("x"), eve.record()));
}

TEST(SafetyNumber, is_the_same_on_both_sides_and_depends_on_keys_and_users) {
  SeededRandom random(5);
  for (int i = 0; i < 20; ++i) {
    const UserId a = random.id<UserId>(), b = random.id<UserId>();
    const Bytes key_a = random.bytes(32), key_b = random.bytes(32), other = random.bytes(32);
    const std::string digits = safety_number({a, key_a}, {b, key_b});
    EXPECT_EQ(digits.size(), 60U);
    EXPECT_EQ(digits.find_first_not_of("0123456789"), std::string::npos);
    EXPECT_EQ(digits, safety_number({b, key_b}, {a, key_a}));
    EXPECT_NE(digits, safety_number({a, key_a}, {b, other}));
    EXPECT_NE(digits, safety_number({a, key_a}, {random.id<UserId>(), key_b}));
  }
}

}  // namespace
}  // namespace sotto::client
