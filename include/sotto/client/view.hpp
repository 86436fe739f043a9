// View-models: what the window, the terminal and JSON-RPC show. Plain values, copied across threads.
// Names and states follow docs/rpc.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sotto/base/ids.hpp"
#include "sotto/base/result.hpp"
#include "sotto/base/time.hpp"
#include "sotto/call/media_session.hpp"

namespace sotto::client {

struct UserView {
  UserId id;
  std::string username;
  std::string display_name;
  bool online = false;
  bool verified = false;
  bool identity_changed = false;  // since it was verified; sending is held until the user decides
};

struct DeviceView {
  DeviceId id;
  std::string name;
  WallTime last_seen;
  bool current = false;
};

enum class ConnectionState { offline, connecting, online };
struct ConnectionView {
  ConnectionState state = ConnectionState::offline;
  std::string reason;                   // a sentence for people; empty when online
  ErrorCode code = ErrorCode::offline;  // why offline: untrusted (server identity), denied (revoked), offline
  int retry_in_ms = 0;                  // offline: time to the next attempt
};

struct AccountView {
  UserView user;
  DeviceView device;
  std::string server;  // host:port
};

enum class MessageKind { text, file, call, event };
enum class MessageState { sending, sent, delivered, read, failed };

struct FileView {
  std::string name;  // already neutralised: safe to show and to use as a file name
  std::uint64_t size = 0;
  std::string type;
};

enum class EndReason {
  none,
  local_hangup,
  remote_hangup,
  declined,
  busy,
  no_answer,
  cancelled,
  connect_failed,
  connection_lost,
  media_failed,
};
std::string_view to_string(EndReason reason);

struct CallSummary {
  bool outgoing = false;
  bool video = false;
  bool answered = false;
  EndReason reason = EndReason::none;
  int duration_s = 0;
};

struct MessageView {
  MessageId id;
  ConversationId conversation;
  UserId sender;
  std::string sender_username;
  DeviceId sender_device;
  bool own = false;
  WallTime time;
  // Position in the conversation: ascending, stable once state >= sent; unsent messages sort last.
  std::uint64_t order = 0;
  MessageKind kind = MessageKind::text;
  std::string text;
  MessageState state = MessageState::sending;
  std::string failure;  // state == failed: a sentence
  std::optional<MessageId> reply_to;
  std::optional<FileView> file;
  std::optional<TransferId> transfer;  // the newest transfer of this file on this device
  std::string local_path;              // file: where it lies on this device, when it does
  std::optional<CallSummary> call;
};

enum class ConversationKind { direct, room };
struct ConversationView {
  ConversationId id;
  ConversationKind kind = ConversationKind::direct;
  std::string name;
  UserView peer;  // direct
  int unread = 0;
  std::optional<MessageView> last;
};

enum class TransferDirection { up, down };
enum class TransferState { queued, active, paused, done, failed, cancelled };
struct TransferView {
  TransferId id;
  MessageId message;
  ConversationId conversation;
  TransferDirection direction = TransferDirection::up;
  std::uint64_t bytes = 0;
  std::uint64_t total = 0;
  TransferState state = TransferState::queued;
  double rate = 0;      // bytes/s over the last seconds
  std::string failure;  // a sentence
  std::string path;
};

enum class CallState { ringing, connecting, active, reconnecting, ended };
struct CallView {
  CallId id;
  ConversationId conversation;
  UserView peer;
  bool outgoing = false;
  bool video = false;         // offered as a video call
  bool peer_ringing = false;  // outgoing: a device of the far side rings
  CallState state = CallState::ringing;
  EndReason reason = EndReason::none;
  std::string failure;                     // more about connect_failed / media_failed
  std::string security_code;               // six digits, from `connecting` on
  bool verified = false;                   // the peer's identity is verified
  bool microphone = true, camera = false;  // what this side sends
  bool peer_microphone = true, peer_camera = false;
  int active_s = 0;  // seconds since it became active
};

// ---- Events ----

struct ConnectionChanged {
  ConnectionView connection;
};
// What waited on the server is in the local history now; once for each connection.
struct CaughtUp {};
struct AccountChanged {
  std::optional<AccountView> account;
};
struct MessageAdded {
  MessageView message;
};
struct MessageUpdated {
  MessageView message;
};
struct ConversationUpdated {
  ConversationView conversation;
};
struct ContactUpdated {
  UserView user;
};
struct PresenceUpdated {
  UserView user;
};
struct IdentityChanged {
  UserView user;
};
struct TransferProgress {
  TransferView transfer;
};
struct CallIncoming {
  CallView call;
};
struct CallChanged {
  CallView call;
};
struct CallStatsUpdated {
  CallId call;
  call::CallStats stats;
};
struct Notice {
  Error error;
};  // a problem that belongs to no command: a device that vanished, a full disk

using Event = std::variant<ConnectionChanged, CaughtUp, AccountChanged, MessageAdded, MessageUpdated,
                           ConversationUpdated, ContactUpdated, PresenceUpdated, IdentityChanged,
                           TransferProgress, CallIncoming, CallChanged, CallStatsUpdated, Notice>;

std::string_view to_string(ConnectionState);
std::string_view to_string(MessageKind);
std::string_view to_string(MessageState);
std::string_view to_string(TransferState);
std::string_view to_string(TransferDirection);
std::string_view to_string(CallState);
std::string_view to_string(ConversationKind);

}  // namespace sotto::client
