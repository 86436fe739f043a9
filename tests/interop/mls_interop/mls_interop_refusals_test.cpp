// Whatever it is told, mls-interop answers, leaves its states as they were, and lives on.
#include <map>
#include <set>

#include "tool.hpp"

namespace sotto::mls::interop {
namespace {

enum class Kind { bytes, number, text, flag, bytes_list, object_list, object };

const std::map<std::string, std::map<std::string, Kind>>& requests() {
  using enum Kind;
  static const std::map<std::string, std::map<std::string, Kind>> kRequests{
      {"CreateGroup",
       {{"group_id", bytes}, {"cipher_suite", number}, {"encrypt_handshake", flag}, {"identity", bytes}}},
      {"CreateKeyPackage", {{"cipher_suite", number}, {"identity", bytes}}},
      {"JoinGroup",
       {{"transaction_id", number},
        {"welcome", bytes},
        {"encrypt_handshake", flag},
        {"identity", bytes},
        {"ratchet_tree", bytes}}},
      {"ExternalJoin",
       {{"group_info", bytes},
        {"ratchet_tree", bytes},
        {"encrypt_handshake", flag},
        {"identity", bytes},
        {"remove_prior", flag},
        {"psks", object_list}}},
      {"GroupInfo", {{"state_id", number}, {"external_tree", flag}}},
      {"StateAuth", {{"state_id", number}}},
      {"Export", {{"state_id", number}, {"label", text}, {"context", bytes}, {"key_length", number}}},
      {"Protect", {{"state_id", number}, {"authenticated_data", bytes}, {"plaintext", bytes}}},
      {"Unprotect", {{"state_id", number}, {"ciphertext", bytes}}},
      {"StorePSK", {{"state_or_transaction_id", number}, {"psk_id", bytes}, {"psk_secret", bytes}}},
      {"AddProposal", {{"state_id", number}, {"key_package", bytes}}},
      {"UpdateProposal", {{"state_id", number}}},
      {"RemoveProposal", {{"state_id", number}, {"removed_id", bytes}}},
      {"ExternalPSKProposal", {{"state_id", number}, {"psk_id", bytes}}},
      {"ResumptionPSKProposal", {{"state_id", number}, {"epoch_id", number}}},
      {"GroupContextExtensionsProposal", {{"state_id", number}, {"extensions", object_list}}},
      {"Commit",
       {{"state_id", number},
        {"by_reference", bytes_list},
        {"by_value", object_list},
        {"force_path", flag},
        {"external_tree", flag}}},
      {"HandleCommit", {{"state_id", number}, {"proposal", bytes_list}, {"commit", bytes}}},
      {"HandlePendingCommit", {{"state_id", number}}},
      {"ReInitProposal",
       {{"state_id", number}, {"cipher_suite", number}, {"group_id", bytes}, {"extensions", object_list}}},
      {"ReInitCommit",
       {{"state_id", number},
        {"by_reference", bytes_list},
        {"by_value", object_list},
        {"force_path", flag},
        {"external_tree", flag}}},
      {"HandlePendingReInitCommit", {{"state_id", number}}},
      {"HandleReInitCommit", {{"state_id", number}, {"proposal", bytes_list}, {"commit", bytes}}},
      {"ReInitWelcome",
       {{"reinit_id", number}, {"key_package", bytes_list}, {"force_path", flag}, {"external_tree", flag}}},
      {"HandleReInitWelcome", {{"reinit_id", number}, {"welcome", bytes}, {"ratchet_tree", bytes}}},
      {"CreateBranch",
       {{"state_id", number},
        {"group_id", bytes},
        {"extensions", object_list},
        {"key_packages", bytes_list},
        {"force_path", flag},
        {"external_tree", flag}}},
      {"HandleBranch",
       {{"state_id", number}, {"transaction_id", number}, {"welcome", bytes}, {"ratchet_tree", bytes}}},
      {"NewMemberAddProposal", {{"group_info", bytes}, {"identity", bytes}}},
      {"CreateExternalSigner", {{"cipher_suite", number}, {"identity", bytes}}},
      {"AddExternalSigner", {{"state_id", number}, {"external_sender", bytes}}},
      {"ExternalSignerProposal",
       {{"signer_id", number},
        {"signer_index", number},
        {"group_info", bytes},
        {"ratchet_tree", bytes},
        {"description", object}}},
      {"Free", {{"state_id", number}}},
  };
  return kRequests;
}

// Values that a field of this kind cannot have.
std::vector<Json> wrong_values(Kind kind) {
  switch (kind) {
    case Kind::bytes: return {1, true, "not base64!", "A", "AB==C", Json::array(), Json::object()};
    case Kind::number: return {-1, 1.5, true, "x", "", "99999999999999999999", Json::array(), Json::object()};
    case Kind::text: return {1, false, std::string(kMaxTextBytes + 1, 'x'), Json::array()};
    case Kind::flag: return {1, "true", Json::array(), Json::object()};
    case Kind::bytes_list:
      return {1, "AA==", Json::object(), {1}, {"not base64!"}, Json(std::vector<int>(kMaxListEntries + 1))};
    case Kind::object_list:
      return {1, "AA==", Json::object(), {1}, {{"AA=="}}, Json(std::vector<int>(kMaxListEntries + 1))};
    case Kind::object: return {1, "AA==", Json::array()};
  }
  return {};
}

class InteropRefusals : public testing::Test {
 protected:
  void SetUp() override {
    script.assemble({&alice, &bob});
    before = alice.authenticator();
  }
  void expect_unharmed() {
    EXPECT_EQ(alice.authenticator(), before);
    script.expect_agreement({&alice, &bob});
  }

