// sottod: the server. Options, logging, and what makes a process safe to hold keys.
#include <google/protobuf/stubs/logging.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <map>

#include "invite.hpp"
#include "serve.hpp"
#include "sotto/base/log.hpp"
#include "sotto/net/loop.hpp"

namespace {

using namespace sotto;

// No core file and no debugger of the same user may show what is in memory.
void protect_memory() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
#if !defined(__SANITIZE_ADDRESS__)  // its leak check reads the process's own memory map
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Pieces of files come and go as blocks of 128 KiB. By default glibc gives such blocks back to the system at
// once and gets them again, zeroed page by page: a third of the CPU time of a transfer. Keeping 4 MiB is
// enough.
void keep_freed_memory() {
  ::mallopt(M_MMAP_THRESHOLD, 4 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 4 << 20);
  ::mallopt(M_TOP_PAD, 256 << 10);
}

// One write per line, so that lines of threads do not mix.
void log_to_stderr(log::Level least) {
  log::set_sink(
      [](log::Level level, std::string_view text) {
        std::string line = to_rfc3339(net::wall_now()) + " " + std::string(log::to_string(level)) + " ";
        line += text;
        line += '\n';
        [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
      },
      least);
}

}  // namespace

int main(int argc, char** argv) {
  ::umask(077);
  ::signal(SIGPIPE, SIG_IGN);
  protect_memory();
  raise_descriptor_limit();
  keep_freed_memory();
  // It would write a line to stderr for each malformed string that a peer sends.
  google::protobuf::SetLogHandler(nullptr);

  CLI::App app{"Sotto's server: accounts, messages and files of the people you invite.", "sottod"};
  app.set_version_flag("--version", "sottod " SOTTO_VERSION);
  app.require_subcommand(1);
  app.footer(R"(
Examples:
  sottod serve --data ~/sotto-data --public-address chat.example.org:7443
  sottod invite --data ~/sotto-data --uses 5 --expires 7d

"sottod serve --help" and "sottod invite --help" show their options.)");
  bool verbose = false;

  sottod::ServeOptions serve;
  CLI::App* serving = app.add_subcommand("serve", "run the server");
  serving->add_option("--data", serve.data, "directory for everything the server keeps; made if missing")
      ->required();
  serving->add_option("--listen", serve.listen, "HOST:PORT; port 0 lets the system choose")
      ->capture_default_str();
  serving->add_option("--port-file", serve.port_file,
                      "written with the port number when the server is ready");
  serving->add_option("--public-address", serve.public_address, "HOST:PORT that invite links name");
  const std::map<std::string, server::Registration> kinds{{"invite", server::Registration::invite},
                                                          {"open", server::Registration::open},
                                                          {"closed", server::Registration::closed}};
  serving
      ->add_option("--registration", serve.registration, "who may register: invite (default), open or closed")
      ->transform(CLI::CheckedTransformer(kinds).description(""))
      ->type_name("KIND");
  serving->add_flag("--verbose", verbose, "log connections too");

  std::string data;
  std::string expires = "7d";
  std::string public_address;
  sottod::InviteOptions invite;
  CLI::App* inviting = app.add_subcommand("invite", "make an invite link; works while the server runs");
  inviting->add_option("--data", data, "the server's directory")->required();
  inviting->add_option("--uses", invite.uses, "how many people may use it")->capture_default_str();
  inviting->add_option("--expires", expires, "30m, 12h, 7d, 2w")->capture_default_str();
  inviting->add_option("--public-address", public_address, "HOST:PORT to name instead of the server's own");

  CLI11_PARSE(app, argc, argv);
  log_to_stderr(verbose ? log::Level::debug : log::Level::info);

  if (serving->parsed()) return sottod::run_serve(serve);
  const Result<std::int64_t> lifetime = sottod::parse_lifetime_ms(expires);
  if (!lifetime) {
    std::fprintf(stderr, "sottod: %s\n", lifetime.error().message.c_str());
    return 1;
  }
  invite.lifetime_ms = *lifetime;
  return sottod::run_invite(data, invite, public_address);
}
