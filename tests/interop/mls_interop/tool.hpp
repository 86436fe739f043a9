// The real mls-interop program as a test drives it, and members that live in it.
#pragma once

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "e2e/harness/child_process.hpp"
#include "json_fields.hpp"

namespace sotto::mls::interop {

inline std::string b64(std::string_view text) { return to_base64(as_bytes(text)); }

class Tool {
 public:
  Tool() : process_({.command = {MLS_INTEROP_PROGRAM}, .log = "", .environment = {}}) {}

  // Any line, and what the program answers.
  Json exchange(const std::string& line) {
    if (!process_.write(line + "\n")) throw std::runtime_error("mls-interop closed its input");
    const auto answer = process_.read_line(e2e::Clock::now() + e2e::kPatience);
    if (!answer) throw std::runtime_error("mls-interop does not answer");
    return Json::parse(*answer);
  }
  Json call(const char* rpc, Json request) {
    const Json answer = exchange(Json{{"rpc", rpc}, {"request", std::move(request)}}.dump());
    if (!answer.contains("response")) throw std::runtime_error(std::string(rpc) + ": " + answer.dump());
    return answer.at("response");
  }
  // The text of the error that must come; empty: it was no error.
  std::string refusal(const char* rpc, Json request) {
    const Json answer = exchange(Json{{"rpc", rpc}, {"request", std::move(request)}}.dump());
    return answer.value("error", std::string());
  }
  e2e::ChildProcess& process() { return process_; }

 private:
  e2e::ChildProcess process_;
};

struct Member {
  Tool* tool = nullptr;
  std::string name;
  std::uint32_t state = 0;

  Json call(const char* rpc, Json request = Json::object()) {
    request["state_id"] = state;
    return tool->call(rpc, std::move(request));
  }
  std::string refusal(const char* rpc, Json request = Json::object()) {
    request["state_id"] = state;
    return tool->refusal(rpc, std::move(request));
  }
  // A new epoch: the answer names its state.
  void enter(const Json& answer) { state = answer.at("state_id").get<std::uint32_t>(); }
  std::string authenticator() { return call("StateAuth").at("state_auth_secret").get<std::string>(); }
};

// One group of members spread over two programs.
class Script {
 public:
  Script(int suite, bool encrypt) : suite_(suite), encrypt_(encrypt) {}

  int suite() const { return suite_; }
  Tool& tool(int number) { return tools_[number % 2]; }

  Member member(std::string name) { return {&tools_[next_++ % 2], std::move(name), 0}; }

  void create(Member& founder, const std::string& group_id = "group") {
    founder.enter(founder.tool->call("CreateGroup", {{"group_id", b64(group_id)},
                                                     {"cipher_suite", suite_},
                                                     {"encrypt_handshake", encrypt_},
                                                     {"identity", b64(founder.name)}}));
  }
  Json key_package(Member& member, int suite = 0) {
    return member.tool->call("CreateKeyPackage",
                             {{"cipher_suite", suite == 0 ? suite_ : suite}, {"identity", b64(member.name)}});
  }
  void join(Member& member, const Json& package, const Json& commit) {
    const Json answer = member.tool->call("JoinGroup", {{"transaction_id", package.at("transaction_id")},
                                                        {"welcome", commit.at("welcome")},
                                                        {"encrypt_handshake", encrypt_},
                                                        {"identity", b64(member.name)},
                                                        {"ratchet_tree", commit.at("ratchet_tree")}});
    member.enter(answer);
    EXPECT_EQ(answer.at("epoch_authenticator"), member.authenticator());
  }

  // `by` commits, the others follow; everybody must be in the same epoch afterwards.
  Json commit(Member& by, const std::vector<Member*>& others, Json request,
              const std::vector<Json>& proposals = {}) {
    request["by_reference"] = proposals;
    Json made = by.call("Commit", std::move(request));
    const std::string before = by.authenticator();
    by.enter(by.call("HandlePendingCommit"));
    EXPECT_NE(by.authenticator(), before);
    follow(by, others, made, proposals);
    return made;
  }
  void follow(Member& by, const std::vector<Member*>& others, const Json& made,
              const std::vector<Json>& proposals = {}) {
    for (Member* other : others) {
      const Json answer =
          other->call("HandleCommit", {{"proposal", proposals}, {"commit", made.at("commit")}});
      other->enter(answer);
      EXPECT_EQ(answer.at("epoch_authenticator"), by.authenticator()) << other->name;
    }
  }
  // A group of these members, the first the founder.
  void assemble(const std::vector<Member*>& members) {
    create(*members.front());
    std::vector<Json> packages;
    Json by_value = Json::array();
    for (std::size_t i = 1; i < members.size(); ++i) {
      packages.push_back(key_package(*members[i]));
      by_value.push_back({{"proposal_type", b64("add")}, {"key_package", packages.back().at("key_package")}});
    }
    const Json made = commit(*members.front(), {}, {{"by_value", by_value}});
    for (std::size_t i = 1; i < members.size(); ++i) join(*members[i], packages[i - 1], made);
    expect_agreement(members);
  }
  // Equal authenticators and exported secrets, and everybody reads everybody.
  void expect_agreement(const std::vector<Member*>& members) {
    const Json exporter{{"label", "test"}, {"context", b64("context")}, {"key_length", 48}};
    const Json secret = members.front()->call("Export", exporter);
    EXPECT_EQ(from_base64(secret.at("exported_secret").get<std::string>())->size(), 48U);
    for (Member* member : members) {
      EXPECT_EQ(member->authenticator(), members.front()->authenticator()) << member->name;
      EXPECT_EQ(member->call("Export", exporter), secret) << member->name;
    }
    for (Member* sender : members) {
      const Json sealed = sender->call(
          "Protect", {{"authenticated_data", b64("from " + sender->name)}, {"plaintext", b64("hello, all")}});
      for (Member* reader : members) {
        if (reader == sender) continue;
        const Json opened = reader->call("Unprotect", {{"ciphertext", sealed.at("ciphertext")}});
        EXPECT_EQ(opened.at("plaintext"), b64("hello, all"));
        EXPECT_EQ(opened.at("authenticated_data"), b64("from " + sender->name));
      }
    }
  }

 private:
  int suite_;
  bool encrypt_;
  Tool tools_[2];
  int next_ = 0;
};

}  // namespace sotto::mls::interop
