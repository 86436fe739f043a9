// send, history, files send, files fetch.
#include "command_face.hpp"
#include "terminal_text.hpp"

namespace sotto::cli {
namespace {

using namespace client;

constexpr std::chrono::milliseconds kSendPatience{20000};

class Send final : public CommandFace {
 public:
  Send(FaceLoop& loop, Output output, std::string username, std::string text)
      : CommandFace(loop, std::move(output)), username_(std::move(username)), text_(std::move(text)) {}

  void begin() override {
    with_conversation(username_, [this](const ConversationView& conversation) {
      commands().messages_send(conversation.id, text_, std::nullopt,
                               then<MessageView>([this](const MessageView& sent) {
                                 message_ = sent.id;
                                 loop().after(kSendPatience, [this] { give_up(); });
                                 look_at(sent);
                               }));
    });
  }
  void event(const Event& event) override {
    if (const auto* updated = std::get_if<MessageUpdated>(&event)) look_at(updated->message);
  }

 private:
  void look_at(const MessageView& message) {
    if (finished() || !message_ || message.id != *message_) return;
    if (message.state == MessageState::failed)
      return fail_with(fail(ErrorCode::denied, "Not sent: " + message.failure));
    if (message.state != MessageState::sending) finish(kExitDone);
  }
  void give_up() {
    if (finished()) return;
    const std::string why = connection().reason.empty() ? "the server did not answer" : connection().reason;
    fail_with(fail(
        ErrorCode::offline,
        "Not sent yet: " + why + " The message is kept and goes out when this profile is online again."));
  }

  std::string username_, text_;
  std::optional<MessageId> message_;
};

// Prints what there is, with what waits on the server; out of its reach, what this device has.
class History final : public CommandFace {
 public:
  History(FaceLoop& loop, Output output, std::string username, int limit)
      : CommandFace(loop, std::move(output)), username_(std::move(username)), limit_(limit) {}
  void begin() override {
    begun_ = true;
    if (caught_up_ || !signed_in()) return show();
    if (connection().state == ConnectionState::offline) return show_local();
    loop().after(kSyncPatience, [this] { show_local(); });
  }
  void event(const Event& event) override {
    if (std::get_if<CaughtUp>(&event) != nullptr) {
      caught_up_ = true;
      if (begun_) show();
    }
    const auto* changed = std::get_if<ConnectionChanged>(&event);
    if (begun_ && changed != nullptr && changed->connection.state == ConnectionState::offline) show_local();
  }

 private:
  static constexpr std::chrono::milliseconds kSyncPatience{10000};

  void show_local() {
    if (finished() || shown_) return;
    std::string why =
        connection().reason.empty() ? "the server does not answer" : printable(connection().reason);
    if (why.ends_with('.')) why.pop_back();
    say("Offline (" + why + "). This is what this device has; there may be newer messages.");
    show();
  }
  void show() {
    if (std::exchange(shown_, true)) return;
    with_conversation(username_, [this](const ConversationView& conversation) {
      commands().messages_history(conversation.id, std::nullopt, limit_,
                                  then<std::vector<MessageView>>([this](const auto& messages) {
                                    for (const auto& message : messages) print(human_message(message));
                                    finish(kExitDone);
                                  }));
    });
  }

  std::string username_;
  int limit_;
  bool begun_ = false, caught_up_ = false, shown_ = false;
};

// Follows one transfer to its end.
class Transfer : public CommandFace {
 public:
  using CommandFace::CommandFace;

 protected:
  void follow(const TransferView& transfer) {
    transfer_ = transfer.id;
    look_at(transfer);
  }
  void event(const Event& event) override {
    if (const auto* progress = std::get_if<TransferProgress>(&event)) look_at(progress->transfer);
  }
  virtual void done(const TransferView& transfer) = 0;

 private:
  void look_at(const TransferView& transfer) {
    if (finished() || !transfer_ || transfer.id != *transfer_) return;
    switch (transfer.state) {
      case TransferState::done: return done(transfer);
      case TransferState::failed: return fail_with(fail(ErrorCode::unavailable, transfer.failure));
      case TransferState::cancelled:
        return fail_with(fail(ErrorCode::conflict, "The transfer was cancelled."));
      default: show(transfer);
    }
  }
  void show(const TransferView& transfer) {
    if (transfer.total == 0) return;
    const int tenth =
        static_cast<int>(10 * static_cast<double>(transfer.bytes) / static_cast<double>(transfer.total));
    if (tenth <= shown_) return;
    shown_ = tenth;
    say(std::to_string(10 * tenth) + " % of " + human_size(transfer.total) + ", " +
        human_size(static_cast<std::uint64_t>(transfer.rate)) + "/s");
  }

  std::optional<TransferId> transfer_;
  int shown_ = 0;
};

class SendFile final : public Transfer {
 public:
  SendFile(FaceLoop& loop, Output output, std::string username, std::string path)
      : Transfer(loop, std::move(output)), username_(std::move(username)), path_(std::move(path)) {}
  void begin() override {
    with_conversation(username_, [this](const ConversationView& conversation) {
      commands().files_send(conversation.id, path_, "", then<Commands::SentFile>([this](const auto& sent) {
                              message_ = sent.message.id;
                              follow(sent.transfer);
                            }));
    });
  }

 private:
  void event(const Event& event) override {
    Transfer::event(event);
    if (const auto* updated = std::get_if<MessageUpdated>(&event)) look_at_message(updated->message);
  }
  // The file is with the server; the message that says so may still be on its way.
  void done(const TransferView&) override {
    uploaded_ = true;
    if (announced_) finish_sent();
  }
  void look_at_message(const MessageView& message) {
    if (finished() || message.id != message_) return;
    if (message.state == MessageState::failed)
      return fail_with(fail(ErrorCode::denied, "Not sent: " + message.failure));
    announced_ = message.state != MessageState::sending;
    if (announced_ && uploaded_) finish_sent();
  }
  void finish_sent() {
    print("Sent.");
    finish(kExitDone);
  }

  std::string username_, path_;
  MessageId message_;
  bool uploaded_ = false, announced_ = false;
};

class FetchFile final : public Transfer {
 public:
  FetchFile(FaceLoop& loop, Output output, MessageId message, std::string path)
      : Transfer(loop, std::move(output)), message_(message), path_(std::move(path)) {}
  void begin() override {
    when_online([this] {
      commands().files_fetch(message_, path_,
                             then<TransferView>([this](const auto& transfer) { follow(transfer); }));
    });
  }

 private:
  void done(const TransferView& transfer) override {
    print(printable(transfer.path));
    finish(kExitDone);
  }

  MessageId message_;
  std::string path_;
};

}  // namespace

std::unique_ptr<Face> make_send(FaceLoop& loop, Output output, std::string username, std::string text) {
  return std::make_unique<Send>(loop, std::move(output), std::move(username), std::move(text));
}
std::unique_ptr<Face> make_history(FaceLoop& loop, Output output, std::string username, int limit) {
  return std::make_unique<History>(loop, std::move(output), std::move(username), limit);
}
std::unique_ptr<Face> make_send_file(FaceLoop& loop, Output output, std::string username, std::string path) {
  return std::make_unique<SendFile>(loop, std::move(output), std::move(username), std::move(path));
}
std::unique_ptr<Face> make_fetch_file(FaceLoop& loop, Output output, MessageId message, std::string path) {
  return std::make_unique<FetchFile>(loop, std::move(output), message, std::move(path));
}

}  // namespace sotto::cli
