// call::Executor over a net::Loop: media hands work to the core's thread, at once or at a moment.
//
// `around` runs each task: the runtime tells the core the time first and looks at its deadline afterwards.
// Thread: construction and destruction on the loop's, the rest from any. Tasks that come after destruction
// are dropped.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "sotto/call/media_session_factory.hpp"
#include "sotto/net/loop.hpp"

namespace sotto::runtime {

class LoopExecutor final : public call::Executor {
 public:
  LoopExecutor(net::Loop& loop, std::function<void(const std::function<void()>&)> around);
  ~LoopExecutor() override;

  void post(std::function<void()> task) override;
  void post_at(TimePoint when, std::function<void()> task) override;

 private:
  // What posted tasks hold on to: it outlives this object until they are gone. Used on the loop's thread.
  struct Shared {
    std::function<void(const std::function<void()>&)> around;
    std::multimap<TimePoint, std::function<void()>> waiting;
    std::unique_ptr<net::Timer> timer;
    bool closed = false;
  };
  static void run_due(const std::shared_ptr<Shared>& shared, TimePoint now);

  net::Poster poster_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace sotto::runtime
