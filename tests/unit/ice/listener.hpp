// What an agent says, for a test to wait on.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "sotto/ice/agent.hpp"

namespace sotto::ice_nice {

// Of tests on a busy machine; what is waited for takes milliseconds.
inline constexpr std::chrono::seconds kPatience{20};

class Listener final : public ice::Observer {
 public:
  void on_local_candidate(const std::string& candidate) override {
    note([&] { candidates.push_back(candidate); });
  }
  void on_local_candidates_end() override {
    note([&] { ended = true; });
  }
  void on_state(ice::State new_state, ice::Path new_path) override {
    note([&] {
      state = new_state;
      path = new_path;
    });
  }
  void on_datagram(ByteView datagram) override {
    note([&] { datagrams.push_back(to_bytes(datagram)); });
  }

  template <class Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, condition);
  }
  template <class Change>
  void note(Change change) {
    const std::lock_guard lock(mutex_);
    change();
    changed_.notify_all();
  }

  std::vector<std::string> candidates;
  std::vector<Bytes> datagrams;
  bool ended = false;
  ice::State state = ice::State::gathering;
  ice::Path path = ice::Path::none;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

}  // namespace sotto::ice_nice
