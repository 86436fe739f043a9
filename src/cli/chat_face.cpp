#include "chat_face.hpp"

#include <algorithm>

#include "terminal_text.hpp"

namespace sotto::cli {
namespace {

using namespace client;

constexpr std::size_t kMaxLine = 64UL * 1024;  // of one message, by docs/protocol.md
constexpr int kHistory = 20;
constexpr std::chrono::milliseconds kEndPatience{10000};  // piped input: nobody waits in front of it
constexpr std::chrono::milliseconds kQuitPatience{5000};  // somebody does
constexpr std::size_t kShownUnsent = 60;                  // bytes of a message that was not sent

constexpr std::string_view kHelp =
    "/list              conversations\n"
    "/open USER         open the conversation with USER\n"
    "/file PATH         send a file\n"
    "/fetch [ID] [PATH] fetch the newest file, or the one with that id\n"
    "/call, /video      call, with or without picture\n"
    "/accept, /decline  answer a call\n"
    "/mute, /unmute     microphone off and on during a call\n"
    "/hangup            end the call\n"
    "/quit              leave (also Ctrl+D)\n"
    "//text             send a line that begins with a slash";

// Of text that is valid UTF-8.
std::string beginning(std::string text) {
  std::size_t end = kShownUnsent;
  if (text.size() <= end) return text;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

}  // namespace

ChatFace::ChatFace(FaceLoop& loop, Output output, int input, std::string username)
    : CommandFace(loop, std::move(output)), input_(input), wanted_(std::move(username)), reader_(kMaxLine) {}

void ChatFace::say_error(const Error& error) { say("! " + printable(error.message)); }

void ChatFace::begin() {
  loop().on_signal([this] { quit(); });
  commands().account_status(then<Commands::AccountStatus>([this](const Commands::AccountStatus& status) {
    if (!status.account) {
      return fail_with(
          fail(ErrorCode::not_found, "There is no account in this profile. See: sotto-cli register --help"));
    }
    say("You are " + printable(status.account->user.username) + " on " + printable(status.account->server) +
        ". /help shows the commands.");
    wanted_.empty() ? list() : open(wanted_);
    // Not before: piped lines belong to the conversation that is being opened.
    loop().watch_input(
        input_,
        [this](std::string_view bytes) {
          reader_.feed(
              bytes, [this](std::string_view line) { on_line(line); },
              [this] { say("! A line is longer than a message may be (64 KiB); it was not sent."); });
        },
        [this] { on_end(); });
  }));
}

// ---- Input ----

void ChatFace::on_line(std::string_view text) {
  if (finished()) return;
  // Piped input may be faster than opening the conversation.
  if (opening_) {
    early_.emplace_back(text);
    return;
  }
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  if (text.empty()) return;
  if (text.front() != '/') return send_text(std::string(text));
  if (text.starts_with("//")) return send_text(std::string(text.substr(1)));
  const auto space = text.find(' ');
  const auto argument = space == std::string_view::npos ? std::string() : std::string(text.substr(space + 1));
  run_command(text.substr(1, space == std::string_view::npos ? space : space - 1), argument);
}

void ChatFace::run_command(std::string_view name, const std::string& argument) {
  if (name == "quit") return quit();
  if (name == "help") return print(kHelp);
  if (name == "list") return list();
  if (name == "open") return open(argument);
  if (name == "file") return send_file(argument);
  if (name == "fetch") return fetch_file(argument);
  if (name == "call") return start_call(false);
  if (name == "video") return start_call(true);
  const auto ignore = going_on<CallView>([](const CallView&) {});
  if (name == "accept")
    return with_call([=, this](CallId id) { commands().calls_accept(id, call_->video, ignore); });
  if (name == "decline") return with_call([=, this](CallId id) { commands().calls_decline(id, ignore); });
  if (name == "hangup") return with_call([=, this](CallId id) { commands().calls_hangup(id, ignore); });
  if (name == "mute" || name == "unmute") {
    return with_call([=, this, on = name == "unmute"](CallId id) {
      commands().calls_set(id, {on, std::nullopt, std::nullopt}, ignore);
    });
  }
  say("! There is no command /" + printable(name) + ". /help shows them all.");
}

void ChatFace::on_end() {
  reader_.finish([this](std::string_view line) { on_line(line); });
  ended_ = true;
  loop().after(kEndPatience, [this] { leave(); });
  quit_if_sent();
}

// The program stays until the server has what was typed, within bounds.
void ChatFace::quit_if_sent() {
  if (ended_ && !opening_ && early_.empty() && asked_ == 0 && sending_.empty()) finish(kExitDone);
}

void ChatFace::quit() {
  if (call_ && call_->state != CallState::ended) {
    commands().calls_hangup(call_->id, [](const Result<CallView>&) {});
    call_.reset();
  }
  // The second time, or when waiting is of no use.
  if (quitting_ || (asked_ == 0 && connection().state == ConnectionState::offline)) return leave();
  quitting_ = ended_ = true;
  quit_if_sent();
  if (finished()) return;
  say("Waiting for the server to have what you wrote. /quit again leaves at once.");
  loop().on_signal([this] { leave(); });
  loop().after(kQuitPatience, [this] { leave(); });
}

// Tells what did not get out.
void ChatFace::leave() {
  if (finished()) return;
  for (const auto& [id, what] : sending_) say("! Not sent yet: " + what);
  if (asked_ > 0) say("! Not sent: " + std::to_string(asked_) + " of what was typed last.");
  if (!sending_.empty()) say("It is kept, and goes out the next time this profile is online.");
  finish(sending_.empty() && asked_ == 0 ? kExitDone : kExitFailed);
}

// ---- Conversations ----

void ChatFace::list() {
  commands().conversations_list(going_on<std::vector<ConversationView>>([this](const auto& conversations) {
    if (conversations.empty()) print("No conversations yet. /open USER starts one.");
    for (const auto& conversation : conversations) {
      std::string line =
          printable(conversation.peer.username.empty() ? conversation.name : conversation.peer.username);
      if (conversation.peer.online) line += " (online)";
      if (conversation.unread > 0) line += ", " + std::to_string(conversation.unread) + " unread";
      print(line);
    }
    quit_if_sent();
  }));
}

void ChatFace::open(const std::string& username) {
  if (username.empty()) return say("! /open needs a user name.");
  opening_ = true;
  const auto opened = [this](Result<ConversationView> result) {
    opening_ = false;
    if (finished()) return;
    if (result) {
      show_conversation(*result);
    } else {
      say_error(result.error());
    }
    for (std::deque<std::string> lines = std::exchange(early_, {}); !lines.empty(); lines.pop_front()) {
      on_line(lines.front());
    }
    quit_if_sent();
  };
  commands().contacts_list([this, username, opened](Result<std::vector<UserView>> contacts) {
    if (!contacts) return opened(std::move(contacts).error());
    const auto known = std::ranges::find(*contacts, username, &UserView::username);
    if (known != contacts->end()) return commands().conversations_direct(known->id, opened);
    when_online([this, username, opened] {
      find_user(username, [this, opened](Result<UserView> found) {
        if (!found) return opened(std::move(found).error());
        commands().conversations_direct(found->id, opened);
      });
    });
  });
}

void ChatFace::show_conversation(const ConversationView& conversation) {
  current_ = conversation;
  print("--- " +
        printable(conversation.peer.username.empty() ? conversation.name : conversation.peer.username) +
        " ---");
  commands().messages_history(
      conversation.id, std::nullopt, kHistory,
      going_on<std::vector<MessageView>>([this, id = conversation.id](const auto& messages) {
        for (const auto& message : messages) {
          if (!shown_.insert(message.id).second) continue;
          if (message.file && !message.own) newest_file_ = message.id;
          print(human_message(message));
        }
        if (!messages.empty()) {
          commands().messages_mark_read(id, messages.back().id, [](const Result<Unit>&) {});
        }
      }));
}

// ---- Messages and files ----

void ChatFace::send_text(const std::string& text) {
  if (!current_) return say("! No conversation is open. /open USER opens one.");
  ++asked_;
  commands().messages_send(current_->id, text, std::nullopt, [this](const Result<MessageView>& message) {
    --asked_;
    if (finished()) return;
    if (message) {
      shown_.insert(message->id);
      if (message->state == MessageState::sending) {
        sending_[message->id] = beginning(printable(message->text));
      }
    } else {
      say_error(message.error());
    }
    quit_if_sent();
  });
}

void ChatFace::send_file(const std::string& path) {
  if (!current_) return say("! No conversation is open. /open USER opens one.");
  if (path.empty()) return say("! /file needs a path.");
  ++asked_;
  commands().files_send(current_->id, path, "", [this](const Result<Commands::SentFile>& sent) {
    --asked_;
    if (finished()) return;
    if (sent) {
      const std::string name = printable(sent->message.file ? sent->message.file->name : "the file");
      sending_[sent->message.id] = name;
      say("Sending " + name + ".");
    } else {
      say_error(sent.error());
    }
    quit_if_sent();
  });
}

void ChatFace::fetch_file(const std::string& argument) {
  const auto space = argument.find(' ');
  const std::string first = argument.substr(0, space);
  const auto id = MessageId::from_string(first);
  const std::string path = id ? (space == std::string::npos ? "" : argument.substr(space + 1)) : argument;
  const auto message = id ? id : newest_file_;
  if (!message) return say("! There is no file to fetch.");
  commands().files_fetch(*message, path, going_on<TransferView>([](const TransferView&) {}));
}

void ChatFace::on_message(const MessageView& message, bool added) {
  if (message.state != MessageState::sending) sending_.erase(message.id);
  if (message.own && message.state == MessageState::failed && !added)
    say("! Not sent: " + printable(message.failure));
  if (!added || !shown_.insert(message.id).second) return quit_if_sent();
  if (message.file && !message.own) newest_file_ = message.id;
  if (current_ && message.conversation == current_->id) {
    print(human_message(message));
    if (!message.own)
      commands().messages_mark_read(message.conversation, message.id, [](const Result<Unit>&) {});
  } else if (!message.own) {
    say("New message from " + printable(message.sender_username) + ". /open " +
        printable(message.sender_username));
  }
  quit_if_sent();
}

// ---- Calls ----

void ChatFace::start_call(bool video) {
  if (!current_) return say("! No conversation is open. /open USER opens one.");
  commands().calls_start(current_->id, video,
                         going_on<CallView>([this](const CallView& call) { on_call(call); }));
}

void ChatFace::with_call(const std::function<void(CallId)>& next) {
  if (!call_ || call_->state == CallState::ended) return say("! There is no call.");
  next(call_->id);
}

void ChatFace::on_call(const CallView& call) {
  const bool same = call_ && call_->id == call.id;
  if (same && call_->state == call.state) return;
  const bool interrupted = same && call_->state == CallState::reconnecting;
  call_ = call;
  const std::string who = printable(call.peer.username);
  switch (call.state) {
    case CallState::ringing:
      print(call.outgoing ? "Calling " + who + ". /hangup ends it."
                          : who + (call.video ? " calls with picture." : " calls.") + " /accept or /decline");
      break;
    case CallState::connecting: print("Connecting."); break;
    case CallState::active:
      print(interrupted ? "Connected again."
                        : "In the call with " + who + ". Security code: " + call.security_code);
      break;
    case CallState::reconnecting: print("The connection is interrupted; trying again."); break;
    case CallState::ended:
      print("The call ended: " + human_reason(call.reason) + "." +
            (call.failure.empty() ? "" : " " + printable(call.failure)));
      break;
  }
}

void ChatFace::event(const Event& event) {
  if (const auto* added = std::get_if<MessageAdded>(&event)) on_message(added->message, true);
  if (const auto* updated = std::get_if<MessageUpdated>(&event)) on_message(updated->message, false);
  if (const auto* incoming = std::get_if<CallIncoming>(&event)) on_call(incoming->call);
  if (const auto* changed = std::get_if<CallChanged>(&event)) on_call(changed->call);
  if (const auto* identity = std::get_if<IdentityChanged>(&event)) {
    say("! The identity of " + printable(identity->user.username) +
        " is not the one you know. Compare the safety number before you go on.");
  }
  if (const auto* progress = std::get_if<TransferProgress>(&event)) {
    const auto& transfer = progress->transfer;
    if (transfer.direction == TransferDirection::down && transfer.state == TransferState::done) {
      print("Saved as " + printable(transfer.path));
    } else if (transfer.state == TransferState::failed) {
      say("! " + printable(transfer.failure));
    }
  }
}

}  // namespace sotto::cli
