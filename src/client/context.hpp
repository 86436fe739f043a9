// What every part of the client core shares: the store, randomness, the present moment, and the way out.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <utility>

#include "raw.hpp"
#include "sotto/base/random.hpp"
#include "sotto/client/commands.hpp"
#include "sotto/client/moment.hpp"
#include "sotto/store/client_store.hpp"

namespace sotto::client {

// Collects events and answers while the core works and hands them out when its state is whole, so that a face
// may call commands from inside them.
class Outlet {
 public:
  explicit Outlet(EventSink& sink) : sink_(sink) {}

  void emit(Event event) {
    queue_.push_back([this, event = std::move(event)] { sink_.on_event(event); });
  }
  template <class T>
  void answer(Done<T> done, Result<T> result) {
    if (!done) return;
    queue_.push_back(
        [done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
  }

  // One per call into the core; the outermost one delivers on its way out.
  class Scope {
   public:
    explicit Scope(Outlet& outlet) : outlet_(outlet) { ++outlet_.depth_; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope() {
      if (outlet_.depth_ == 1) outlet_.deliver();
      --outlet_.depth_;
    }

   private:
    Outlet& outlet_;
  };

 private:
  void deliver() {
    while (!queue_.empty()) {
      const auto next = std::move(queue_.front());
      queue_.pop_front();
      next();
    }
  }

  EventSink& sink_;
  std::deque<std::function<void()>> queue_;
  int depth_ = 0;
};

struct Context {
  store::ClientStore& store;
  Random& random;
  Outlet outlet;
  Moment moment{};

  void emit(Event event) { outlet.emit(std::move(event)); }
  template <class T>
  void answer(Done<T> done, Result<T> result) {
    outlet.answer(std::move(done), std::move(result));
  }
  // Work that could not be stored: said once, the work is tried again by whoever owns it.
  void report(const Error& error) { emit(Notice{error}); }
};

// kNever stays kNever.
inline TimePoint after(TimePoint now, Duration delay) { return now > kNever - delay ? kNever : now + delay; }

}  // namespace sotto::client
