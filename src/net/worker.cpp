#include "sotto/net/worker.hpp"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace sotto::net {
namespace {

struct Job {
  Task work;
  Task done;
  std::size_t weight = 1;
};

}  // namespace

struct Worker::Shared {
  Shared(Loop& loop, Options given) : poster(loop.poster()), options(std::move(given)) {}

  void run();

  Poster poster;
  Options options;
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<Job> jobs;
  std::size_t idle = 0;
  bool gathering = false;
  bool stopping = false;
  std::vector<std::thread> threads;
};

Worker::Worker(Loop& loop, Options options) : shared_(std::make_unique<Shared>(loop, std::move(options))) {
  const std::size_t count = std::max<std::size_t>(shared_->options.threads, 1);
  if (count > 1) shared_->options.max_batch = 1;
  const std::string name = shared_->options.name.substr(0, 15);
  for (std::size_t i = 0; i < count; ++i) {
    shared_->threads.emplace_back([shared = shared_.get()] { shared->run(); });
    if (!name.empty()) ::pthread_setname_np(shared_->threads.back().native_handle(), name.c_str());
  }
}

Worker::~Worker() {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->stopping = true;
  }
  shared_->wake.notify_all();
  for (std::thread& thread : shared_->threads) thread.join();
}

bool Worker::submit(Task job, Task done, std::size_t weight) {
  bool wake = false;
  {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->jobs.size() >= shared_->options.max_jobs) return false;
    shared_->jobs.push_back({std::move(job), std::move(done), weight});
    wake = shared_->idle > 0 || (shared_->gathering && shared_->jobs.size() >= shared_->options.max_batch);
  }
  if (wake) shared_->wake.notify_one();
  return true;
}

std::size_t Worker::waiting() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->jobs.size();
}

void Worker::Shared::run() {
  std::vector<Job> batch;
  std::size_t last = 0;  // weight of the batch before
  for (;;) {
    {
      std::unique_lock lock(mutex);
      ++idle;
      wake.wait(lock, [&] { return stopping || !jobs.empty(); });
      --idle;
      if (jobs.empty()) return;
      if (options.gather > Duration::zero() && last >= options.gather_from &&
          jobs.size() < options.max_batch) {
        gathering = true;
        const auto enough = [&] { return stopping || jobs.size() >= options.max_batch; };
        wake.wait_for(lock, options.gather, enough);
        gathering = false;
      }
      const std::size_t count = std::min(jobs.size(), std::max<std::size_t>(options.max_batch, 1));
      last = 0;
      for (std::size_t i = 0; i < count; ++i) {
        last += jobs.front().weight;
        batch.push_back(std::move(jobs.front()));
        jobs.pop_front();
      }
    }
    if (options.before_batch) options.before_batch();
    for (Job& job : batch) {
      job.work();
      job.work = Task();
    }
    if (options.after_batch) options.after_batch();
    // One post for all of them, in order.
    poster.post([finished = std::move(batch)]() mutable {
      for (Job& job : finished) {
        if (job.done) job.done();
        job.done = Task();
      }
    });
    batch.clear();
  }
}

}  // namespace sotto::net
