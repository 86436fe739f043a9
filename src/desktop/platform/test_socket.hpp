// Read-only eyes for the tests of the window (tests/ui): where elements are and what they show. Off unless
// --test-socket is given; it can change nothing, input comes from the X server only.
//
// One JSON object per line over a Unix socket that only this user may open:
//   {"q":"tree"}                 -> {"elements":[...], "focus":"composer.edit", ...}
//   {"q":"find","id":"x"}        -> {"element":{id,label,value,rect:[x,y,w,h],enabled,focused}} or
//   {"element":null}
//   {"q":"stats"}                -> {"frames":n,"pictures":n,"layouts":n}
// Answers are given after the frame that follows, so they describe what is on the screen.
#pragma once

#include <atomic>
#include <functional>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sotto/base/result.hpp"

namespace sotto::desktop {

class TestSocket {
 public:
  // `wake` makes the window's thread call answer().
  static Result<std::unique_ptr<TestSocket>> listen(const std::string& path, std::function<void()> wake);
  ~TestSocket();
  TestSocket(const TestSocket&) = delete;
  TestSocket& operator=(const TestSocket&) = delete;

  bool waiting();
  void answer(const std::function<std::string(const std::string& query)>& respond);

 private:
  TestSocket(int socket, std::string path, std::function<void()> wake);
  void serve();
  void talk(int connection);

  struct Query {
    std::string text;
    std::promise<std::string> reply;
  };
  int socket_;
  std::string path_;
  std::function<void()> wake_;
  std::mutex mutex_;
  std::vector<Query> queries_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace sotto::desktop
