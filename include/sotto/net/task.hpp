// A function to be called once, later, possibly on another thread. Unlike std::function it may own
// move-only things (a Socket, SecretBytes, a unique_ptr).
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace sotto::net {

class Task {
 public:
  Task() = default;
  template <class F>
  requires(!std::is_same_v<std::decay_t<F>, Task> && std::is_invocable_v<std::decay_t<F>&>)
      // NOLINTNEXTLINE(google-explicit-constructor): post([...] { ... }) is the point
      Task(F&& f)
      : held_(std::make_unique<Held<std::decay_t<F>>>(std::forward<F>(f))) {}

  explicit operator bool() const { return held_ != nullptr; }
  void operator()() { held_->call(); }

 private:
  struct Base {
    virtual ~Base() = default;
    virtual void call() = 0;
  };
  template <class F>
  struct Held final : Base {
    template <class G>
    explicit Held(G&& g) : f(std::forward<G>(g)) {}
    void call() override { f(); }
    F f;
  };
  std::unique_ptr<Base> held_;
};

}  // namespace sotto::net
