#include "sotto/store/store_task.hpp"

#include <algorithm>

namespace sotto::store {
namespace {

void fail_all(std::span<StoreTask* const> batch, const Error& error) {
  for (StoreTask* task : batch) task->outcome = error;
}

// Writing failed as a whole, for example at the commit. Reading may still be possible: a full disk.
void run_readers_alone(ServerStore& store, std::span<StoreTask* const> batch) {
  const bool any = std::ranges::any_of(batch, [](const StoreTask* t) { return t->access == Access::read; });
  if (!any) return;
  if (const Status begun = store.begin(Access::read); !begun) {
    for (StoreTask* task : batch) {
      if (task->access == Access::read) task->outcome = begun;
    }
    return;
  }
  for (StoreTask* task : batch) {
    if (task->access == Access::read) task->outcome = task->work(store);
  }
  (void)store.commit();
}

}  // namespace

void run_batch(ServerStore& store, std::span<StoreTask* const> batch) {
  if (batch.empty()) return;
  const bool writes =
      std::ranges::any_of(batch, [](const StoreTask* t) { return t->access == Access::write; });
  if (!writes) return run_readers_alone(store, batch);

  if (const Status begun = store.begin(Access::write); !begun) {
    fail_all(batch, begun.error());
    return run_readers_alone(store, batch);
  }
  for (StoreTask* task : batch) {
    if (task->access == Access::read) {
      task->outcome = task->work(store);
      continue;
    }
    if (!task->own_part) {
      task->outcome = task->work(store);
      if (!task->outcome && task->outcome.error().code == ErrorCode::storage) {
        const Error error = task->outcome.error();
        store.rollback();
        fail_all(batch, error);
        return run_readers_alone(store, batch);
      }
      continue;
    }
    task->outcome = store.begin_part();
    if (!task->outcome) continue;
    task->outcome = task->work(store);
    if (!task->outcome) {
      store.undo_part();
    } else {
      task->outcome = store.end_part();
    }
  }
  if (const Status committed = store.commit(); !committed) {
    // Readers may have seen what is now undone, so they read again.
    fail_all(batch, committed.error());
    run_readers_alone(store, batch);
  }
}

}  // namespace sotto::store
