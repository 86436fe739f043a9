#include "loop_executor.hpp"

namespace sotto::runtime {

LoopExecutor::LoopExecutor(net::Loop& loop, std::function<void(const std::function<void()>&)> around)
    : poster_(loop.poster()), shared_(std::make_shared<Shared>()) {
  shared_->around = std::move(around);
  const std::weak_ptr<Shared> weak = shared_;
  shared_->timer = std::make_unique<net::Timer>(loop, [weak, &loop] {
    if (const auto shared = weak.lock()) run_due(shared, loop.now());
  });
}

LoopExecutor::~LoopExecutor() {
  shared_->closed = true;
  shared_->waiting.clear();
  shared_->timer.reset();
}

void LoopExecutor::post(std::function<void()> task) {
  poster_.post([shared = shared_, task = std::move(task)] {
    if (!shared->closed) shared->around(task);
  });
}

void LoopExecutor::post_at(TimePoint when, std::function<void()> task) {
  poster_.post([shared = shared_, when, task = std::move(task)]() mutable {
    if (shared->closed) return;
    shared->waiting.emplace(when, std::move(task));
    shared->timer->arm_at(shared->waiting.begin()->first);
  });
}

void LoopExecutor::run_due(const std::shared_ptr<Shared>& shared, TimePoint now) {
  while (!shared->closed && !shared->waiting.empty() && shared->waiting.begin()->first <= now) {
    const auto task = std::move(shared->waiting.extract(shared->waiting.begin()).mapped());
    shared->around(task);
  }
  if (!shared->closed && !shared->waiting.empty()) shared->timer->arm_at(shared->waiting.begin()->first);
}

}  // namespace sotto::runtime
