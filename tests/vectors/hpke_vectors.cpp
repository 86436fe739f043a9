// RFC 9180 appendix A (and the full set that it was taken from), all four modes.
#include <iostream>

#include "sotto/base/random.hpp"
#include "sotto/crypto/hpke.hpp"
#include "vectors/vectors.hpp"

namespace sotto::crypto {
namespace {

using vectors::hex;
using vectors::Json;

struct Case {
  const Json& json;
  HpkeSuite suite;
  DhPrivateKey recipient;
  DhPrivateKey ephemeral;
  std::optional<DhPrivateKey> sender;
  Bytes info = hex(json, "info");
  Bytes psk = hex(json, "psk");
  Bytes psk_id = hex(json, "psk_id");
};

DhPrivateKey derive(const Json& json, HpkeKem kem, const char* input, const char* secret, const char* shown) {
  DhPrivateKey key = hpke_derive_key_pair(kem, hex(json, input)).value();
  EXPECT_TRUE(equal(key.bytes().view(), hex(json, secret)));
  EXPECT_EQ(key.public_key(), hex(json, shown));
  return key;
}

Case read_case(const Json& json) {
  const HpkeSuite suite{HpkeKem{json.at("kem_id").get<std::uint16_t>()},
                        HpkeAead{json.at("aead_id").get<std::uint16_t>()}};
  Case out{json, suite, derive(json, suite.kem, "ikmR", "skRm", "pkRm"),
           derive(json, suite.kem, "ikmE", "skEm", "pkEm"), std::nullopt};
  if (json.contains("ikmS") && !json.at("ikmS").get<std::string>().empty()) {
    out.sender = derive(json, suite.kem, "ikmS", "skSm", "pkSm");
  }
  return out;
}

void check_kem(const Case& c) {
  const DhPrivateKey* sender = c.sender ? &*c.sender : nullptr;
  const auto encapsulated = hpke_encap_with(c.suite.kem, c.recipient.public_key(), c.ephemeral, sender);
  ASSERT_TRUE(encapsulated.ok());
  EXPECT_EQ(encapsulated->kem_output, hex(c.json, "enc"));
  EXPECT_TRUE(equal(encapsulated->shared_secret.view(), hex(c.json, "shared_secret")));
  const auto shared = hpke_decap(c.suite.kem, hex(c.json, "enc"), c.recipient,
                                 sender ? ByteView(sender->public_key()) : ByteView{});
  ASSERT_TRUE(shared.ok());
  EXPECT_TRUE(equal(shared->view(), hex(c.json, "shared_secret")));
}

// Both contexts walk through all message numbers; the published ones are compared.
int check_messages(const Json& json, HpkeSender& sender, HpkeReceiver& receiver) {
  int checked = 0;
  std::uint64_t number = 0;
  for (const Json& message : json.at("encryptions")) {
    for (; number < message.at("seq").get<std::uint64_t>(); ++number) {
      const auto filler = sender.seal({}, {});
      EXPECT_TRUE(filler.ok() && receiver.open({}, *filler).ok());
    }
    const auto sealed = sender.seal(hex(message, "aad"), hex(message, "pt"));
    EXPECT_TRUE(sealed.ok());
    EXPECT_EQ(*sealed, hex(message, "ct"));
    EXPECT_FALSE(receiver.open(as_bytes("other"), *sealed).ok());  // and the number stays
    const auto opened = receiver.open(hex(message, "aad"), *sealed);
    EXPECT_TRUE(opened.ok());
    EXPECT_TRUE(equal(opened->view(), hex(message, "pt")));
    ++number;
    ++checked;
  }
  return checked;
}

TEST(HpkeVectors, all_modes_and_suites_agree_with_the_rfc) {
  SOTTO_LOAD_VECTORS(cases, "hpke/rfc9180-trimmed.json");
  SeededRandom random(1);
  int messages = 0;
  int exports = 0;
  for (const Json& json : cases) {
    SCOPED_TRACE("mode " + json.at("mode").dump() + " kem " + json.at("kem_id").dump() + " aead " +
                 json.at("aead_id").dump());
    ASSERT_EQ(json.at("kdf_id"), 1);
    const Case c = read_case(json);
    check_kem(c);

    HpkeSenderOptions sending{c.psk, c.psk_id, c.sender ? &*c.sender : nullptr, &c.ephemeral};
    auto sender = hpke_setup_sender(c.suite, c.recipient.public_key(), c.info, random, sending);
    ASSERT_TRUE(sender.ok());
    const HpkeReceiverOptions receiving{c.psk, c.psk_id,
                                        c.sender ? ByteView(c.sender->public_key()) : ByteView{}};
    auto receiver = hpke_setup_receiver(c.suite, sender->kem_output(), c.recipient, c.info, receiving);
    ASSERT_TRUE(receiver.ok());

    messages += check_messages(json, *sender, *receiver);
    for (const Json& exported : json.at("exports")) {
      const auto size = exported.at("L").get<std::size_t>();
      for (const HpkeContext* context :
           {static_cast<HpkeContext*>(&*sender), static_cast<HpkeContext*>(&*receiver)}) {
        EXPECT_TRUE(equal(context->export_secret(hex(exported, "exporter_context"), size).view(),
                          hex(exported, "exported_value")));
      }
      ++exports;
    }
    if (c.suite.aead == HpkeAead::export_only) {
      EXPECT_FALSE(sender->seal({}, {}).ok());
      EXPECT_FALSE(receiver->open({}, Bytes(16)).ok());
    }
  }
  std::cout << "[ vectors  ] hpke: " << cases.size() << " cases, " << messages << " messages, " << exports
            << " exports\n";
  EXPECT_GT(messages, 0);
}

}  // namespace
}  // namespace sotto::crypto
