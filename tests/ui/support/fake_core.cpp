#include "ui/support/fake_core.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>

namespace sotto::desktop_test {

using client::CallState;
using client::EndReason;
using client::MessageKind;
using client::MessageState;
using client::TransferState;
using std::chrono::milliseconds;

namespace {

constexpr std::int64_t kMinute = 60'000;

std::shared_ptr<media::VideoFrame> test_picture(int width, int height, int number, bool own) {
  auto frame = media::make_video_frame(width, height);
  for (int y = 0; y < height; ++y) {
    std::uint8_t* row = frame->y.data() + static_cast<std::ptrdiff_t>(y) * frame->stride_y;
    for (int x = 0; x < width; ++x)
      row[x] = static_cast<std::uint8_t>(own ? 70 + 90 * x / width : 60 + 110 * y / height);
  }
  // A disc that walks, and a block at the left edge that shows mirroring.
  const int cx = width / 2 + static_cast<int>(width * 0.3 * std::sin(number * 0.05)), cy = height / 2,
            r = height / 6;
  for (int y = cy - r; y < cy + r; ++y) {
    for (int x = cx - r; x < cx + r; ++x) {
      if (x >= 0 && x < width && (x - cx) * (x - cx) + (y - cy) * (y - cy) < r * r)
        frame->y[static_cast<std::size_t>(y * frame->stride_y + x)] = 220;
    }
  }
  for (int y = height / 8; y < height / 4; ++y) {
    for (int x = 0; x < width / 10; ++x) frame->y[static_cast<std::size_t>(y * frame->stride_y + x)] = 235;
  }
  for (int y = 0; y < height / 2; ++y) {
    for (int x = 0; x < width / 2; ++x) {
      const auto at = static_cast<std::size_t>(y * frame->stride_uv + x);
      frame->u[at] = static_cast<std::uint8_t>(own ? 110 : 150);
      frame->v[at] = static_cast<std::uint8_t>(own ? 150 : 110);
    }
  }
  return frame;
}

}  // namespace

FakeCore::FakeCore(Scenario scenario, WallTime now) : scenario_(std::move(scenario)), now_(now) {
  if (scenario_.signed_in) account_ = make_account("alice", "Alice Meyer");
  if (scenario_.signed_in) fill_history();
  thread_ = std::thread([this] { run(); });
  picture_thread_ = std::thread([this] { picture_loop(); });
}

FakeCore::~FakeCore() {
  stop_pictures_ = true;
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
  picture_thread_.join();
}

void FakeCore::attach(client::EventSink& sink, call::PictureSink* pictures) {
  later(0, [this, &sink, pictures] {
    sink_ = &sink;
    pictures_ = pictures;
  });
  if (!scenario_.incoming.empty()) {
    later(1200, [this] {
      make_call(people_.front().conversation.id, false, scenario_.incoming == "video");
      emit(client::CallIncoming{*call_});
    });
  }
}

void FakeCore::later(int delay_ms, std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back({std::chrono::steady_clock::now() + milliseconds(delay_ms), std::move(work)});
  }
  wake_.notify_all();
}

void FakeCore::run() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    const auto now = std::chrono::steady_clock::now();
    const auto next = std::ranges::min_element(tasks_, {}, &Task::due);
    if (next == tasks_.end()) {
      wake_.wait(lock);
    } else if (next->due > now) {
      wake_.wait_until(lock, next->due);
    } else {
      // First in, first out among those that are due.
      const auto work = std::move(next->work);
      tasks_.erase(next);
      lock.unlock();
      work();
      lock.lock();
    }
  }
}

void FakeCore::picture_loop() {
  int number = 0;
  auto next = std::chrono::steady_clock::now();
  std::vector<media::VideoFramePtr> far, own;
  while (!stop_pictures_) {
    if (!remote_on_ && !local_on_) {
      std::this_thread::sleep_for(milliseconds(20));
      next = std::chrono::steady_clock::now();
      continue;
    }
    if (far.empty()) {
      for (int i = 0; i < 60; ++i) {
        far.push_back(test_picture(1280, 720, i * 2, false));
        own.push_back(test_picture(1280, 720, i * 2, true));
      }
      next = std::chrono::steady_clock::now();
    }
    if (pictures_ != nullptr) {
      if (remote_on_) pictures_->on_remote_picture(far[static_cast<std::size_t>(number % 60)]);
      if (local_on_) pictures_->on_local_picture(own[static_cast<std::size_t>(number % 60)]);
    }
    ++number;
    next += std::chrono::microseconds(33333);
    std::this_thread::sleep_until(next);
  }
}

