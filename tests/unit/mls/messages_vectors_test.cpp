// vectors/mls/messages.json and deserialization.json: what is decoded encodes to the same bytes.
#include "sotto/mls_messages/message.hpp"
#include "unit/mls/vector_file.hpp"

namespace sotto::mls {
namespace {

template <class Format>
void expect_message(const Json& test_case, const char* field) {
  const Bytes input = bytes_of(test_case.at(field));
  const auto message = MlsMessage::decode(input);
  ASSERT_TRUE(message) << field << ": " << message.error().message;
  EXPECT_NE(message->get<Format>(), nullptr) << field;
  EXPECT_EQ(message->encode(), input) << field;
}

template <class Read, class Write>
void expect_round_trip(const Json& test_case, const char* field, Read read, Write write) {
  const Bytes input = bytes_of(test_case.at(field));
  wire::Reader in(input);
  const auto value = read(in);
  const Status done = in.finish();
  ASSERT_TRUE(done) << field << ": " << done.error().message;
  wire::Writer out;
  write(value, out);
  EXPECT_EQ(to_hex(out.view()), to_hex(input)) << field;
}

template <class T>
void expect_struct(const Json& test_case, const char* field) {
  expect_round_trip(
      test_case, field, [](wire::Reader& in) { return T::read(in); },
      [](const T& value, wire::Writer& out) { value.write(out); });
}

// A proposal's body without its type.
template <class T>
void expect_proposal(const Json& test_case, const char* field, ProposalType type) {
  const Bytes input = bytes_of(test_case.at(field));
  wire::Writer typed;
  write_enum(typed, type);
  typed.fixed(input);
  const auto proposal = wire::decode<Proposal>(typed.view());
  ASSERT_TRUE(proposal) << field << ": " << proposal.error().message;
  ASSERT_NE(proposal->get<T>(), nullptr);
  EXPECT_EQ(wire::encode(*proposal), to_bytes(typed.view())) << field;
}

TEST(MessagesVectors, decode_and_encode_to_the_same_bytes) {
  SOTTO_LOAD_VECTORS(cases, "messages.json");
  for (const Json& test_case : cases) {
    expect_message<Welcome>(test_case, "mls_welcome");
    expect_message<GroupInfo>(test_case, "mls_group_info");
    expect_message<KeyPackage>(test_case, "mls_key_package");
    expect_message<PublicMessage>(test_case, "public_message_application");
    expect_message<PublicMessage>(test_case, "public_message_proposal");
    expect_message<PublicMessage>(test_case, "public_message_commit");
    expect_message<PrivateMessage>(test_case, "private_message");
    expect_struct<RatchetTreeNodes>(test_case, "ratchet_tree");
    expect_struct<GroupSecrets>(test_case, "group_secrets");
    expect_struct<Commit>(test_case, "commit");
    expect_proposal<Add>(test_case, "add_proposal", ProposalType::add);
    expect_proposal<Update>(test_case, "update_proposal", ProposalType::update);
    expect_proposal<Remove>(test_case, "remove_proposal", ProposalType::remove);
    expect_proposal<Psk>(test_case, "pre_shared_key_proposal", ProposalType::psk);
    expect_proposal<ReInit>(test_case, "re_init_proposal", ProposalType::reinit);
    expect_proposal<ExternalInit>(test_case, "external_init_proposal", ProposalType::external_init);
    expect_proposal<GroupContextExtensions>(test_case, "group_context_extensions_proposal",
                                            ProposalType::group_context_extensions);
  }
  print_counts("messages.json", cases.size(), 0);
}

TEST(DeserializationVectors, vector_headers_have_the_published_lengths) {
  SOTTO_LOAD_VECTORS(cases, "deserialization.json");
  for (const Json& test_case : cases) {
    const Bytes header = bytes_of(test_case.at("vlbytes_header"));
    wire::Reader in(header);
    EXPECT_EQ(in.varint(), test_case.at("length").get<std::uint32_t>());
    EXPECT_TRUE(in.finish());
  }
  print_counts("deserialization.json", cases.size(), 0);
}

}  // namespace
}  // namespace sotto::mls
