#include "client_handle.hpp"

#include <tuple>

namespace sotto::runtime {

using client::Commands;

template <class T>
client::Done<T> ClientHandle::back(Done<T> done) const {
  return [face = face_, alive = alive_, done = std::move(done)](Result<T> result) {
    face([alive, done, result = std::move(result)]() mutable {
      if (*alive) done(std::move(result));
    });
  };
}

template <class T, class... Parameters, class... Arguments>
void ClientHandle::carry(void (Commands::*method)(Parameters...), Done<T> done, Arguments... arguments) {
  if (core_ == nullptr) return done(fail(ErrorCode::unavailable, "Sotto is closing."));
  core_->post_input([core = core_, method, answer = back<T>(std::move(done)),
                     held = std::make_tuple(std::move(arguments)...)]() mutable {
    std::apply([&](auto&... each) { (core->commands().*method)(std::move(each)..., std::move(answer)); },
               held);
  });
}

void ClientHandle::detach() {
  *alive_ = false;
  core_ = nullptr;
}

void ClientHandle::account_register(client::RegisterParams params, Done<AccountView> done) {
  carry<AccountView>(&Commands::account_register, std::move(done), std::move(params));
}
void ClientHandle::account_login(client::LoginParams params, Done<AccountView> done) {
  carry<AccountView>(&Commands::account_login, std::move(done), std::move(params));
}
void ClientHandle::account_logout(Done<Unit> done) {
  carry<Unit>(&Commands::account_logout, std::move(done));
}
void ClientHandle::account_change_password(SecretBytes old_password, SecretBytes new_password,
                                           Done<Unit> done) {
  carry<Unit>(&Commands::account_change_password, std::move(done), std::move(old_password),
              std::move(new_password));
}
void ClientHandle::account_status(Done<AccountStatus> done) {
  carry<AccountStatus>(&Commands::account_status, std::move(done));
}
void ClientHandle::reconnect_now() {
  if (core_ != nullptr) core_->post_input([core = core_] { core->commands().reconnect_now(); });
}
void ClientHandle::devices_list(Done<std::vector<DeviceView>> done) {
  carry<std::vector<DeviceView>>(&Commands::devices_list, std::move(done));
}
void ClientHandle::contacts_list(Done<std::vector<UserView>> done) {
  carry<std::vector<UserView>>(&Commands::contacts_list, std::move(done));
}
void ClientHandle::contacts_find(std::string username, Done<std::vector<UserView>> done) {
  carry<std::vector<UserView>>(&Commands::contacts_find, std::move(done), std::move(username));
}
void ClientHandle::contacts_safety_number(UserId user, Done<std::string> done) {
  carry<std::string>(&Commands::contacts_safety_number, std::move(done), user);
}
void ClientHandle::contacts_verify(UserId user, bool verified, std::string digits, Done<UserView> done) {
  carry<UserView>(&Commands::contacts_verify, std::move(done), user, verified, std::move(digits));
}
void ClientHandle::conversations_list(Done<std::vector<ConversationView>> done) {
  carry<std::vector<ConversationView>>(&Commands::conversations_list, std::move(done));
}
void ClientHandle::conversations_direct(UserId user, Done<ConversationView> done) {
  carry<ConversationView>(&Commands::conversations_direct, std::move(done), user);
}
void ClientHandle::messages_send(ConversationId conversation, std::string text,
                                 std::optional<MessageId> reply_to, Done<MessageView> done) {
  carry<MessageView>(&Commands::messages_send, std::move(done), conversation, std::move(text), reply_to);
}
void ClientHandle::messages_retry(MessageId message, Done<MessageView> done) {
  carry<MessageView>(&Commands::messages_retry, std::move(done), message);
}
void ClientHandle::messages_history(ConversationId conversation, std::optional<MessageId> before, int limit,
                                    Done<std::vector<MessageView>> done) {
  carry<std::vector<MessageView>>(&Commands::messages_history, std::move(done), conversation, before, limit);
}
void ClientHandle::messages_mark_read(ConversationId conversation, MessageId up_to, Done<Unit> done) {
  carry<Unit>(&Commands::messages_mark_read, std::move(done), conversation, up_to);
}
void ClientHandle::files_send(ConversationId conversation, std::string path, std::string text,
                              Done<SentFile> done) {
  carry<SentFile>(&Commands::files_send, std::move(done), conversation, std::move(path), std::move(text));
}
void ClientHandle::files_fetch(MessageId message, std::string path, Done<TransferView> done) {
  carry<TransferView>(&Commands::files_fetch, std::move(done), message, std::move(path));
}
void ClientHandle::files_pause(TransferId transfer, Done<TransferView> done) {
  carry<TransferView>(&Commands::files_pause, std::move(done), transfer);
}
void ClientHandle::files_resume(TransferId transfer, Done<TransferView> done) {
  carry<TransferView>(&Commands::files_resume, std::move(done), transfer);
}
void ClientHandle::files_cancel(TransferId transfer, Done<TransferView> done) {
  carry<TransferView>(&Commands::files_cancel, std::move(done), transfer);
}
void ClientHandle::calls_start(ConversationId conversation, bool video, Done<CallView> done) {
  carry<CallView>(&Commands::calls_start, std::move(done), conversation, video);
}
void ClientHandle::calls_accept(CallId call, bool video, Done<CallView> done) {
  carry<CallView>(&Commands::calls_accept, std::move(done), call, video);
}
void ClientHandle::calls_decline(CallId call, Done<CallView> done) {
  carry<CallView>(&Commands::calls_decline, std::move(done), call);
}
void ClientHandle::calls_hangup(CallId call, Done<CallView> done) {
  carry<CallView>(&Commands::calls_hangup, std::move(done), call);
}
void ClientHandle::calls_set(CallId call, CallSettings settings, Done<CallView> done) {
  carry<CallView>(&Commands::calls_set, std::move(done), call, settings);
}
void ClientHandle::calls_stats(CallId call, Done<call::CallStats> done) {
  carry<call::CallStats>(&Commands::calls_stats, std::move(done), call);
}
void ClientHandle::media_devices(Done<Devices> done) {
  carry<Devices>(&Commands::media_devices, std::move(done));
}
void ClientHandle::media_select(std::string camera, std::string microphone, std::string speaker,
                                Done<Devices> done) {
  carry<Devices>(&Commands::media_select, std::move(done), std::move(camera), std::move(microphone),
                 std::move(speaker));
}

}  // namespace sotto::runtime