  Script script{1, true};
  Member alice = script.member("alice");
  Member bob = script.member("bob");
  std::string before;
};

TEST_F(InteropRefusals, answer_lines_that_are_no_requests) {
  for (const std::string line :
       {"", " ", "x", "null", "[]", "1", "{", "{}", R"({"rpc":1})", R"({"rpc":"NoSuchRpc"})",
        R"({"rpc":"Name","request":1})", R"({"rpc":"Name","request":[]})",
        R"({"rpc":"StateAuth","request":{"state_id":1}} trailing)", "\xff\xfe",
        "{\"rpc\":\"Name\\ud800\"}"}) {
    EXPECT_NE(alice.tool->exchange(line).value("error", std::string()), "") << line;
  }
  expect_unharmed();
}

TEST_F(InteropRefusals, answer_a_request_that_is_nested_without_end) {
  EXPECT_NE(alice.tool->exchange(std::string(1000000, '[')).value("error", std::string()), "");
  const std::string deep =
      R"({"rpc":"Name","request":)" + std::string(100000, '[') + std::string(100000, ']') + "}";
  EXPECT_NE(alice.tool->exchange(deep).value("error", std::string()), "");
  expect_unharmed();
}

TEST_F(InteropRefusals, answer_a_line_that_is_too_long) {
  const std::string line = R"({"rpc":"Name","x":")" + std::string(kMaxLineBytes, 'x') + "\"}";
  EXPECT_EQ(alice.tool->exchange(line).value("error", std::string()), "the line is too long");
  expect_unharmed();
}

TEST_F(InteropRefusals, answer_every_field_of_a_wrong_kind) {
  for (const auto& [rpc, fields] : requests()) {
    for (const auto& [name, kind] : fields) {
      for (const Json& wrong : wrong_values(kind)) {
        Json request{{name, wrong}};
        if (name != "state_id" && fields.contains("state_id")) request["state_id"] = alice.state;
        EXPECT_NE(alice.tool->refusal(rpc.c_str(), request), "")
            << rpc << ' ' << name << ' ' << wrong.dump().substr(0, 80);
      }
    }
  }
  expect_unharmed();
}

TEST_F(InteropRefusals, answer_numbers_that_name_nothing) {
  for (const auto& [rpc, fields] : requests()) {
    for (const char* name :
         {"state_id", "transaction_id", "state_or_transaction_id", "reinit_id", "signer_id"}) {
      if (!fields.contains(name)) continue;
      for (const std::uint32_t number : {0U, 4000U, UINT32_MAX}) {
        EXPECT_NE(alice.tool->refusal(rpc.c_str(), {{name, number}}), "") << rpc << ' ' << name;
      }
    }
  }
  expect_unharmed();
}

TEST_F(InteropRefusals, answer_messages_that_are_garbage_or_of_another_kind) {
  const std::string garbage = b64("garbage");
  const Json package = script.key_package(bob);
  const std::string other = package.at("key_package");
  const std::string info = alice.call("GroupInfo").at("group_info");
  const std::set<std::string> takes_packages{"AddProposal", "CreateBranch"};
  for (const auto& [rpc, fields] : requests()) {
    for (const char* name : {"welcome", "group_info", "ciphertext", "key_package", "commit",
                             "external_sender", "proposal", "by_reference", "key_packages", "ratchet_tree"}) {
      const auto field = fields.find(name);
      if (field == fields.end()) continue;
      for (const std::string& wrong : {garbage, takes_packages.contains(rpc) ? info : other}) {
        Json request{{"identity", b64("x")}, {"transaction_id", package.at("transaction_id")}};
        if (fields.contains("group_info")) request["group_info"] = info;
        if (fields.contains("state_id")) request["state_id"] = alice.state;
        request[name] = field->second == Kind::bytes_list ? Json::array({wrong}) : Json(wrong);
        EXPECT_NE(alice.tool->refusal(rpc.c_str(), request), "") << rpc << ' ' << name;
      }
    }
  }
  expect_unharmed();
}

TEST_F(InteropRefusals, leave_the_state_as_it_was_after_each_flipped_byte) {
  for (const bool path : {false, true}) {
    const Json proposal = bob.call("UpdateProposal").at("proposal");
    const Json made = bob.call("Commit", {{"force_path", path}});
    const Json sealed = bob.call("Protect", {{"plaintext", b64("hello")}});
    const Json welcome_package = script.key_package(alice);
    const auto flipped = [](const Json& message, std::size_t at) {
      Bytes bytes = *from_base64(message.get<std::string>());
      bytes[at % bytes.size()] ^= 0x40;
      return to_base64(bytes);
    };
    for (std::size_t at = 0; at < from_base64(made.at("commit").get<std::string>())->size(); at += 7) {
      EXPECT_NE(alice.refusal("HandleCommit", {{"commit", flipped(made.at("commit"), at)}}), "") << at;
      EXPECT_NE(alice.refusal("Commit", {{"by_reference", {flipped(proposal, at)}}}), "") << at;
      EXPECT_NE(alice.refusal("Unprotect", {{"ciphertext", flipped(sealed.at("ciphertext"), at)}}), "") << at;
    }
    EXPECT_EQ(alice.call("Unprotect", {{"ciphertext", sealed.at("ciphertext")}}).at("plaintext"),
              b64("hello"));
    bob.enter(bob.call("HandlePendingCommit"));
    script.follow(bob, {&alice}, made);
  }
  script.expect_agreement({&alice, &bob});
}

TEST_F(InteropRefusals, refuse_commits_and_welcomes_with_a_flipped_byte_and_take_the_right_one_after) {
  Member carol = script.member("carol");
  const Json package = script.key_package(carol);
  const Json made = alice.call(
      "Commit",
      {{"by_value", {{{"proposal_type", b64("add")}, {"key_package", package.at("key_package")}}}}});
  Bytes welcome = *from_base64(made.at("welcome").get<std::string>());
  for (std::size_t at = 0; at < welcome.size(); at += 5) {
    welcome[at] ^= 1;
    EXPECT_NE(carol.tool->refusal("JoinGroup", {{"transaction_id", package.at("transaction_id")},
                                                {"welcome", to_base64(welcome)}}),
              "")
        << at;
    welcome[at] ^= 1;
  }
  alice.enter(alice.call("HandlePendingCommit"));
  script.follow(alice, {&bob}, made);
  script.join(carol, package, made);
  script.expect_agreement({&alice, &bob, &carol});
  // A Welcome is taken once.
  EXPECT_NE(carol.tool->refusal("JoinGroup", {{"transaction_id", package.at("transaction_id")},
                                              {"welcome", made.at("welcome")}}),
            "");
}

TEST_F(InteropRefusals, end_with_the_end_of_the_input) {
  alice.tool->process().close_input();
  EXPECT_EQ(alice.tool->process().wait(), 0);
}

TEST(Base64, takes_both_alphabets_with_and_without_padding_and_one_spelling_of_each_value) {
  EXPECT_EQ(to_base64(as_bytes("any carnal pleas")), "YW55IGNhcm5hbCBwbGVhcw==");
  EXPECT_EQ(from_base64("YW55IGNhcm5hbCBwbGVhcw=="), to_bytes("any carnal pleas"));
  EXPECT_EQ(from_base64("YW55IGNhcm5hbCBwbGVhcw"), to_bytes("any carnal pleas"));
  EXPECT_EQ(from_base64("-_8="), from_base64("+/8="));
  for (const char* wrong : {"A", "AB", "AAB=", "A===", "====", "AA=A", "A A="}) {
    EXPECT_FALSE(from_base64(wrong)) << wrong;
  }
  EXPECT_EQ(from_base64(""), Bytes{});
}

}  // namespace
}  // namespace sotto::mls::interop
