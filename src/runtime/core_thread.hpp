// The thread of the client core: its loop, and everything that lives on it.
//
//   CoreThread core(options, on_event);
//   core.start();                      // blocks until the core runs or says why not
//   core.post_input([&] { core.commands().account_status(...); });
//   core.stop();                       // blocks until the thread is gone
//
// Thread: start() and stop() from one thread, commands() on the core's, the rest from any.
#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "sotto/client/client.hpp"
#include "sotto/net/loop.hpp"
#include "sotto/runtime/client_runtime.hpp"

namespace sotto::runtime {

class CoreThread {
 public:
  // `on_event` is called on the core's thread.
  CoreThread(ClientRuntimeOptions options, std::function<void(const client::Event&)> on_event);
  ~CoreThread();

  Status start();
  void stop();

  // Runs the task on the core's thread, with the core told what time it is. Dropped when the thread has
  // ended.
  void post_input(net::Task task);
  client::Commands& commands();

 private:
  struct World;

  void run(std::function<void(Status)> started);

  ClientRuntimeOptions options_;
  std::function<void(const client::Event&)> on_event_;
  std::thread thread_;
  // Set before start() returns, and used until the thread is joined.
  std::unique_ptr<net::Poster> poster_;
  World* world_ = nullptr;  // lives on the thread's stack; touched on that thread only
};

}  // namespace sotto::runtime
