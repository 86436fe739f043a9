// The chat for a terminal: one conversation is open, typed lines are sent to it, incoming lines are printed
// with their sender. Works with a terminal, in tmux and with piped input.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "command_face.hpp"
#include "line_reader.hpp"

namespace sotto::cli {

class ChatFace final : public CommandFace {
 public:
  // `username` empty: lists the conversations and waits for /open.
  ChatFace(FaceLoop& loop, Output output, int input, std::string username);

 private:
  void begin() override;
  void event(const client::Event& event) override;

  void on_line(std::string_view line);
  void on_end();
  void run_command(std::string_view name, const std::string& argument);
  void send_text(const std::string& text);
  void send_file(const std::string& path);
  void fetch_file(const std::string& argument);
  void list();
  void open(const std::string& username);
  void show_conversation(const client::ConversationView& conversation);
  void start_call(bool video);
  void with_call(const std::function<void(CallId)>& next);
  void quit();
  void quit_if_sent();
  void leave();

  void on_message(const client::MessageView& message, bool added);
  void on_call(const client::CallView& call);

  // An answer that reports failures and otherwise goes on: in a chat nothing ends the program but /quit.
  template <class T, class Then>
  client::Done<T> going_on(Then next) {
    return [this, next = std::move(next)](Result<T> result) mutable {
      if (finished()) return;
      if (!result) return say_error(result.error());
      next(*result);
    };
  }
  void say_error(const Error& error);

  int input_;
  std::string wanted_;
  LineReader reader_;
  std::deque<std::string> early_;  // typed before the conversation was open
  bool opening_ = false;
  std::optional<client::ConversationView> current_;
  std::optional<client::CallView> call_;
  std::optional<MessageId> newest_file_;
  int asked_ = 0;                             // messages and files that the core has not answered for
  std::map<MessageId, std::string> sending_;  // and what to call it
  std::set<MessageId> shown_;  // messages printed as they came, so that an echo is not printed again
  bool ended_ = false;         // the input did, or /quit was typed: it leaves when everything is sent
  bool quitting_ = false;      // by /quit or a signal
};

}  // namespace sotto::cli
