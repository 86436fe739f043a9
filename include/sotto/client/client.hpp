// The client core: account, contacts, conversations, files and calls of one profile. No socket, file, clock
// or thread inside; what it needs is handed in.
//
// Flow of the program around it (module runtime), everything on one thread:
//   Client client({store, channel, files, media, random, sink});
//   client.start(moment);                          // loads the profile; connects if there is an account
//   loop: wait until client.next_deadline() or input;
//         client.advance_to(moment);               // before commands and media observer calls
//         client.messages_send(...);               // Commands
//         client.poll(moment);                     // due timers
//         channel events are called by the channel as they happen, with their moment
//   client.shutdown(moment);                       // hangs up, closes devices and the connection
//
// Events and `done` callbacks are delivered at the end of the outermost call into the client, when its state
// is whole: they may call commands. What was answered `ok` is durable in the store. If the store fails, the
// command that needed it says so (storage) and nothing is half done. Thread: one.
#pragma once

#include <memory>

#include "sotto/base/random.hpp"
#include "sotto/client/channel.hpp"
#include "sotto/client/commands.hpp"
#include "sotto/client/file_access.hpp"
#include "sotto/client/moment.hpp"
#include "sotto/store/client_store.hpp"

namespace sotto::client {

class Core;

class Client final : public Commands, public ChannelEvents {
 public:
  // All outlive the client.
  struct Parts {
    store::ClientStore& store;
    Channel& channel;
    FileAccess& files;
    call::MediaSessionFactory& media;
    Random& random;  // crypto::system_random() in the programs
    EventSink& events;
  };

  explicit Client(Parts parts);
  ~Client() override;

  Status start(Moment moment);
  void advance_to(Moment moment);
  void poll(Moment moment);
  TimePoint next_deadline() const;  // kNever: nothing is waiting
  void shutdown(Moment moment);

  // -- Commands --
  void account_register(RegisterParams params, Done<AccountView> done) override;
  void account_login(LoginParams params, Done<AccountView> done) override;
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
  void media_devices(Done<call::MediaSessionFactory::Devices> done) override;
  void media_select(std::string camera, std::string microphone, std::string speaker,
                    Done<call::MediaSessionFactory::Devices> done) override;

  // -- ChannelEvents --
  void on_connected(const ServerProof& proof, Moment moment) override;
  void on_frame(ByteView body, Moment moment) override;
  void on_closed(const Error& error, Moment moment) override;
  void on_writable(Moment moment) override;

 private:
  std::unique_ptr<Core> core_;
};

}  // namespace sotto::client
