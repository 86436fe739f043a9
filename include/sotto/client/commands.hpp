// Everything a face of the client can ask for: the same table behind the window, the command line and
// JSON-RPC (docs/rpc.md). client::Client implements it on the core thread; runtime::ClientHandle carries
// it across threads for the window.
//
// Every command answers exactly once through `done`, on the core thread, possibly before it returns.
// Changes arrive as Events besides. Local history is answered from the local store and works offline.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sotto/client/view.hpp"

namespace sotto::client {

template <class T>
using Done = std::function<void(Result<T>)>;

struct RegisterParams {
  std::string server;  // host, host:port, or an invite link
  std::string invite;  // token, when not in the link
  std::string username;
  SecretBytes password;
  std::string display_name;
  std::string device_name;
};
struct LoginParams {
  std::string server;
  std::string username;
  SecretBytes password;
  std::string device_name;
  bool replace_device = false;
};

// The text beside a file, UTF-8. Longer ones are messages of their own.
inline constexpr std::size_t kMaxCaptionBytes = 4UL * 1024;

class Commands {
 public:
  virtual ~Commands() = default;

  virtual void account_register(RegisterParams params, Done<AccountView> done) = 0;
  virtual void account_login(LoginParams params, Done<AccountView> done) = 0;
  virtual void account_logout(Done<Unit> done) = 0;
  virtual void account_change_password(SecretBytes old_password, SecretBytes new_password,
                                       Done<Unit> done) = 0;
  struct AccountStatus {
    std::optional<AccountView> account;
    ConnectionView connection;
  };
  virtual void account_status(Done<AccountStatus> done) = 0;
  virtual void reconnect_now() = 0;  // "Try now": resets the back-off

  virtual void devices_list(Done<std::vector<DeviceView>> done) = 0;

  virtual void contacts_list(Done<std::vector<UserView>> done) = 0;
  virtual void contacts_find(std::string username, Done<std::vector<UserView>> done) = 0;
  virtual void contacts_safety_number(UserId user, Done<std::string> done) = 0;  // 60 digits
  // `digits`: the number the user compared; verifying fails (conflict) if it is not today's any more.
  virtual void contacts_verify(UserId user, bool verified, std::string digits, Done<UserView> done) = 0;

  virtual void conversations_list(Done<std::vector<ConversationView>> done) = 0;
  virtual void conversations_direct(UserId user, Done<ConversationView> done) = 0;

  virtual void messages_send(ConversationId conversation, std::string text, std::optional<MessageId> reply_to,
                             Done<MessageView> done) = 0;
  // A failed message, tried again under the same id.
  virtual void messages_retry(MessageId message, Done<MessageView> done) = 0;
  // The newest `limit` before `before` (or of all), oldest first.
  virtual void messages_history(ConversationId conversation, std::optional<MessageId> before, int limit,
                                Done<std::vector<MessageView>> done) = 0;
  virtual void messages_mark_read(ConversationId conversation, MessageId up_to, Done<Unit> done) = 0;

  struct SentFile {
    MessageView message;
    TransferView transfer;
  };
  virtual void files_send(ConversationId conversation, std::string path, std::string text,
                          Done<SentFile> done) = 0;
  // `path`: a file or an existing folder; empty: the download folder.
  virtual void files_fetch(MessageId message, std::string path, Done<TransferView> done) = 0;
  virtual void files_pause(TransferId transfer, Done<TransferView> done) = 0;
  virtual void files_resume(TransferId transfer, Done<TransferView> done) = 0;
  virtual void files_cancel(TransferId transfer, Done<TransferView> done) = 0;

  virtual void calls_start(ConversationId conversation, bool video, Done<CallView> done) = 0;
  virtual void calls_accept(CallId call, bool video, Done<CallView> done) = 0;
  virtual void calls_decline(CallId call, Done<CallView> done) = 0;
  virtual void calls_hangup(CallId call, Done<CallView> done) = 0;
  struct CallSettings {
    std::optional<bool> microphone, camera, speaker;
  };
  virtual void calls_set(CallId call, CallSettings settings, Done<CallView> done) = 0;
  virtual void calls_stats(CallId call, Done<call::CallStats> done) = 0;

  virtual void media_devices(Done<call::MediaSessionFactory::Devices> done) = 0;
  virtual void media_select(std::string camera, std::string microphone, std::string speaker,
                            Done<call::MediaSessionFactory::Devices> done) = 0;
};

// Receives Events. Thread: the core's for Client; the window gets them through its own queue.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void on_event(const Event& event) = 0;
};

}  // namespace sotto::client
