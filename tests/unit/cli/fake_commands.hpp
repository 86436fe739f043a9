// Commands that record what was asked and answer what the test set, at once or when the test says so.
#pragma once

#include <map>

#include "sotto/client/commands.hpp"

namespace sotto::cli::test {

template <class IdType>
IdType id_of(unsigned char value) {
  IdType id;
  id.mutable_bytes().back() = value;
  return id;
}

class FakeCommands final : public client::Commands {
 public:
  using AccountView = client::AccountView;
  using CallView = client::CallView;
  using ConversationView = client::ConversationView;
  using DeviceView = client::DeviceView;
  using MessageView = client::MessageView;
  using TransferView = client::TransferView;
  using UserView = client::UserView;
  template <class T>
  using Done = client::Done<T>;

  // Set: every command fails with it.
  std::optional<Error> failure;
  std::vector<std::string> asked;  // one line per call: name and what came with it
  std::vector<UserView> users;
  std::vector<ConversationView> conversations;
  std::vector<MessageView> messages;
  AccountStatus status;
  CallView call;
  TransferView transfer;
  // Set: messages_send() keeps its answers here until released.
  bool hold_sends = false;
  std::vector<std::function<void()>> held;

  void account_register(client::RegisterParams p, Done<AccountView> done) override {
    log("register " + p.server + " " + p.invite + " " + p.username + " " +
        sotto::to_string(p.password.view()) + " " + p.display_name + " " + p.device_name);
    answer(account(), done);
  }
  void account_login(client::LoginParams p, Done<AccountView> done) override {
    log("login " + p.server + " " + p.username + " " + sotto::to_string(p.password.view()) +
        (p.replace_device ? " replace" : ""));
    answer(account(), done);
  }
  void account_logout(Done<Unit> done) override { log("logout"), answer(Unit{}, done); }
  void account_change_password(SecretBytes a, SecretBytes b, Done<Unit> done) override {
    log("change_password " + sotto::to_string(a.view()) + " " + sotto::to_string(b.view()));
    answer(Unit{}, done);
  }
  void account_status(Done<AccountStatus> done) override { log("status"), answer(status, done); }
  void reconnect_now() override { log("reconnect"); }
  void devices_list(Done<std::vector<DeviceView>> done) override {
    answer(std::vector<DeviceView>{account().device}, done);
  }
  void contacts_list(Done<std::vector<UserView>> done) override { log("contacts"), answer(users, done); }
  void contacts_find(std::string username, Done<std::vector<UserView>> done) override {
    log("find " + username);
    std::vector<UserView> found;
    for (const auto& user : users) {
      if (user.username == username) found.push_back(user);
    }
    answer(found, done);
  }
  void contacts_safety_number(UserId user, Done<std::string> done) override {
    log("safety_number " + user.str());
    answer(std::string(60, '7'), done);
  }
  void contacts_verify(UserId user, bool verified, std::string digits, Done<UserView> done) override {
    log("verify " + user.str() + (verified ? " yes " : " no ") + digits);
    answer(UserView{user, "bob", "Bob", false, verified, false}, done);
  }
  void conversations_list(Done<std::vector<ConversationView>> done) override { answer(conversations, done); }
  void conversations_direct(UserId user, Done<ConversationView> done) override {
    log("direct " + user.str());
    ConversationView view;
    view.id = id_of<ConversationId>(7);
    answer(view, done);
  }
  void messages_send(ConversationId conversation, std::string text, std::optional<MessageId> reply_to,
                     Done<MessageView> done) override {
    log("send " + conversation.str() + " " + text + (reply_to ? " re " + reply_to->str() : ""));
    MessageView message;
    message.id = id_of<MessageId>(static_cast<unsigned char>(asked.size()));
    message.conversation = conversation;
    message.text = text;
    if (hold_sends) {
      held.push_back([this, message, done] { answer(message, done); });
    } else {
      answer(message, done);
    }
  }
  void messages_retry(MessageId message, Done<MessageView> done) override {
    log("retry " + message.str());
    MessageView view;
    view.id = message;
    answer(view, done);
  }
  void messages_history(ConversationId conversation, std::optional<MessageId> before, int limit,
                        Done<std::vector<MessageView>> done) override {
    log("history " + conversation.str() + (before ? " before " + before->str() : "") + " " +
        std::to_string(limit));
    answer(messages, done);
  }
  void messages_mark_read(ConversationId, MessageId up_to, Done<Unit> done) override {
    log("read " + up_to.str());
    answer(Unit{}, done);
  }
  void files_send(ConversationId, std::string path, std::string text, Done<SentFile> done) override {
    log("file " + path + " " + text);
    SentFile sent;
    sent.message.id = id_of<MessageId>(3);
    sent.transfer.id = id_of<TransferId>(4);
    answer(sent, done);
  }
  void files_fetch(MessageId message, std::string path, Done<TransferView> done) override {
    log("fetch " + message.str() + " " + path);
    answer(transfer, done);
  }
  void files_pause(TransferId t, Done<TransferView> done) override {
    log("pause " + t.str()), answer(transfer, done);
  }
  void files_resume(TransferId t, Done<TransferView> done) override {
    log("resume " + t.str()), answer(transfer, done);
  }
  void files_cancel(TransferId t, Done<TransferView> done) override {
    log("cancel " + t.str()), answer(transfer, done);
  }
  void calls_start(ConversationId c, bool video, Done<CallView> done) override {
    log("call " + c.str() + (video ? " video" : ""));
    answer(call, done);
  }
  void calls_accept(CallId c, bool video, Done<CallView> done) override {
    log("accept " + c.str() + (video ? " video" : ""));
    answer(call, done);
  }
  void calls_decline(CallId c, Done<CallView> done) override {
    log("decline " + c.str()), answer(call, done);
  }
  void calls_hangup(CallId c, Done<CallView> done) override { log("hangup " + c.str()), answer(call, done); }
  void calls_set(CallId c, CallSettings s, Done<CallView> done) override {
    const auto show = [](std::string_view name, std::optional<bool> v) {
      return v ? " " + std::string(name) + (*v ? "=on" : "=off") : std::string();
    };
    log("set " + c.str() + show("microphone", s.microphone) + show("camera", s.camera) +
        show("speaker", s.speaker));
    answer(call, done);
  }
  void calls_stats(CallId, Done<call::CallStats> done) override { answer(call::CallStats{}, done); }
  void media_devices(Done<call::MediaSessionFactory::Devices> done) override { answer(devices(), done); }
  void media_select(std::string camera, std::string microphone, std::string speaker,
                    Done<call::MediaSessionFactory::Devices> done) override {
    log("select " + camera + "|" + microphone + "|" + speaker);
    answer(devices(), done);
  }

  static AccountView account() {
    AccountView view;
    view.user = {id_of<UserId>(1), "alice", "Alice", true, false, false};
    view.device = {id_of<DeviceId>(2), "laptop", {}, true};
    view.server = "localhost:7443";
    return view;
  }
  static call::MediaSessionFactory::Devices devices() {
    call::MediaSessionFactory::Devices out;
    out.cameras = {{"v4l2:/dev/video0", "Camera"}};
    out.camera = "v4l2:/dev/video0";
    out.microphone = "tone:440";
    return out;
  }

 private:
  void log(std::string line) { asked.push_back(std::move(line)); }
  template <class T>
  void answer(const T& value, const Done<T>& done) {
    failure ? done(Error(*failure)) : done(T(value));
  }
};

}  // namespace sotto::cli::test
