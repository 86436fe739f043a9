// A scripted core for tests of the window: answers every command from memory, on a thread of its own, and
// plays events with real delays. Nothing of it is linked into the shipped program.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sotto/base/random.hpp"
#include "sotto/client/commands.hpp"

namespace sotto::desktop_test {

struct Scenario {
  bool signed_in = true;
  bool busy_history = true;  // several people and three days of messages
  int long_history = 0;      // that many more messages with the first person
  bool replies = false;      // the first person answers what is written
  std::string incoming;      // "audio" or "video": a call rings after a second
  bool peer_camera = true;
  bool offline = false;
  bool identity_changed = false;
};

class FakeCore final : public client::Commands {
 public:
  FakeCore(Scenario scenario, WallTime now);
  ~FakeCore() override;
  void attach(client::EventSink& sink, call::PictureSink* pictures);

  void account_register(client::RegisterParams params, client::Done<client::AccountView> done) override;
  void account_login(client::LoginParams params, client::Done<client::AccountView> done) override;
  void account_logout(client::Done<Unit> done) override;
  void account_change_password(SecretBytes, SecretBytes, client::Done<Unit> done) override;
  void account_status(client::Done<AccountStatus> done) override;
  void reconnect_now() override;
  void devices_list(client::Done<std::vector<client::DeviceView>> done) override;
  void contacts_list(client::Done<std::vector<client::UserView>> done) override;
  void contacts_find(std::string username, client::Done<std::vector<client::UserView>> done) override;
  void contacts_safety_number(UserId user, client::Done<std::string> done) override;
  void contacts_verify(UserId user, bool verified, std::string digits,
                       client::Done<client::UserView> done) override;
  void conversations_list(client::Done<std::vector<client::ConversationView>> done) override;
  void conversations_direct(UserId user, client::Done<client::ConversationView> done) override;
  void messages_send(ConversationId conversation, std::string text, std::optional<MessageId> reply_to,
                     client::Done<client::MessageView> done) override;
  void messages_retry(MessageId message, client::Done<client::MessageView> done) override;
  void messages_history(ConversationId conversation, std::optional<MessageId> before, int limit,
                        client::Done<std::vector<client::MessageView>> done) override;
  void messages_mark_read(ConversationId conversation, MessageId up_to, client::Done<Unit> done) override;
  void files_send(ConversationId conversation, std::string path, std::string text,
                  client::Done<SentFile> done) override;
  void files_fetch(MessageId message, std::string path, client::Done<client::TransferView> done) override;
  void files_pause(TransferId transfer, client::Done<client::TransferView> done) override;
  void files_resume(TransferId transfer, client::Done<client::TransferView> done) override;
  void files_cancel(TransferId transfer, client::Done<client::TransferView> done) override;
  void calls_start(ConversationId conversation, bool video, client::Done<client::CallView> done) override;
  void calls_accept(CallId call, bool video, client::Done<client::CallView> done) override;
  void calls_decline(CallId call, client::Done<client::CallView> done) override;
  void calls_hangup(CallId call, client::Done<client::CallView> done) override;
  void calls_set(CallId call, CallSettings settings, client::Done<client::CallView> done) override;
  void calls_stats(CallId call, client::Done<call::CallStats> done) override;
  void media_devices(client::Done<call::MediaSessionFactory::Devices> done) override;
  void media_select(std::string camera, std::string microphone, std::string speaker,
                    client::Done<call::MediaSessionFactory::Devices> done) override;

 private:
  struct Person {
    client::ConversationView conversation;
    std::vector<client::MessageView> messages;
  };
  struct Task {
    std::chrono::steady_clock::time_point due;
    std::function<void()> work;
  };

  void later(int delay_ms, std::function<void()> work);
  void run();
  void picture_loop();
  void emit(client::Event event);
  client::UserView user(const std::string& username, const std::string& name, bool online);
  Person& add_person(const std::string& username, const std::string& name, bool online);
  Person* person(const ConversationId& id);
  client::MessageView& say(Person& person, bool own, std::string text, std::int64_t minutes_ago,
                           client::MessageState state = client::MessageState::read);
  client::MessageView* find(const MessageId& id);
  void fill_history();
  void advance(MessageId id, client::MessageState state, int delay_ms);
  void progress(TransferId id);
  client::CallView& make_call(const ConversationId& conversation, bool outgoing, bool video);
  void end_call(client::EndReason reason);
  client::AccountView make_account(const std::string& username, const std::string& name);

  Scenario scenario_;
  WallTime now_;
  SeededRandom random_{7};
  client::EventSink* sink_ = nullptr;
  call::PictureSink* pictures_ = nullptr;
  std::optional<client::AccountView> account_;
  std::deque<Person> people_;
  std::map<TransferId, client::TransferView> transfers_;
  std::optional<client::CallView> call_;
  std::uint64_t order_ = 1;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Task> tasks_;
  bool stop_ = false;
  std::atomic<bool> remote_on_ = false, local_on_ = false, stop_pictures_ = false;
  std::thread thread_, picture_thread_;
};

}  // namespace sotto::desktop_test
