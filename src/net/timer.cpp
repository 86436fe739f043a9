// Timers: a binary heap of deadlines in which each timer knows its place. An entry may stand earlier
// than its timer's deadline; it is put right when it reaches the top, which makes re-arming later free.
#include <cassert>
#include <utility>

#include "sotto/net/loop.hpp"

namespace sotto::net {

Timer::~Timer() {
  cancel();
  if (destroyed_) *destroyed_ = true;
}

void Timer::arm_at(TimePoint deadline) {
  if (deadline == kNever) return cancel();
  order_ = loop_.next_order_++;
  deadline_ = deadline;
  auto& heap = loop_.heap_;
  if (slot_ == kIdle) {
    slot_ = heap.size();
    heap.push_back({deadline, order_, this});
    loop_.heap_up(slot_);
  } else if (deadline < heap[slot_].at) {
    heap[slot_].at = deadline;
    heap[slot_].order = order_;
    loop_.heap_up(slot_);
  }
}

void Timer::cancel() {
  if (slot_ != kIdle) loop_.heap_erase(slot_);
  slot_ = kIdle;
}

void Timer::fire() {
  bool destroyed = false;
  destroyed_ = &destroyed;
  // Moved out, so that a callback that destroys the timer does not destroy itself while it runs.
  std::function<void()> on_fire = std::move(on_fire_);
  on_fire();
  if (destroyed) return;
  destroyed_ = nullptr;
  on_fire_ = std::move(on_fire);
}

Duration Loop::until_next_timer() const {
  if (heap_.empty()) return Duration::max();
  const TimePoint at = now();
  return heap_.front().at <= at ? Duration::zero() : heap_.front().at - at;
}

void Loop::run_timers() {
  if (heap_.empty()) return;
  const TimePoint at = now();
  // A timer that re-arms itself for "now" waits for the next iteration, so that descriptors get a turn.
  const std::uint64_t first_new = next_order_;
  while (!heap_.empty() && heap_.front().at <= at) {
    Timer& timer = *heap_.front().timer;
    if (timer.deadline_ != heap_.front().at || timer.order_ != heap_.front().order) {
      heap_.front().at = timer.deadline_;
      heap_.front().order = timer.order_;
      heap_down(0);
      continue;
    }
    if (timer.order_ >= first_new) break;
    heap_erase(0);
    timer.slot_ = Timer::kIdle;
    timer.fire();
  }
}

void Loop::heap_place(std::size_t index, const TimerEntry& entry) {
  heap_[index] = entry;
  entry.timer->slot_ = index;
}

void Loop::heap_up(std::size_t index) {
  const TimerEntry moving = heap_[index];
  while (index > 0) {
    const std::size_t parent = (index - 1) / 2;
    if (!moving.before(heap_[parent])) break;
    heap_place(index, heap_[parent]);
    index = parent;
  }
  heap_place(index, moving);
}

void Loop::heap_down(std::size_t index) {
  const TimerEntry moving = heap_[index];
  for (;;) {
    std::size_t child = 2 * index + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1].before(heap_[child])) ++child;
    if (!heap_[child].before(moving)) break;
    heap_place(index, heap_[child]);
    index = child;
  }
  heap_place(index, moving);
}

void Loop::heap_erase(std::size_t index) {
  assert(index < heap_.size());
  const TimerEntry last = heap_.back();
  heap_.pop_back();
  if (index == heap_.size()) return;
  heap_place(index, last);
  heap_up(index);
  heap_down(last.timer->slot_);
}

}  // namespace sotto::net
