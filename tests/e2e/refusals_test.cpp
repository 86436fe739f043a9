// What is refused: each with its code and a sentence that a person understands.
#include <unistd.h>

#include <fstream>

#include "harness/pair.hpp"

namespace sotto::e2e {
namespace {

// A code, and a sentence rather than the name of an error.
void expect_refusal(const Reply& reply, const std::string& code, const std::string& says) {
  ASSERT_FALSE(reply.ok()) << reply.result;
  EXPECT_EQ(reply.error["code"], -32000);
  EXPECT_EQ(reply.code(), code) << reply.message();
  EXPECT_NE(reply.message().find(says), std::string::npos) << reply.message();
  EXPECT_NE(reply.message().find(' '), std::string::npos) << reply.message();
}

struct Refusals : testing::Test {
  Server server;
  RpcClient alice{"alice"};

  Json registration(const std::string& link) const {
    return {{"server", link}, {"username", "alice"}, {"password", alice.password()}};
  }
};

TEST_F(Refusals, another_server_than_the_invite_link_names) {
  Server impostor;
  std::string link = server.invite();
  // The link of the right server, but the way leads to another one.
  const auto from = link.find("://") + 3;
  link.replace(from, link.find('/', from) - from, impostor.address());
  alice.start();
  expect_refusal(alice.call("account.register", registration(link)), "untrusted", "not the server");
  EXPECT_EQ(impostor.log().find("account.registered"), std::string::npos);
  EXPECT_EQ(alice.expect("account.status")["user"], nullptr);
}

TEST_F(Refusals, a_server_that_was_replaced_behind_a_known_address) {
  alice.start();
  alice.register_account(server.invite());
  alice.stop();
  // Same address, another authority.
  const auto port = server.port();
  server.stop();
  Server impostor;
  impostor.stop();
  const test::TempDir folder;
  ChildProcess other({{SOTTOD_PROGRAM, "serve", "--data", impostor.data(), "--listen",
                       "127.0.0.1:" + std::to_string(port), "--port-file", folder.file("port")},
                      folder.file("log"),
                      {},
                      false});
  alice.start();
  const Json state = alice.wait(
      "connection.state", [](const Json& p) { return p["state"] == "offline" && p["code"] == "untrusted"; });
  EXPECT_NE(state["reason"].get<std::string>().find("not the server"), std::string::npos) << state;
}

TEST_F(Refusals, a_wrong_password) {
  alice.start();
  alice.register_account(server.invite());
  RpcClient thief("thief");
  thief.start();
  const std::string link = server.invite();
  expect_refusal(
      thief.call("account.login", {{"server", link}, {"username", "alice"}, {"password", "guess"}}), "denied",
      "password");
  expect_refusal(alice.call("account.change_password", {{"old", "guess"}, {"new", "something new"}}),
                 "denied", "password");
}

TEST_F(Refusals, a_name_that_is_taken) {
  alice.start();
  alice.register_account(server.invite());
  RpcClient second("alice");
  second.start();
  expect_refusal(second.call("account.register", registration(server.invite())), "conflict", "taken");
}

TEST_F(Refusals, an_invite_that_was_used_and_one_that_never_was_one) {
  const std::string link = server.invite(1);
  alice.start();
  alice.register_account(link);
  RpcClient bob("bob");
  bob.start();
  Json params = registration(link);
  params["username"] = "bob";
  expect_refusal(bob.call("account.register", params), "denied", "invite");
  std::string forged = link;
  forged.replace(forged.find("token=") + 6, 4, "AAAA");
  params["server"] = forged;
  expect_refusal(bob.call("account.register", params), "denied", "invite");
}

TEST_F(Refusals, a_link_that_is_no_link_and_a_server_that_is_not_there) {
  alice.start();
  EXPECT_EQ(alice.call("account.register", registration("sotto://nonsense")).code(), "invalid_argument");
  std::string link = server.invite();
  server.stop();
  expect_refusal(alice.call("account.register", registration(link)), "offline", "");
}

TEST_F(Refusals, names_and_passwords_that_cannot_be) {
  alice.start();
  const std::string link = server.invite();
  for (const std::string name : {"", "a", "al ice", "-alice", "alice/../bob"}) {
    const Reply reply =
        alice.call("account.register", {{"server", link}, {"username", name}, {"password", "long enough"}});
    EXPECT_EQ(reply.code(), "invalid_argument") << name << ": " << reply.message();
  }
  const Reply reply =
      alice.call("account.register", {{"server", link}, {"username", "alice"}, {"password", ""}});
  EXPECT_EQ(reply.code(), "invalid_argument") << reply.message();
}

TEST_F(Refusals, what_needs_an_account_without_one) {
  alice.start();
  EXPECT_FALSE(alice.call("contacts.find", {{"username", "bob"}}).ok());
  EXPECT_FALSE(alice.call("messages.send", {{"conversation", std::string(32, 'a')}, {"text", "x"}}).ok());
  EXPECT_FALSE(
      alice.call("files.send", {{"conversation", std::string(32, 'a')}, {"path", "/etc/hostname"}}).ok());
}

TEST_F(Refusals, people_conversations_and_messages_that_do_not_exist) {
  alice.start();
  alice.register_account(server.invite());
  expect_refusal(alice.call("contacts.find", {{"username", "nobody"}}), "not_found", "no such user");
  const std::string nothing(32, 'a');
  EXPECT_EQ(alice.call("conversations.direct", {{"user", nothing}}).code(), "not_found");
  EXPECT_EQ(alice.call("messages.send", {{"conversation", nothing}, {"text", "x"}}).code(), "not_found");
  EXPECT_EQ(alice.call("files.fetch", {{"message", nothing}}).code(), "not_found");
  EXPECT_EQ(alice.call("files.pause", {{"transfer", nothing}}).code(), "not_found");
  EXPECT_EQ(alice.call("calls.hangup", {{"call", nothing}}).code(), "not_found");
}

TEST_F(Refusals, a_second_program_on_the_same_profile) {
  alice.start();
  alice.register_account(server.invite());
  const Outcome second =
      run({SOTTO_CLI_PROGRAM, "--profile", alice.profile(), "--insecure-profile", "status"});
  EXPECT_EQ(second.code, 1);
  EXPECT_NE(second.err.find("Another Sotto program"), std::string::npos) << second.err;
  alice.expect("account.status");
}

TEST_F(Refusals, a_profile_without_a_word_about_its_safety) {
  const test::TempDir folder;
  const Outcome plain = run({SOTTO_CLI_PROGRAM, "--profile", folder.file("p"), "status"});
  EXPECT_EQ(plain.code, 1);
  EXPECT_NE(plain.err.find("--insecure-profile"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder.file("p")));
}

struct FileRefusals : PairTest {};

TEST_F(FileRefusals, what_cannot_be_read_is_not_sent) {
  const auto send = [&](const std::string& path) {
    return alice.call("files.send", {{"conversation", conversation}, {"path", path}});
  };
  expect_refusal(send(alice.file("missing.txt")), "not_found", "does not exist");
  expect_refusal(send(alice.profile()), "invalid_argument", "folder");
  expect_refusal(send("/dev/null"), "invalid_argument", "");
  if (geteuid() != 0) {
    std::ofstream(alice.file("secret")) << "x";
    std::filesystem::permissions(alice.file("secret"), std::filesystem::perms::none);
    expect_refusal(send(alice.file("secret")), "denied", "permission");
  }
  EXPECT_TRUE(alice.history_texts(conversation).empty());
}

TEST_F(FileRefusals, malformed_requests_have_the_codes_of_json_rpc) {
  alice.send_line("{nonsense");
  EXPECT_EQ(alice.take(0).error["code"], -32700);
  alice.send_line("[]");
  EXPECT_EQ(alice.take(0).error["code"], -32600);
  EXPECT_EQ(alice.call("messages.sing").error["code"], -32601);
  EXPECT_EQ(alice.call("messages.send", {{"text", "x"}}).error["code"], -32602);
  alice.send_line(std::string(2 << 20, 'x'));
  EXPECT_EQ(alice.take(0).error["code"], -32700);
  alice.expect("account.status");
}

}  // namespace
}  // namespace sotto::e2e
