// A running client: the core of module client on a thread of its own, with a real connection, real files and
// real devices. What the window and the command line share.
//
//   harden_process();
//   auto runtime = ClientRuntime::start(std::move(options), events);   // opens the profile, starts the
//   thread
//   (*runtime)->commands().messages_send(...);                          // answers come on the face's thread
//   (*runtime)->stop();                                                 // hangs up, closes devices,
//   connection, store
//
// Threads: start(), commands(), stop() and destruction belong to the face's thread. Everything the core says
// (answers and events) is handed to `options.face` and has to be run by the face on that same thread. After
// stop() nothing is delivered any more, not even answers that were under way.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "sotto/base/result.hpp"
#include "sotto/base/secret_bytes.hpp"
#include "sotto/client/commands.hpp"

namespace sotto::runtime {

struct ClientRuntimeOptions {
  // Folder of account, history and outbox: made (0700) if missing. One program at a time.
  std::string profile;
  // Encrypts the profile's database. Without one it is plain, and a profile stays what it was made as.
  std::optional<SecretBytes> passphrase;
  // Where files land that are fetched without a path; made when first needed.
  std::string download_folder;

  // Device URIs and logs as in docs/rpc.md. Empty: the first real device; for the logs and the sink: none.
  std::string camera, microphone, speaker, video_sink;
  std::string camera_log, microphone_log;
  // Shows the pictures of both sides (a window), or null. Called from other threads; outlives the runtime.
  call::PictureSink* pictures = nullptr;

  // Runs a task soon on the face's thread, in order of posting. Called from the core's thread; must not
  // block.
  std::function<void(std::function<void()>)> face;
};

class ClientRuntime {
 public:
  // Errors are for the user: invalid_argument (a URI, the folder), conflict (the profile is in use), denied
  // (the passphrase is wrong, or the profile was made without one), storage. `events` outlives the runtime or
  // stop().
  static Result<std::unique_ptr<ClientRuntime>> start(ClientRuntimeOptions options,
                                                      client::EventSink& events);
  ~ClientRuntime();
  ClientRuntime(const ClientRuntime&) = delete;
  ClientRuntime& operator=(const ClientRuntime&) = delete;

  client::Commands& commands();
  // Takes at most about three seconds: what was queued for the server still goes out if it can.
  void stop();

 private:
  struct Impl;
  explicit ClientRuntime(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// First thing in main: no core dumps, no ptrace by other programs of this user, files private by default.
void harden_process();

// What lies in a profile's folder: nothing yet, a profile that opens without a passphrase, or one that needs
// it.
enum class ProfileSeal { fresh, plain, sealed };
ProfileSeal profile_seal(const std::string& folder);

// The passphrase in SOTTO_PASSPHRASE, which is taken out of the environment; none if `insecure` accepts a
// plain profile. denied: neither.
Result<std::optional<SecretBytes>> passphrase_from_environment(bool insecure);

}  // namespace sotto::runtime
