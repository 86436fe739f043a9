// The plain commands and the terminal chat, as a person in a shell uses them.
#include <fstream>

#include "harness/pair.hpp"

namespace sotto::e2e {
namespace {

struct Shell : testing::Test {
  Server server;
  test::TempDir folder;

  std::vector<std::string> command(const std::string& who, std::vector<std::string> words) const {
    std::vector<std::string> out{SOTTO_CLI_PROGRAM, "--insecure-profile", "--profile",
                                 folder.file(who),  "--downloads",        folder.file(who + "-downloads")};
    out.insert(out.end(), words.begin(), words.end());
    return out;
  }
  Outcome sotto(const std::string& who, std::vector<std::string> words, std::string_view input = "",
                const std::map<std::string, std::string>& environment = {}) const {
    return run(command(who, std::move(words)), input, environment);
  }
  void make_account(const std::string& who) {
    const Outcome made =
        sotto(who, {"register", server.invite(), "--username", who, "--password-stdin"}, "a good password\n");
    ASSERT_EQ(made.code, 0) << made.err;
    EXPECT_NE(made.out.find("Registered as " + who), std::string::npos) << made.out;
  }
};

TEST_F(Shell, two_people_register_write_and_read) {
  make_account("alice");
  make_account("bob");
  EXPECT_EQ(sotto("alice", {"status"}).code, 0);
  const Outcome sent = sotto("alice", {"send", "bob", "see you at eight"});
  EXPECT_EQ(sent.code, 0) << sent.err;
  // Bob's history comes from the server when his program runs; asking twice must not show it twice.
  EXPECT_EQ(sotto("bob", {"send", "alice", "fine"}).code, 0);
  const Outcome history = sotto("bob", {"history", "alice"});
  EXPECT_EQ(history.code, 0) << history.err;
  const auto first = history.out.find("alice: see you at eight");
  EXPECT_NE(first, std::string::npos) << history.out;
  EXPECT_EQ(history.out.find("see you at eight", first + 20), std::string::npos);
  EXPECT_NE(history.out.find("you: fine"), std::string::npos) << history.out;
  EXPECT_NE(sotto("alice", {"contacts"}).out.find("bob"), std::string::npos);
}

TEST_F(Shell, files_are_sent_and_fetched) {
  make_account("alice");
  make_account("bob");
  std::ofstream(folder.file("poem.txt")) << "roses are red";
  const Outcome sent = sotto("alice", {"files", "send", "bob", folder.file("poem.txt")});
  EXPECT_EQ(sent.code, 0) << sent.err;
  EXPECT_EQ(sotto("bob", {"send", "alice", "got it"}).code, 0);
  const std::string history = sotto("bob", {"history", "alice"}).out;
  const auto at = history.find(", id ");
  ASSERT_NE(at, std::string::npos) << history;
  const Outcome fetched = sotto("bob", {"files", "fetch", history.substr(at + 5, 32)});
  EXPECT_EQ(fetched.code, 0) << fetched.err;
  EXPECT_EQ(read_file(folder.file("bob-downloads/poem.txt")), "roses are red");
}

TEST_F(Shell, the_password_comes_from_the_environment_or_standard_input_and_never_from_an_option) {
  make_account("alice");
  const Outcome again = sotto("second", {"login", server.invite(), "--username", "alice", "--replace-device"},
                              "", {{"SOTTO_PASSWORD", "a good password"}});
  EXPECT_EQ(again.code, 0) << again.err;
  const Outcome wrong =
      sotto("third", {"login", server.invite(), "--username", "alice", "--password-stdin"}, "bad\n");
  EXPECT_EQ(wrong.code, 1);
  EXPECT_NE(wrong.err.find("password"), std::string::npos) << wrong.err;
  EXPECT_EQ(sotto("x", {"login", "h", "--username", "alice", "--password", "secret"}).code, 2);
}

TEST_F(Shell, wrong_usage_is_exit_code_2_and_failure_exit_code_1) {
  EXPECT_EQ(sotto("alice", {}).code, 2);
  const Outcome mistyped = run({SOTTO_CLI_PROGRAM, "dance"});
  EXPECT_EQ(mistyped.code, 2);
  EXPECT_NE(mistyped.err.find("There is no command dance."), std::string::npos) << mistyped.err;
  EXPECT_EQ(sotto("alice", {"send", "bob"}).code, 2);
  EXPECT_EQ(sotto("alice", {"--help"}).code, 0);
  EXPECT_NE(sotto("alice", {"--help"}).out.find("Examples"), std::string::npos);
  const Outcome nobody = sotto("alice", {"status"});
  EXPECT_EQ(nobody.code, 1);
  make_account("alice");
  const Outcome unknown = sotto("alice", {"send", "carol", "hello"});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_NE(unknown.err.find("no user named carol"), std::string::npos) << unknown.err;
  EXPECT_EQ(sotto("alice", {"--camera", "teapot:", "status"}).code, 1);
}

TEST_F(Shell, a_chat_with_piped_input_sends_its_lines_before_it_ends) {
  make_account("alice");
  make_account("bob");
  const Outcome chat = sotto("alice", {"chat", "bob"}, "first line\nsecond line\n");
  EXPECT_EQ(chat.code, 0) << chat.err;
  EXPECT_EQ(sotto("bob", {"send", "alice", "read you"}).code, 0);
  const std::string history = sotto("bob", {"history", "alice"}).out;
  EXPECT_NE(history.find("alice: first line"), std::string::npos) << history;
  EXPECT_NE(history.find("alice: second line"), std::string::npos) << history;
}

TEST_F(Shell, a_chat_prints_what_arrives_while_it_is_open) {
  make_account("alice");
  make_account("bob");
  ChildProcess chat({command("bob", {"chat", "alice"}), folder.file("chat.log"), {}, false});
  const auto deadline = Clock::now() + kPatience;
  std::optional<std::string> line = chat.read_line(deadline);
  ASSERT_TRUE(line) << read_file(folder.file("chat.log"));
  EXPECT_EQ(*line, "--- alice ---");
  EXPECT_EQ(sotto("alice", {"send", "bob", "knock knock"}).code, 0);
  line = chat.read_line(deadline);
  ASSERT_TRUE(line);
  EXPECT_TRUE(line->ends_with("alice: knock knock")) << *line;
  chat.write("/quit\n");
  EXPECT_EQ(chat.wait(), 0);
}

TEST_F(Shell, a_profile_under_a_passphrase_opens_with_it_only_and_shows_nothing_on_the_disk) {
  make_account("bob");
  const std::string profile = folder.file("alice");
  const auto alice = [&](const std::string& passphrase, std::vector<std::string> words,
                         std::string_view input = "") {
    words.insert(words.begin(), {SOTTO_CLI_PROGRAM, "--profile", profile});
    return run(words, input, {{"SOTTO_PASSPHRASE", passphrase}});
  };
  const Outcome made =
      alice("open sesame", {"register", server.invite(), "--username", "alice", "--password-stdin"},
            "a good password\n");
  ASSERT_EQ(made.code, 0) << made.err;
  EXPECT_EQ(alice("open sesame", {"send", "bob", "meet me at the old lighthouse"}).code, 0);
  EXPECT_NE(alice("open sesame", {"history", "bob"}).out.find("the old lighthouse"), std::string::npos);

  const Outcome wrong = alice("close sesame", {"status"});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_NE(wrong.err.find("passphrase"), std::string::npos) << wrong.err;
  EXPECT_EQ(sotto("alice", {"status"}).code, 1) << "--insecure-profile opened an encrypted profile";
  for (const auto& entry : std::filesystem::directory_iterator(profile)) {
    const std::string content = read_file(entry.path().string());
    for (const char* secret : {"lighthouse", "alice", "bob", "SQLite format"}) {
      EXPECT_EQ(content.find(secret), std::string::npos) << secret << " can be read in " << entry.path();
    }
  }
}

}  // namespace
}  // namespace sotto::e2e
