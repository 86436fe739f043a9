// Commands for a window that exists before its client does: while the profile is locked nothing is asked, and
// from to() on everything goes to the client. Thread: the window's.
#pragma once

#include "sotto/client/commands.hpp"

namespace sotto::desktop {

class DeferredCommands final : public client::Commands {
 public:
  template <class T>
  using Done = client::Done<T>;
  using Devices = call::MediaSessionFactory::Devices;

  void to(client::Commands& target) { target_ = &target; }

  void account_register(client::RegisterParams params, Done<client::AccountView> done) override {
    pass(&Commands::account_register, done, std::move(params));
  }
  void account_login(client::LoginParams params, Done<client::AccountView> done) override {
    pass(&Commands::account_login, done, std::move(params));
  }
  void account_logout(Done<Unit> done) override { pass(&Commands::account_logout, done); }
  void account_change_password(SecretBytes old_password, SecretBytes new_password, Done<Unit> done) override {
    pass(&Commands::account_change_password, done, std::move(old_password), std::move(new_password));
  }
  void account_status(Done<AccountStatus> done) override { pass(&Commands::account_status, done); }
  void reconnect_now() override {
    if (target_ != nullptr) target_->reconnect_now();
  }
  void devices_list(Done<std::vector<client::DeviceView>> done) override {
    pass(&Commands::devices_list, done);
  }
  void contacts_list(Done<std::vector<client::UserView>> done) override {
    pass(&Commands::contacts_list, done);
  }
  void contacts_find(std::string username, Done<std::vector<client::UserView>> done) override {
    pass(&Commands::contacts_find, done, std::move(username));
  }
  void contacts_safety_number(UserId user, Done<std::string> done) override {
    pass(&Commands::contacts_safety_number, done, user);
  }
  void contacts_verify(UserId user, bool verified, std::string digits, Done<client::UserView> done) override {
    pass(&Commands::contacts_verify, done, user, verified, std::move(digits));
  }
  void conversations_list(Done<std::vector<client::ConversationView>> done) override {
    pass(&Commands::conversations_list, done);
  }
  void conversations_direct(UserId user, Done<client::ConversationView> done) override {
    pass(&Commands::conversations_direct, done, user);
  }
  void messages_send(ConversationId conversation, std::string text, std::optional<MessageId> reply_to,
                     Done<client::MessageView> done) override {
    pass(&Commands::messages_send, done, conversation, std::move(text), reply_to);
  }
  void messages_retry(MessageId message, Done<client::MessageView> done) override {
    pass(&Commands::messages_retry, done, message);
  }
  void messages_history(ConversationId conversation, std::optional<MessageId> before, int limit,
                        Done<std::vector<client::MessageView>> done) override {
    pass(&Commands::messages_history, done, conversation, before, limit);
  }
  void messages_mark_read(ConversationId conversation, MessageId up_to, Done<Unit> done) override {
    pass(&Commands::messages_mark_read, done, conversation, up_to);
  }
  void files_send(ConversationId conversation, std::string path, std::string text,
                  Done<SentFile> done) override {
    pass(&Commands::files_send, done, conversation, std::move(path), std::move(text));
  }
  void files_fetch(MessageId message, std::string path, Done<client::TransferView> done) override {
    pass(&Commands::files_fetch, done, message, std::move(path));
  }
  void files_pause(TransferId transfer, Done<client::TransferView> done) override {
    pass(&Commands::files_pause, done, transfer);
  }
  void files_resume(TransferId transfer, Done<client::TransferView> done) override {
    pass(&Commands::files_resume, done, transfer);
  }
  void files_cancel(TransferId transfer, Done<client::TransferView> done) override {
    pass(&Commands::files_cancel, done, transfer);
  }
  void calls_start(ConversationId conversation, bool video, Done<client::CallView> done) override {
    pass(&Commands::calls_start, done, conversation, video);
  }
  void calls_accept(CallId call, bool video, Done<client::CallView> done) override {
    pass(&Commands::calls_accept, done, call, video);
  }
  void calls_decline(CallId call, Done<client::CallView> done) override {
    pass(&Commands::calls_decline, done, call);
  }
  void calls_hangup(CallId call, Done<client::CallView> done) override {
    pass(&Commands::calls_hangup, done, call);
  }
  void calls_set(CallId call, CallSettings settings, Done<client::CallView> done) override {
    pass(&Commands::calls_set, done, call, settings);
  }
  void calls_stats(CallId call, Done<call::CallStats> done) override {
    pass(&Commands::calls_stats, done, call);
  }
  void media_devices(Done<Devices> done) override { pass(&Commands::media_devices, done); }
  void media_select(std::string camera, std::string microphone, std::string speaker,
                    Done<Devices> done) override {
    pass(&Commands::media_select, done, std::move(camera), std::move(microphone), std::move(speaker));
  }

 private:
  template <class Method, class T, class... Arguments>
  void pass(Method method, Done<T>& done, Arguments&&... arguments) {
    if (target_ == nullptr) return done(fail(ErrorCode::conflict, "The profile is locked."));
    (target_->*method)(std::forward<Arguments>(arguments)..., std::move(done));
  }

  client::Commands* target_ = nullptr;
};

}  // namespace sotto::desktop
