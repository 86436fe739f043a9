// Work for the storage thread, and group commit: everything that waits runs in one transaction.
//
//   std::vector<StoreTask*> batch = take_everything_queued();
//   run_batch(store, batch);                       // storage thread; one COMMIT, one fsync
//   for (StoreTask* task : batch) task->done();    // back on the thread that asked
//
// A task that returns an error is undone alone, the others stay. When the commit fails, every task that
// wanted to write fails with that error, also if its own work had succeeded: nothing is reported that is not
// durable.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "sotto/store/server_store.hpp"

namespace sotto::store {

struct StoreTask {
  Access access = Access::read;
  std::function<Status(ServerStore&)> work;
  std::function<void(Status)> then;
  Status outcome = ok_status();
  // False: the work is one statement, or changes nothing when it fails. Then it needs no part of its own,
  // which saves time; if it fails by the disk all the same, the whole batch does.
  bool own_part = true;
  std::size_t weight = 1;  // how many people wait for it

  void done() { then(std::move(outcome)); }
};

void run_batch(ServerStore& store, std::span<StoreTask* const> batch);

// A task whose work yields a value. `work` runs on the storage thread and must own what it uses.
template <class T, class Work, class Then>
StoreTask make_task(Access access, Work work, Then then, bool own_part = true, std::size_t weight = 1) {
  auto box = std::make_shared<std::optional<T>>();  // shared by the two halves, which never run at once
  return StoreTask{access,
                   [box, work = std::move(work)](ServerStore& store) mutable -> Status {
                     Result<T> result = work(store);
                     if (!result) return std::move(result).error();
                     box->emplace(*std::move(result));
                     return ok_status();
                   },
                   [box, then = std::move(then)](Status status) mutable {
                     if (!status) return then(Result<T>(std::move(status).error()));
                     then(Result<T>(*std::move(*box)));
                   },
                   ok_status(),
                   own_part,
                   weight};
}

}  // namespace sotto::store
