#include "sotto/runtime/client_runtime.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cstdlib>
#include <cstring>

#include "client_handle.hpp"
#include "core_thread.hpp"
#include "profile.hpp"

namespace sotto::runtime {

struct ClientRuntime::Impl {
  Impl(const std::function<void(std::function<void()>)>& face, ClientRuntimeOptions options,
       client::EventSink& events)
      : alive(std::make_shared<bool>(true)),
        core(std::move(options),
             [face, alive_flag = alive, &events](const client::Event& event) {
               face([alive_flag, &events, event] {
                 if (*alive_flag) events.on_event(event);
               });
             }),
        handle(core, face) {}

  std::shared_ptr<bool> alive;  // shared with events under way; read on the face's thread only
  CoreThread core;
  ClientHandle handle;
};

ClientRuntime::ClientRuntime(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

ClientRuntime::~ClientRuntime() { stop(); }

Result<std::unique_ptr<ClientRuntime>> ClientRuntime::start(ClientRuntimeOptions options,
                                                            client::EventSink& events) {
  const auto face = options.face;
  auto impl = std::make_unique<Impl>(face, std::move(options), events);
  if (Status started = impl->core.start(); !started) return std::move(started).error();
  return std::unique_ptr<ClientRuntime>(new ClientRuntime(std::move(impl)));
}

client::Commands& ClientRuntime::commands() { return impl_->handle; }

void ClientRuntime::stop() {
  if (!*impl_->alive) return;
  *impl_->alive = false;
  impl_->handle.detach();
  impl_->core.stop();
}

void harden_process() {
  // Keys and message text are in memory: neither a crash nor a debugger of another program may copy them out.
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
#if !defined(__SANITIZE_ADDRESS__)  // its leak check reads the process's own memory map
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
  ::umask(077);
}

ProfileSeal profile_seal(const std::string& folder) {
  struct stat info {};
  if (::stat(Profile::key_path_in(folder).c_str(), &info) == 0 && info.st_size > 0)
    return ProfileSeal::sealed;
  if (::stat(Profile::store_path_in(folder).c_str(), &info) == 0 && info.st_size > 0)
    return ProfileSeal::plain;
  return ProfileSeal::fresh;
}

Result<std::optional<SecretBytes>> passphrase_from_environment(bool insecure) {
  char* text = std::getenv("SOTTO_PASSPHRASE");
  std::optional<SecretBytes> passphrase;
  if (text != nullptr && *text != '\0') {
    if (!insecure) passphrase = SecretBytes::from_text(text);
    secure_wipe(text, std::strlen(text));
    ::unsetenv("SOTTO_PASSPHRASE");
  }
  if (!passphrase && !insecure) {
    return fail(
        ErrorCode::denied,
        "The profile needs a passphrase: set SOTTO_PASSPHRASE. Keys and messages that may lie unencrypted on "
        "this machine are accepted with --insecure-profile.");
  }
  return passphrase;
}

}  // namespace sotto::runtime
