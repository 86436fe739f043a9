#include "command_face.hpp"

#include "terminal_text.hpp"

namespace sotto::cli {
namespace {

// Long enough for a slow line and one retry, short enough for a person in front of a terminal.
constexpr std::chrono::milliseconds kOnlinePatience{20000};

}  // namespace

void CommandFace::start(client::Commands& commands) {
  commands_ = &commands;
  commands.account_status(then<client::Commands::AccountStatus>([this](const auto& status) {
    signed_in_ = status.account.has_value();
    on_connection(status.connection);
    if (!finished_) begin();
  }));
}

void CommandFace::on_event(const client::Event& event_) {
  if (finished_) return;
  if (const auto* changed = std::get_if<client::ConnectionChanged>(&event_))
    on_connection(changed->connection);
  if (const auto* notice = std::get_if<client::Notice>(&event_)) say(printable(notice->error.message));
  if (!finished_ && commands_ != nullptr) event(event_);
}

void CommandFace::finish(int code) {
  if (finished_) return;
  finished_ = true;
  loop_.stop(code);
}

void CommandFace::fail_with(const Error& error) {
  if (finished_) return;
  say(printable(error.message));
  finish(kExitFailed);
}

void CommandFace::on_connection(const client::ConnectionView& connection) {
  connection_ = connection;
  if (!online_) return;
  if (connection.state == client::ConnectionState::online) {
    std::exchange(online_, nullptr)();
  } else if (connection.state == client::ConnectionState::offline && connection.code != ErrorCode::offline) {
    // Another attempt would end the same way: a wrong server, a revoked device.
    fail_with(fail(connection.code, connection.reason));
  }
}

void CommandFace::when_online(std::function<void()> next) {
  if (connection_.state == client::ConnectionState::online) return next();
  online_ = std::move(next);
  on_connection(connection_);
  loop_.after(kOnlinePatience, [this] {
    if (!online_) return;
    fail_with(fail(ErrorCode::offline,
                   connection_.reason.empty() ? "The server cannot be reached." : connection_.reason));
  });
}

void CommandFace::find_user(const std::string& username, client::Done<client::UserView> done) {
  commands().contacts_find(
      username, [username, done = std::move(done)](Result<std::vector<client::UserView>> found) {
        const bool nobody = found ? found->empty() : found.error().code == ErrorCode::not_found;
        if (nobody)
          return done(fail(ErrorCode::not_found, "There is no user named " + username + " on this server."));
        if (!found) return done(std::move(found).error());
        done(found->front());
      });
}

void CommandFace::with_conversation(const std::string& username,
                                    std::function<void(const client::ConversationView&)> next) {
  // Known people are found in the local store: reading history works offline.
  commands().contacts_list(
      then<std::vector<client::UserView>>([this, username, next = std::move(next)](const auto& contacts) {
        const auto open = [this, next](UserId user) {
          commands().conversations_direct(user, then<client::ConversationView>(next));
        };
        for (const auto& contact : contacts) {
          if (contact.username == username) return open(contact.id);
        }
        when_online([this, username, open] {
          find_user(username, then<client::UserView>([open](const auto& found) { open(found.id); }));
        });
      }));
}

}  // namespace sotto::cli