void FakeCore::emit(client::Event event) {
  if (sink_ != nullptr) sink_->on_event(event);
}

client::AccountView FakeCore::make_account(const std::string& username, const std::string& name) {
  client::AccountView account;
  account.user = user(username, name, true);
  account.device.id = random_.id<DeviceId>();
  account.device.name = "Laptop";
  account.device.current = true;
  account.server = "chat.example.org:7443";
  return account;
}

client::UserView FakeCore::user(const std::string& username, const std::string& name, bool online) {
  client::UserView u;
  u.id = random_.id<UserId>();
  u.username = username;
  u.display_name = name;
  u.online = online;
  return u;
}

FakeCore::Person& FakeCore::add_person(const std::string& username, const std::string& name, bool online) {
  Person& p = people_.emplace_back();
  p.conversation.id = random_.id<ConversationId>();
  p.conversation.name = name;
  p.conversation.peer = user(username, name, online);
  return p;
}

FakeCore::Person* FakeCore::person(const ConversationId& id) {
  const auto it = std::ranges::find_if(people_, [&](const Person& p) { return p.conversation.id == id; });
  return it == people_.end() ? nullptr : &*it;
}

client::MessageView& FakeCore::say(Person& p, bool own, std::string text, std::int64_t minutes_ago,
                                   MessageState state) {
  client::MessageView m;
  m.id = random_.id<MessageId>();
  m.conversation = p.conversation.id;
  m.own = own;
  m.sender = own ? account_->user.id : p.conversation.peer.id;
  m.sender_username = own ? account_->user.username : p.conversation.peer.username;
  m.time = {now_.ms - minutes_ago * kMinute};
  m.order = order_++;
  m.text = std::move(text);
  m.state = own ? state : MessageState::delivered;
  p.messages.push_back(m);
  p.conversation.last = m;
  return p.messages.back();
}

client::MessageView* FakeCore::find(const MessageId& id) {
  for (Person& p : people_) {
    for (client::MessageView& m : p.messages) {
      if (m.id == id) return &m;
    }
  }
  return nullptr;
}

