// A bounded queue between exactly one producer thread and one consumer thread, without locks and without
// allocation after construction: what an audio callback may touch. When full, push() refuses and the
// producer drops the new element; when empty, pop() refuses.
#pragma once

#include <atomic>
#include <cstddef>
#include <vector>

namespace sotto::device {

template <class T>
class SpscRing {  // NOLINT(clang-analyzer-optin.performance.Padding): the padding keeps cache lines apart
 public:
  explicit SpscRing(std::size_t capacity) : slots_(capacity + 1) {}
  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;

  // Producer only.
  bool push(const T& value) {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    const std::size_t after = next(tail);
    if (after == head_.load(std::memory_order_acquire)) return false;
    slots_[tail] = value;
    tail_.store(after, std::memory_order_release);
    return true;
  }

  // Consumer only.
  bool pop(T& value) {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    if (head == tail_.load(std::memory_order_acquire)) return false;
    value = slots_[head];
    head_.store(next(head), std::memory_order_release);
    return true;
  }

  // Any thread; a moment's picture.
  std::size_t size() const {
    const std::size_t tail = tail_.load(std::memory_order_acquire);
    const std::size_t head = head_.load(std::memory_order_acquire);
    return tail >= head ? tail - head : tail + slots_.size() - head;
  }
  std::size_t capacity() const { return slots_.size() - 1; }

 private:
  std::size_t next(std::size_t index) const { return index + 1 == slots_.size() ? 0 : index + 1; }

  std::vector<T> slots_;                          // one more than the capacity, so that full and empty differ
  alignas(64) std::atomic<std::size_t> head_{0};  // apart, so that the two sides do not share a cache line
  alignas(64) std::atomic<std::size_t> tail_{0};
};

}  // namespace sotto::device
