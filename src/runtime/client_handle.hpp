// client::Commands for the face's thread: every command is carried to the core's thread, every answer back.
//
// Thread: the face's; the core's thread only runs what was posted. After detach() commands are answered at
// once with `unavailable`, and answers that come later are dropped.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "core_thread.hpp"
#include "sotto/client/commands.hpp"

namespace sotto::runtime {

class ClientHandle final : public client::Commands {
 public:
  using AccountView = client::AccountView;
  using CallView = client::CallView;
  using ConversationView = client::ConversationView;
  using DeviceView = client::DeviceView;
  using MessageView = client::MessageView;
  using TransferView = client::TransferView;
  using UserView = client::UserView;
  using Devices = call::MediaSessionFactory::Devices;
  template <class T>
  using Done = client::Done<T>;

  ClientHandle(CoreThread& core, std::function<void(std::function<void()>)> face)
      : core_(&core), face_(std::move(face)), alive_(std::make_shared<bool>(true)) {}

  void detach();

  void account_register(client::RegisterParams params, Done<AccountView> done) override;
  void account_login(client::LoginParams params, Done<AccountView> done) override;
  void account_logout(Done<Unit> done) override;
  void account_change_password(SecretBytes old_password, SecretBytes new_password, Done<Unit> done) override;
  void account_status(Done<AccountStatus> done) override;
  void reconnect_now() override;
  void devices_list(Done<std::vector<DeviceView>> done) override;
  void contacts_list(Done<std::vector<UserView>> done) override;
  void contacts_find(std::string username, Done<std::vector<UserView>> done) override;
  void contacts_safety_number(UserId user, Done<std::string> done) override;
  void contacts_verify(UserId user, bool verified, std::string digits, Done<UserView> done) override;
  void conversations_list(Done<std::vector<ConversationView>> done) override;
  void conversations_direct(UserId user, Done<ConversationView> done) override;
  void messages_send(ConversationId conversation, std::string text, std::optional<MessageId> reply_to,
                     Done<MessageView> done) override;
  void messages_retry(MessageId message, Done<MessageView> done) override;
  void messages_history(ConversationId conversation, std::optional<MessageId> before, int limit,
                        Done<std::vector<MessageView>> done) override;
  void messages_mark_read(ConversationId conversation, MessageId up_to, Done<Unit> done) override;
  void files_send(ConversationId conversation, std::string path, std::string text,
                  Done<SentFile> done) override;
  void files_fetch(MessageId message, std::string path, Done<TransferView> done) override;
  void files_pause(TransferId transfer, Done<TransferView> done) override;
  void files_resume(TransferId transfer, Done<TransferView> done) override;
  void files_cancel(TransferId transfer, Done<TransferView> done) override;
  void calls_start(ConversationId conversation, bool video, Done<CallView> done) override;
  void calls_accept(CallId call, bool video, Done<CallView> done) override;
  void calls_decline(CallId call, Done<CallView> done) override;
  void calls_hangup(CallId call, Done<CallView> done) override;
  void calls_set(CallId call, CallSettings settings, Done<CallView> done) override;
  void calls_stats(CallId call, Done<call::CallStats> done) override;
  void media_devices(Done<Devices> done) override;
  void media_select(std::string camera, std::string microphone, std::string speaker,
                    Done<Devices> done) override;

 private:
  // Carries `arguments` to the core, calls `method` there, and brings the answer back to `done`.
  template <class T, class... Parameters, class... Arguments>
  void carry(void (client::Commands::*method)(Parameters...), Done<T> done, Arguments... arguments);
  template <class T>
  Done<T> back(Done<T> done) const;

  CoreThread* core_;  // null once detached
  std::function<void(std::function<void()>)> face_;
  std::shared_ptr<bool> alive_;  // shared with answers under way; read on the face's thread only
};

}  // namespace sotto::runtime
