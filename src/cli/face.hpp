// What runs on the main thread of sotto-cli for one invocation: JSON-RPC, the chat, or one command.
//
//   auto face = make_...(loop, ...);          // receives events from now on
//   face->start(runtime->commands());          // may use the core from now on; calls loop.stop(code) when
//   done
//
// Exit codes: 0 done, 1 refused or failed (with a sentence on standard error), 2 wrong usage, 130
// interrupted.
#pragma once

#include "face_loop.hpp"
#include "sotto/client/commands.hpp"

namespace sotto::cli {

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;

class Face : public client::EventSink {
 public:
  virtual void start(client::Commands& commands) = 0;
};

}  // namespace sotto::cli
