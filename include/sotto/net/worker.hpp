// Threads for work that blocks (database, disk, password hashing), with a bounded queue. Jobs start in
// order of submission; each one's `done` runs on the loop afterwards.
//
//   Worker storage(loop, {.name = "storage", .max_jobs = 4096, .after_batch = [&] { commit(); }});
//   if (!storage.submit([&] { row = read(id); }, [&] { reply(row); })) reply_busy();
//
// Full queue: submit() refuses. With one thread, the jobs that are waiting are taken together as a batch;
// their `done` run after the batch's after_batch, which makes a group commit. Destroying finishes the queued
// jobs and joins; `done` of these run only if the loop still runs, so destroy the worker first.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "sotto/net/loop.hpp"
#include "sotto/net/task.hpp"

namespace sotto::net {

class Worker {
 public:
  struct Options {
    std::string name;  // of the threads, at most 15 characters
    std::size_t threads = 1;
    std::size_t max_jobs = 1024;
    std::size_t max_batch = 256;  // jobs taken together; 1 with several threads
    // After a batch whose weights add up to `gather_from` or more, the worker waits this long before it takes
    // the next one: under load fewer and larger batches, alone no delay. 0: never waits.
    Duration gather = {};
    std::size_t gather_from = 4;
    std::function<void()> before_batch = {};  // on the worker's thread
    std::function<void()> after_batch = {};
  };
  Worker(Loop& loop, Options options);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // False: max_jobs are waiting; neither function is called. Thread: any.
  // `weight`: what it counts for gathering.
  bool submit(Task job, Task done, std::size_t weight = 1);
  std::size_t waiting() const;

 private:
  struct Shared;
  std::unique_ptr<Shared> shared_;
};

}  // namespace sotto::net