void FakeCore::fill_history() {
  Person& dana = add_person("dana", "Dana Ruiz", true);
  dana.conversation.peer.verified = !scenario_.identity_changed;
  dana.conversation.peer.identity_changed = scenario_.identity_changed;
  for (int i = 0; i < scenario_.long_history; ++i) {
    say(dana, i % 3 == 0,
        "Message number " + std::to_string(i) +
            (i % 7 == 0 ? ": a longer one, so that the heights of the rows differ and wrap over a line or "
                          "two in most windows."
                        : ""),
        20000 - i / 4);
  }
  if (!scenario_.busy_history) return;
  say(dana, false, "Morning! Are we still on for Thursday?", 2 * 1440 + 300);
  say(dana, true, "Yes. I booked the small room for 14:00, the big one was taken.", 2 * 1440 + 296);
  say(dana, false, "Perfect", 2 * 1440 + 295);
  say(dana, false,
      "Did you get a chance to look at the draft? No hurry, but the printers want it by the end of the week "
      "and Lee still has to "
      "add the figures for the third chapter.",
      1440 + 200);
  client::MessageView& call = say(dana, true, "", 1440 + 180);
  call.kind = MessageKind::call;
  call.call = client::CallSummary{true, true, true, EndReason::remote_hangup, 12 * 60 + 31};
  client::MessageView& missed = say(dana, false, "", 1440 + 20);
  missed.kind = MessageKind::call;
  missed.call = client::CallSummary{false, false, false, EndReason::cancelled, 0};
  say(dana, true, "Sorry, was on the train. Here is my version with comments:", 95);
  client::MessageView& own_file = say(dana, true, "", 95, MessageState::read);
  own_file.kind = MessageKind::file;
  own_file.file =
      client::FileView{"report-2026-final-version-with-comments.pdf", 12'400'000, "application/pdf"};
  say(dana, false, "Thanks!! 🎉", 60);
  say(dana, false, "שלום! זה עובד גם מימין לשמאל, with some English inside.", 59);
  say(dana, false, "你好，世界。こんにちは。 مرحبا بالعالم", 58);
  client::MessageView& photo = say(dana, false, "Photos from the site, the last one is the best", 40);
  photo.kind = MessageKind::file;
  photo.file = client::FileView{"site-photos.zip", 88'000'000, "application/zip"};
  client::TransferView down;
  down.id = random_.id<TransferId>();
  down.message = photo.id;
  down.conversation = dana.conversation.id;
  down.direction = client::TransferDirection::down;
  down.bytes = 35'200'000;
  down.total = 88'000'000;
  down.state = TransferState::paused;
  transfers_[down.id] = down;
  photo.transfer = down.id;
  say(dana, true, "👍", 30);
  say(dana, true, "See you there", 12, MessageState::read);
  say(dana, true, "Bringing the cables", 11, MessageState::delivered);
  say(dana, true, "and the adapter", 11, MessageState::sent);

  Person& lee = add_person("lee", "Lee Park", true);
  say(lee, false, "build is green, merging now", 43);
  say(lee, false, "can you review the last commit?", 42);
  lee.conversation.unread = 2;
  Person& sam = add_person("sam", "Sam O'Neill", false);
  client::MessageView& sam_file = say(sam, true, "", 1440 + 30);
  sam_file.kind = MessageKind::file;
  sam_file.file = client::FileView{"notes.odt", 40'000, "application/vnd.oasis.opendocument.text"};
  sam.conversation.last = sam_file;
  Person& noa = add_person("noa", "נועה לוי", true);
  say(noa, false, "נתראה מחר ב-10:00 👋", 3 * 1440);
  Person& omar = add_person("omar", "Omar Haddad", false);
  client::MessageView& o = say(omar, false, "", 5 * 1440);
  o.kind = MessageKind::call;
  o.call = client::CallSummary{false, true, false, EndReason::no_answer, 0};
  omar.conversation.last = o;
  omar.conversation.unread = 1;
  Person& ops = add_person("ops", "Ops — night shift", false);
  say(ops, true, "rebooting the router in ten minutes", 14 * 1440, MessageState::delivered);
  Person& long_name =
      add_person("maximilian", "Maximilian Alexander von und zu Lichtenstein-Hohenburg", false);
  say(long_name, false,
      "A very long preview that certainly does not fit into the narrow sidebar of the window and must end in "
      "dots",
      400 * 1440);
}

// ---- commands ----

void FakeCore::account_register(client::RegisterParams params, client::Done<client::AccountView> done) {
  auto shared = std::make_shared<client::RegisterParams>(std::move(params));
  later(700, [this, shared, done] {
    if (shared->username == "taken") return done(fail(ErrorCode::conflict, "That user name is taken."));
    account_ = make_account(shared->username, shared->display_name);
    fill_history();
    done(*account_);
    emit(client::ConnectionChanged{{client::ConnectionState::online, "", ErrorCode::offline, 0}});
  });
}

void FakeCore::account_login(client::LoginParams params, client::Done<client::AccountView> done) {
  auto shared = std::make_shared<client::LoginParams>(std::move(params));
  later(700, [this, shared, done] {
    if (shared->password.size() < 10)
      return done(fail(ErrorCode::denied, "The user name or password is wrong."));
    account_ = make_account(shared->username, shared->username);
    fill_history();
    done(*account_);
  });
}

void FakeCore::account_logout(client::Done<Unit> done) {
  later(50, [this, done] {
    account_.reset();
    people_.clear();
    done(Unit{});
    emit(client::AccountChanged{std::nullopt});
  });
}
void FakeCore::account_change_password(SecretBytes, SecretBytes, client::Done<Unit> done) {
  later(10, [done] { done(Unit{}); });
}

void FakeCore::account_status(client::Done<AccountStatus> done) {
  later(5, [this, done] {
    AccountStatus status;
    status.account = account_;
    status.connection.state =
        scenario_.offline ? client::ConnectionState::offline : client::ConnectionState::online;
    status.connection.retry_in_ms = scenario_.offline ? 8000 : 0;
    done(status);
  });
}
void FakeCore::reconnect_now() {
  later(300, [this] {
    emit(client::ConnectionChanged{{client::ConnectionState::online, "", ErrorCode::offline, 0}});
  });
}
void FakeCore::devices_list(client::Done<std::vector<client::DeviceView>> done) {
  later(5, [done] { done(std::vector<client::DeviceView>{}); });
}
void FakeCore::contacts_list(client::Done<std::vector<client::UserView>> done) {
  later(5, [done] { done(std::vector<client::UserView>{}); });
}

void FakeCore::contacts_find(std::string username, client::Done<std::vector<client::UserView>> done) {
  later(250, [this, username, done] {
    std::vector<client::UserView> found;
    for (const Person& p : people_) {
      if (p.conversation.peer.username == username) found.push_back(p.conversation.peer);
    }
    if (found.empty() && username == "bob") {
      client::UserView bob = user("bob", "Bob Tanaka", true);
      add_person("bob", "Bob Tanaka", true).conversation.peer = bob;
      found.push_back(bob);
    }
    if (found.empty()) return done(fail(ErrorCode::not_found, "No such user."));
    done(found);
  });
}

void FakeCore::contacts_safety_number(UserId, client::Done<std::string> done) {
  later(60, [done] { done(std::string("372819046311827559026031847755029148836119507732406661830492")); });
}
void FakeCore::contacts_verify(UserId id, bool verified, std::string, client::Done<client::UserView> done) {
  later(20, [this, id, verified, done] {
    for (Person& p : people_) {
      if (p.conversation.peer.id != id) continue;
      p.conversation.peer.verified = verified;
      p.conversation.peer.identity_changed = false;
      return done(p.conversation.peer);
    }
    done(fail(ErrorCode::not_found, "No such user."));
  });
}

void FakeCore::conversations_list(client::Done<std::vector<client::ConversationView>> done) {
  later(5, [this, done] {
    std::vector<client::ConversationView> list;
    for (const Person& p : people_) list.push_back(p.conversation);
    done(list);
  });
}

void FakeCore::conversations_direct(UserId id, client::Done<client::ConversationView> done) {
  later(30, [this, id, done] {
    for (const Person& p : people_) {
      if (p.conversation.peer.id == id) return done(p.conversation);
    }
    done(fail(ErrorCode::not_found, "No such user."));
  });
}

void FakeCore::advance(MessageId id, MessageState state, int delay_ms) {
  later(delay_ms, [this, id, state] {
    client::MessageView* m = find(id);
    if (m == nullptr) return;
    m->state = state;
    emit(client::MessageUpdated{*m});
  });
}

void FakeCore::messages_send(ConversationId conversation, std::string text, std::optional<MessageId>,
                             client::Done<client::MessageView> done) {
  later(0, [this, conversation, text, done] {
    Person* p = person(conversation);
    if (p == nullptr) return done(fail(ErrorCode::not_found, "No such conversation."));
    now_.ms =
        std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    client::MessageView& m = say(*p, true, text, 0, MessageState::sending);
    emit(client::MessageAdded{m});
    done(m);
    if (text == "fail") {
      m.failure = "The server refused it.";
      advance(m.id, MessageState::failed, 200);
      return;
    }
    advance(m.id, MessageState::sent, 60);
    advance(m.id, MessageState::delivered, 200);
    advance(m.id, MessageState::read, 900);
    if (scenario_.replies) {
      later(500, [this, conversation, text] {
        Person* q = person(conversation);
        client::MessageView& answer = say(*q, false, "You said: " + text, 0);
        q->conversation.unread += 1;
        emit(client::MessageAdded{answer});
        emit(client::ConversationUpdated{q->conversation});
      });
    }
  });
}

void FakeCore::messages_retry(MessageId id, client::Done<client::MessageView> done) {
  later(0, [this, id, done] {
    client::MessageView* m = find(id);
    if (m == nullptr) return done(fail(ErrorCode::not_found, "No such message."));
    m->state = MessageState::sending;
    done(*m);
    advance(id, MessageState::sent, 200);
  });
}

void FakeCore::messages_history(ConversationId conversation, std::optional<MessageId> before, int limit,
                                client::Done<std::vector<client::MessageView>> done) {
  later(before ? 40 : 4, [this, conversation, before, limit, done] {
    Person* p = person(conversation);
    if (p == nullptr) return done(fail(ErrorCode::not_found, "No such conversation."));
    std::size_t end = p->messages.size();
    if (before) {
      const auto it = std::ranges::find(p->messages, *before, &client::MessageView::id);
      end = static_cast<std::size_t>(it - p->messages.begin());
    }
    const std::size_t from =
        end > static_cast<std::size_t>(limit) ? end - static_cast<std::size_t>(limit) : 0;
    done(std::vector<client::MessageView>(p->messages.begin() + static_cast<std::ptrdiff_t>(from),
                                          p->messages.begin() + static_cast<std::ptrdiff_t>(end)));
    for (auto& [id, t] : transfers_) {
      if (t.conversation == conversation) emit(client::TransferProgress{t});
    }
  });
}

void FakeCore::messages_mark_read(ConversationId conversation, MessageId, client::Done<Unit> done) {
  later(5, [this, conversation, done] {
    if (Person* p = person(conversation)) {
      p->conversation.unread = 0;
      emit(client::ConversationUpdated{p->conversation});
    }
    done(Unit{});
  });
}

void FakeCore::progress(TransferId id) {
  later(100, [this, id] {
    client::TransferView& t = transfers_[id];
    if (t.state != TransferState::active) return;
    t.bytes = std::min(t.total, t.bytes + std::max<std::uint64_t>(1, t.total / 20));
    t.rate = static_cast<double>(t.total) / 2.0;
    if (t.bytes == t.total) {
      t.state = TransferState::done;
      client::MessageView* m = find(t.message);
      if (m != nullptr && t.direction == client::TransferDirection::down) {
        t.path = "/tmp/" + m->file->name;
        m->local_path = t.path;
      }
      if (m != nullptr && m->own) advance(m->id, MessageState::sent, 10);
    }
    emit(client::TransferProgress{t});
    progress(id);
  });
}

void FakeCore::files_send(ConversationId conversation, std::string path, std::string text,
                          client::Done<SentFile> done) {
  later(5, [this, conversation, path, text, done] {
    Person* p = person(conversation);
    if (p == nullptr) return done(fail(ErrorCode::not_found, "No such conversation."));
    std::error_code error;
    const std::filesystem::path file(path);
    const auto size = std::filesystem::file_size(file, error);
    if (error) return done(fail(ErrorCode::invalid_argument, "The file could not be read."));
    now_.ms =
        std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    client::MessageView& m = say(*p, true, text, 0, MessageState::sending);
    m.kind = MessageKind::file;
    m.file =
        client::FileView{file.filename().string(), size, file.extension() == ".pdf" ? "application/pdf" : ""};
    m.local_path = path;
    client::TransferView t;
    t.id = random_.id<TransferId>();
    t.message = m.id;
    t.conversation = conversation;
    t.total = size;
    t.state = TransferState::active;
    transfers_[t.id] = t;
    m.transfer = t.id;
    p->conversation.last = m;
    emit(client::MessageAdded{m});
    done(SentFile{m, t});
    progress(t.id);
  });
}

void FakeCore::files_fetch(MessageId message, std::string, client::Done<client::TransferView> done) {
  later(5, [this, message, done] {
    client::MessageView* m = find(message);
    if (m == nullptr) return done(fail(ErrorCode::not_found, "No such message."));
    client::TransferView t;
    t.id = random_.id<TransferId>();
    t.message = message;
    t.conversation = m->conversation;
    t.direction = client::TransferDirection::down;
    t.total = m->file->size;
    t.state = TransferState::active;
    transfers_[t.id] = t;
    m->transfer = t.id;
    done(t);
    progress(t.id);
  });
}
void FakeCore::files_pause(TransferId id, client::Done<client::TransferView> done) {
  later(5, [this, id, done] {
    transfers_[id].state = TransferState::paused;
    done(transfers_[id]);
  });
}
void FakeCore::files_resume(TransferId id, client::Done<client::TransferView> done) {
  later(5, [this, id, done] {
    transfers_[id].state = TransferState::active;
    done(transfers_[id]);
    progress(id);
  });
}
void FakeCore::files_cancel(TransferId id, client::Done<client::TransferView> done) {
  later(5, [this, id, done] {
    transfers_[id].state = TransferState::cancelled;
    done(transfers_[id]);
  });
}

client::CallView& FakeCore::make_call(const ConversationId& conversation, bool outgoing, bool video) {
  client::CallView c;
  c.id = random_.id<CallId>();
  c.conversation = conversation;
  c.peer = person(conversation)->conversation.peer;
  c.outgoing = outgoing;
  c.video = video;
  c.camera = video && outgoing;
  call_ = c;
  return *call_;
}

void FakeCore::calls_start(ConversationId conversation, bool video, client::Done<client::CallView> done) {
  later(20, [this, conversation, video, done] {
    if (call_) return done(fail(ErrorCode::conflict, "You are already in a call."));
    done(make_call(conversation, true, video));
    local_on_ = video;
    const CallId id = call_->id;
    const auto step = [this, id](int delay, auto change) {
      later(delay, [this, id, change] {
        if (!call_ || call_->id != id) return;
        change(*call_);
        emit(client::CallChanged{*call_});
      });
    };
    const bool nobody = !person(conversation)->conversation.peer.online;
    if (nobody) {
      later(1500, [this] { end_call(EndReason::no_answer); });
      return;
    }
    step(500, [](client::CallView& c) { c.peer_ringing = true; });
    step(1600, [](client::CallView& c) { c.state = CallState::connecting; });
    step(2400, [](client::CallView& c) { c.security_code = "482913"; });
    step(2800, [this](client::CallView& c) {
      c.state = CallState::active;
      c.peer_camera = scenario_.peer_camera && c.video;
      c.verified = c.peer.verified;
      remote_on_ = c.peer_camera;
    });
  });
}

void FakeCore::calls_accept(CallId id, bool video, client::Done<client::CallView> done) {
  later(20, [this, id, video, done] {
    if (!call_ || call_->id != id) return done(fail(ErrorCode::not_found, "This call is over."));
    call_->state = CallState::connecting;
    call_->camera = video;
    local_on_ = video;
    done(*call_);
    later(700, [this, id] {
      if (!call_ || call_->id != id) return;
      call_->state = CallState::active;
      call_->security_code = "482913";
      call_->peer_camera = scenario_.peer_camera && call_->video;
      remote_on_ = call_->peer_camera;
      emit(client::CallChanged{*call_});
    });
  });
}

void FakeCore::end_call(EndReason reason) {
  if (!call_) return;
  call_->state = CallState::ended;
  call_->reason = reason;
  remote_on_ = local_on_ = false;
  emit(client::CallChanged{*call_});
  if (Person* p = person(call_->conversation)) {
    client::MessageView& m = say(*p, call_->outgoing, "", 0);
    m.kind = MessageKind::call;
    m.call = client::CallSummary{call_->outgoing, call_->video, reason == EndReason::local_hangup, reason, 8};
    p->conversation.last = m;
    emit(client::MessageAdded{m});
  }
  call_.reset();
}

void FakeCore::calls_decline(CallId, client::Done<client::CallView> done) {
  later(20, [this, done] {
    if (!call_) return done(fail(ErrorCode::not_found, "This call is over."));
    const client::CallView c = *call_;
    end_call(EndReason::declined);
    done(c);
  });
}
void FakeCore::calls_hangup(CallId, client::Done<client::CallView> done) {
  later(20, [this, done] {
    if (!call_) return done(fail(ErrorCode::not_found, "This call is over."));
    client::CallView c = *call_;
    c.state = CallState::ended;
    c.reason = EndReason::local_hangup;
    c.active_s = 8;
    call_->active_s = 8;
    end_call(EndReason::local_hangup);
    done(c);
  });
}
void FakeCore::calls_set(CallId, CallSettings settings, client::Done<client::CallView> done) {
  later(5, [this, settings, done] {
    if (!call_) return done(fail(ErrorCode::not_found, "This call is over."));
    if (settings.microphone) call_->microphone = *settings.microphone;
    if (settings.camera) {
      call_->camera = *settings.camera;
      local_on_ = *settings.camera;
    }
    done(*call_);
  });
}
void FakeCore::calls_stats(CallId, client::Done<call::CallStats> done) {
  later(5, [done] { done(call::CallStats{}); });
}
void FakeCore::media_devices(client::Done<call::MediaSessionFactory::Devices> done) {
  later(5, [done] { done(call::MediaSessionFactory::Devices{}); });
}
void FakeCore::media_select(std::string, std::string, std::string,
                            client::Done<call::MediaSessionFactory::Devices> done) {
  later(5, [done] { done(call::MediaSessionFactory::Devices{}); });
}

}  // namespace sotto::desktop_test
