#include "cli/terminal_text.hpp"

#include <gtest/gtest.h>

#include <ctime>

#include "fake_commands.hpp"

namespace sotto::cli {
namespace {

constexpr const char* kMark = "\xEF\xBF\xBD";

TEST(TerminalText, ordinary_text_of_any_script_stays) {
  EXPECT_EQ(printable("Grüße, 世界 🙂 שלום"), "Grüße, 世界 🙂 שלום");
}

TEST(TerminalText, nothing_that_drives_a_terminal_passes) {
  EXPECT_EQ(printable("\x1b[2J\x07"), std::string(kMark) + "[2J" + kMark);
  EXPECT_EQ(printable("a\rb"), std::string("a") + kMark + "b");
  EXPECT_EQ(printable("\xC2\x9B"), kMark) << "C1, the one-character form of ESC [";
  EXPECT_EQ(printable("a\tb"), "a b");
  EXPECT_EQ(printable("photo\xE2\x80\xAEgpj.exe"), std::string("photo") + kMark + "gpj.exe");
  EXPECT_EQ(printable("\xE2\x81\xA6x"), std::string(kMark) + "x");
}

TEST(TerminalText, line_breaks_stay_only_where_wanted) {
  EXPECT_EQ(printable("a\nb"), std::string("a") + kMark + "b");
  EXPECT_EQ(printable("a\nb", true), "a\nb");
}

TEST(TerminalText, bytes_that_are_not_utf8_are_marked_one_by_one) {
  EXPECT_EQ(printable("\xff"), kMark);
  EXPECT_EQ(printable("a\xC3"), std::string("a") + kMark);
  EXPECT_EQ(printable("\xC0\xAF"), std::string(kMark) + kMark) << "overlong";
  EXPECT_EQ(printable("\xED\xA0\x80"), std::string(kMark) + kMark + kMark) << "surrogate";
  EXPECT_EQ(printable("\xF4\x90\x80\x80"), std::string(kMark) + kMark + kMark + kMark) << "above U+10FFFF";
}

TEST(TerminalText, sizes_and_durations_read_well) {
  EXPECT_EQ(human_size(0), "0 bytes");
  EXPECT_EQ(human_size(999), "999 bytes");
  EXPECT_EQ(human_size(1500), "1.5 kB");
  EXPECT_EQ(human_size(999'999), "1.0 MB");
  EXPECT_EQ(human_size(100'000'000), "100.0 MB");
  EXPECT_EQ(human_duration(65), "1:05");
  EXPECT_EQ(human_duration(3601), "1:00:01");
}

TEST(TerminalText, a_message_shows_who_when_and_what_became_of_it) {
  client::MessageView message;
  message.time = {std::time(nullptr) * 1000};
  message.sender_username = "bob\x1b[31m";
  message.text = "one\ntwo";
  const std::string shown = human_message(message);
  EXPECT_NE(shown.find("] bob" + std::string(kMark) + "[31m: one\n    two"), std::string::npos) << shown;
  message.own = true;
  message.state = client::MessageState::failed;
  message.failure = "no room";
  EXPECT_NE(human_message(message).find("you: one\n    two (not sent: no room)"), std::string::npos);
}

TEST(TerminalText, files_and_calls_are_told_in_words) {
  client::MessageView message;
  message.id = test::id_of<MessageId>(1);
  message.file = client::FileView{"a.pdf", 2000, "application/pdf"};
  EXPECT_NE(human_message(message).find("file a.pdf, 2.0 kB, id 00000000000000000000000000000001"),
            std::string::npos);
  message.file.reset();
  message.call = client::CallSummary{true, true, true, client::EndReason::remote_hangup, 65};
  EXPECT_NE(human_message(message).find("video call, 1:05"), std::string::npos);
  message.call->answered = false;
  message.call->reason = client::EndReason::no_answer;
  EXPECT_NE(human_message(message).find("video call: no answer"), std::string::npos);
}

}  // namespace
}  // namespace sotto::cli
