// A thread that runs a GLib main loop, and what others hand it to do.
#pragma once

#include <glib.h>

#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace sotto::ice_nice {

// Thread: post() from any; start() and stop() from the owner.
class GlibLoop {
 public:
  GlibLoop();
  ~GlibLoop();
  GlibLoop(const GlibLoop&) = delete;
  GlibLoop& operator=(const GlibLoop&) = delete;

  GMainContext* context() { return context_; }
  void start();
  // Runs `task` on the loop's thread. The queue is our own, because GLib's invoke would run a task on the
  // caller's thread while the loop is not running yet. Posted after stop(): dropped.
  void post(std::function<void()> task);
  // Ends the loop from a task; stop() still has to be called.
  void quit();
  // Waits for the loop to end after quit().
  void join();

 private:
  static gboolean run_tasks(gpointer self);

  GMainContext* context_;
  GMainLoop* loop_;
  std::mutex mutex_;
  std::deque<std::function<void()>> tasks_;
  std::thread thread_;
};

}  // namespace sotto::ice_nice
