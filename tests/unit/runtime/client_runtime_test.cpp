// The whole runtime without a server: threads, answers, events and its end.
#include "sotto/runtime/client_runtime.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "support/temp_dir.hpp"

namespace sotto::runtime {
namespace {

// A face: the thread of the test.
struct Face final : client::EventSink {
  void on_event(const client::Event&) override {
    ++events;
    EXPECT_EQ(std::this_thread::get_id(), thread);
  }
  std::function<void(std::function<void()>)> executor() {
    return [this](std::function<void()> task) {
      const std::lock_guard lock(mutex);
      tasks.push_back(std::move(task));
      ready.notify_one();
    };
  }
  template <class Predicate>
  bool run_until(Predicate done) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!done()) {
      std::unique_lock lock(mutex);
      if (!ready.wait_until(lock, limit, [this] { return !tasks.empty(); })) return false;
      auto task = std::move(tasks.front());
      tasks.pop_front();
      lock.unlock();
      task();
    }
    return true;
  }

  std::thread::id thread = std::this_thread::get_id();
  std::mutex mutex;
  std::condition_variable ready;
  std::deque<std::function<void()>> tasks;
  int events = 0;
};

struct ClientRuntimeTest : testing::Test {
  test::TempDir dir;
  Face face;

  ClientRuntimeOptions options() {
    ClientRuntimeOptions out;
    out.profile = dir.file("profile");
    out.camera = out.microphone = out.speaker = "none";
    out.face = face.executor();
    return out;
  }
};

TEST_F(ClientRuntimeTest, answers_on_the_faces_thread) {
  auto runtime = ClientRuntime::start(options(), face);
  ASSERT_TRUE(runtime) << runtime.error().message;
  std::optional<bool> has_account;
  (*runtime)->commands().account_status([&](Result<client::Commands::AccountStatus> status) {
    EXPECT_EQ(std::this_thread::get_id(), face.thread);
    ASSERT_TRUE(status);
    has_account = status->account.has_value();
  });
  EXPECT_FALSE(has_account) << "answered from inside the call";
  ASSERT_TRUE(face.run_until([&] { return has_account.has_value(); }));
  EXPECT_FALSE(*has_account);
}

TEST_F(ClientRuntimeTest, answers_come_in_the_order_of_the_commands) {
  auto runtime = ClientRuntime::start(options(), face);
  ASSERT_TRUE(runtime);
  std::vector<int> order;
  for (int i = 0; i < 50; ++i) {
    (*runtime)->commands().contacts_list([&order, i](const auto& result) {
      EXPECT_TRUE(result);
      order.push_back(i);
    });
  }
  ASSERT_TRUE(face.run_until([&] { return order.size() == 50; }));
  EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST_F(ClientRuntimeTest, delivers_nothing_after_stop) {
  auto runtime = ClientRuntime::start(options(), face);
  ASSERT_TRUE(runtime);
  bool answered = false;
  (*runtime)->commands().account_status([&](const auto&) { answered = true; });
  (*runtime)->stop();
  for (auto& task : face.tasks) task();
  EXPECT_FALSE(answered);
  std::optional<ErrorCode> late;
  (*runtime)->commands().account_status([&](const auto& result) { late = result.error().code; });
  EXPECT_EQ(late, ErrorCode::unavailable);
}

TEST_F(ClientRuntimeTest, refuses_a_profile_in_use_and_takes_it_when_it_is_free_again) {
  auto first = ClientRuntime::start(options(), face);
  ASSERT_TRUE(first);
  const auto second = ClientRuntime::start(options(), face);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  (*first)->stop();
  EXPECT_TRUE(ClientRuntime::start(options(), face));
}

TEST_F(ClientRuntimeTest, refuses_device_uris_that_cannot_be_right) {
  for (std::string ClientRuntimeOptions::*which :
       {&ClientRuntimeOptions::camera, &ClientRuntimeOptions::microphone, &ClientRuntimeOptions::speaker,
        &ClientRuntimeOptions::video_sink}) {
    auto wrong = options();
    wrong.*which = "teapot:short and stout";
    const auto runtime = ClientRuntime::start(std::move(wrong), face);
    ASSERT_FALSE(runtime);
    EXPECT_EQ(runtime.error().code, ErrorCode::invalid_argument) << runtime.error().message;
  }
}

TEST_F(ClientRuntimeTest, a_call_without_an_account_is_an_error_and_not_a_crash) {
  auto runtime = ClientRuntime::start(options(), face);
  ASSERT_TRUE(runtime);
  std::optional<ErrorCode> code;
  (*runtime)->commands().calls_start(ConversationId{}, true, [&](const auto& result) {
    ASSERT_FALSE(result);
    code = result.error().code;
  });
  ASSERT_TRUE(face.run_until([&] { return code.has_value(); }));
}

}  // namespace
}  // namespace sotto::runtime
