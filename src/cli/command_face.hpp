// The plain commands of sotto-cli: each is a short chain of steps against client::Commands, and ends the
// program with a sentence and an exit code.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "face.hpp"

namespace sotto::cli {

// Where commands print; tests collect it.
struct Output {
  std::function<void(std::string_view line)> out;  // results
  std::function<void(std::string_view line)> err;  // sentences for people
};

// What all commands share. A command overrides begin(), and event() for what it waits for.
class CommandFace : public Face {
 public:
  CommandFace(FaceLoop& loop, Output output) : loop_(loop), output_(std::move(output)) {}

  void start(client::Commands& commands) final;
  void on_event(const client::Event& event) final;

 protected:
  virtual void begin() = 0;
  virtual void event(const client::Event&) {}

  client::Commands& commands() { return *commands_; }
  FaceLoop& loop() { return loop_; }
  void print(std::string_view line) { output_.out(line); }
  void say(std::string_view line) { output_.err(line); }
  void finish(int code);
  void fail_with(const Error& error);
  bool finished() const { return finished_; }

  // Continues with the value, or ends the command with the error's sentence.
  template <class T, class Then>
  client::Done<T> then(Then next) {
    return [this, next = std::move(next)](Result<T> result) mutable {
      if (finished_) return;
      if (!result) return fail_with(result.error());
      next(*result);
    };
  }
  // Once the server is reached; ends the command when that takes too long or can never be.
  void when_online(std::function<void()> next);
  // On the server; an unknown name is not_found with the name in the sentence.
  void find_user(const std::string& username, client::Done<client::UserView> done);
  // The conversation with the person of that name.
  void with_conversation(const std::string& username,
                         std::function<void(const client::ConversationView&)> next);
  const client::ConnectionView& connection() const { return connection_; }
  bool signed_in() const { return signed_in_; }

 private:
  void on_connection(const client::ConnectionView& connection);

  FaceLoop& loop_;
  Output output_;
  client::Commands* commands_ = nullptr;
  client::ConnectionView connection_;
  std::function<void()> online_;
  bool signed_in_ = false;  // when the program started
  bool finished_ = false;
};

std::unique_ptr<Face> make_register(FaceLoop& loop, Output output, client::RegisterParams params);
std::unique_ptr<Face> make_login(FaceLoop& loop, Output output, client::LoginParams params);
std::unique_ptr<Face> make_logout(FaceLoop& loop, Output output);
std::unique_ptr<Face> make_status(FaceLoop& loop, Output output);
std::unique_ptr<Face> make_contacts(FaceLoop& loop, Output output);
std::unique_ptr<Face> make_history(FaceLoop& loop, Output output, std::string username, int limit);
std::unique_ptr<Face> make_send(FaceLoop& loop, Output output, std::string username, std::string text);
std::unique_ptr<Face> make_send_file(FaceLoop& loop, Output output, std::string username, std::string path);
std::unique_ptr<Face> make_fetch_file(FaceLoop& loop, Output output, MessageId message, std::string path);

struct CallRequest {
  std::string username;
  bool video = false;
  int seconds = 0;  // 0: until somebody hangs up
};
std::unique_ptr<Face> make_call(FaceLoop& loop, Output output, CallRequest request);

}  // namespace sotto::cli
