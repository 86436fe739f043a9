#include "glib_loop.hpp"

#include <pthread.h>

#include <utility>

namespace sotto::ice_nice {

GlibLoop::GlibLoop() : context_(g_main_context_new()), loop_(g_main_loop_new(context_, FALSE)) {}

GlibLoop::~GlibLoop() {
  if (thread_.joinable()) {
    post([this] { quit(); });
    join();
  }
  g_main_loop_unref(loop_);
  g_main_context_unref(context_);
}

void GlibLoop::start() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "ice");
    g_main_context_push_thread_default(context_);
    g_main_loop_run(loop_);
    g_main_context_pop_thread_default(context_);
  });
}

void GlibLoop::post(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    if (tasks_.size() > 1) return;  // a wake-up is under way
  }
  GSource* source = g_idle_source_new();
  g_source_set_priority(source, G_PRIORITY_DEFAULT);
  g_source_set_callback(source, &GlibLoop::run_tasks, this, nullptr);
  g_source_attach(source, context_);
  g_source_unref(source);
}

gboolean GlibLoop::run_tasks(gpointer self) {
  auto* loop = static_cast<GlibLoop*>(self);
  std::deque<std::function<void()>> tasks;
  {
    const std::lock_guard lock(loop->mutex_);
    tasks.swap(loop->tasks_);
  }
  for (const auto& task : tasks) task();
  return G_SOURCE_REMOVE;
}

void GlibLoop::quit() { g_main_loop_quit(loop_); }

void GlibLoop::join() {
  if (thread_.joinable()) thread_.join();
}

}  // namespace sotto::ice_nice
