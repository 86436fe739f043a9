// sotto-cli: options, and the way from them to a face and a running client.
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <cstdlib>

#include "chat_face.hpp"
#include "command_face.hpp"
#include "password.hpp"
#include "rpc_face.hpp"
#include "sotto/base/log.hpp"
#include "sotto/runtime/client_runtime.hpp"
#include "sotto/runtime/default_folders.hpp"
#include "terminal_text.hpp"

namespace {

using namespace sotto;
using namespace sotto::cli;

constexpr const char* kFooter = R"(
Examples:
  export SOTTO_PASSPHRASE='encrypts what is kept on this computer'
  sotto-cli register 'sotto://example.org:7443/?ca=...&token=...' --username alice
  sotto-cli send bob "See you at eight"
  sotto-cli chat bob
  sotto-cli --camera screen: call bob --video

Passwords are asked for at the terminal, or read from SOTTO_PASSWORD or --password-stdin; never from options.
Exit codes: 0 done, 1 refused or failed (standard error says why), 2 wrong usage.
Bots and scripts: sotto-cli rpc, described in docs/rpc.md.)";

void print_line(int fd, std::string_view line) {
  std::string out(line);
  out += '\n';
  write_all(fd, out);
}

Output standard_output() {
  return {[](std::string_view line) { print_line(STDOUT_FILENO, line); },
          [](std::string_view line) { print_line(STDERR_FILENO, line); }};
}

void log_to_stderr(log::Level least) {
  log::set_sink(
      [](log::Level level, std::string_view text) {
        print_line(STDERR_FILENO, std::string(log::to_string(level)) + " " + std::string(text));
      },
      least);
}

struct Arguments {
  runtime::ClientRuntimeOptions options;
  bool insecure = false, verbose = false;
  PasswordSource password;
  client::RegisterParams registration;
  client::LoginParams login;
  std::string username, text, path, message;
  int limit = 50;
  CallRequest call;
};

using MakeFace = std::function<Result<std::unique_ptr<Face>>(FaceLoop& loop, Arguments& arguments)>;

void add_account_commands(CLI::App& app, Arguments& a, MakeFace& make) {
  auto* registering = app.add_subcommand("register", "make an account with an invite link");
  registering->add_option("LINK", a.registration.server, "invite link, or the address of an open server")
      ->required();
  registering->add_option("--username", a.registration.username, "2 to 32 of a-z 0-9 . _ -")->required();
  registering->add_option("--invite", a.registration.invite, "invite code, when it is not in the link");
  registering->add_option("--display-name", a.registration.display_name, "the name that others see");
  registering->add_option("--device-name", a.registration.device_name, "the name of this device");
  registering->add_flag("--password-stdin", a.password.from_stdin, "read the password from standard input");
  registering->callback([&make] {
    make = [](FaceLoop& loop, Arguments& args) -> Result<std::unique_ptr<Face>> {
      args.password.repeat = true;
      auto password = obtain_password(args.password, "New password");
      if (!password) return std::move(password).error();
      args.registration.password = std::move(*password);
      return make_register(loop, standard_output(), std::move(args.registration));
    };
  });

  auto* signing_in = app.add_subcommand("login", "sign in to an account that exists");
  signing_in->add_option("SERVER", a.login.server, "address of the server, or an invite link of it")
      ->required();
  signing_in->add_option("--username", a.login.username)->required();
  signing_in->add_option("--device-name", a.login.device_name, "the name of this device");
  signing_in->add_flag("--replace-device", a.login.replace_device,
                       "sign the account's other device out for good");
  signing_in->add_flag("--password-stdin", a.password.from_stdin, "read the password from standard input");
  signing_in->callback([&make] {
    make = [](FaceLoop& loop, Arguments& args) -> Result<std::unique_ptr<Face>> {
      auto password = obtain_password(args.password, "Password");
      if (!password) return std::move(password).error();
      args.login.password = std::move(*password);
      return make_login(loop, standard_output(), std::move(args.login));
    };
  });

  const auto plain = [&](const char* name, const char* help,
                         std::unique_ptr<Face> (*maker)(FaceLoop&, Output)) {
    app.add_subcommand(name, help)->callback([&make, maker] {
      make = [maker](FaceLoop& loop, Arguments&) -> Result<std::unique_ptr<Face>> {
        return maker(loop, standard_output());
      };
    });
  };
  plain("logout", "sign out: account and history leave this device", make_logout);
  plain("status", "who this profile is, and whether the server is reached", make_status);
  plain("contacts", "list the people you know", make_contacts);
}

void add_message_commands(CLI::App& app, Arguments& a, MakeFace& make) {
  auto* sending = app.add_subcommand("send", "send one message");
  sending->add_option("USER", a.username, "user name")->required();
  sending->add_option("TEXT", a.text, "the message")->required();
  sending->callback([&make] {
    make = [](FaceLoop& loop, Arguments& args) -> Result<std::unique_ptr<Face>> {
      return make_send(loop, standard_output(), args.username, args.text);
    };
  });

  auto* history = app.add_subcommand("history", "print the newest messages with somebody");
  history->add_option("USER", a.username, "user name")->required();
  history->add_option("--limit", a.limit, "how many")->check(CLI::Range(1, 500))->capture_default_str();
  history->callback([&make] {
    make = [](FaceLoop& loop, Arguments& args) -> Result<std::unique_ptr<Face>> {
      return make_history(loop, standard_output(), args.username, args.limit);
    };
  });

  auto* files = app.add_subcommand("files", "send and fetch files");
  files->require_subcommand(1);
  auto* sending_file = files->add_subcommand("send", "send a file");
  sending_file->add_option("USER", a.username, "user name")->required();
  sending_file->add_option("PATH", a.path, "the file")->required();
  sending_file->callback([&make] {
    make = [](FaceLoop& loop, Arguments& args) -> Result<std::unique_ptr<Face>> {
      return make_send_file(loop, standard_output(), args.username, args.path);
    };
  });
  auto* fetching = files->add_subcommand("fetch", "fetch a file that somebody sent");
  fetching->add_option("MESSAGE", a.message, "id of the message, as history prints it")->required();
  fetching->add_option("PATH", a.path, "file or folder to save to (default: the download folder)");
  fetching->callback([&make] {
    make = [](FaceLoop& loop, Arguments& args) -> Result<std::unique_ptr<Face>> {
      const auto id = MessageId::from_string(args.message);
      if (!id) return fail(ErrorCode::invalid_argument, "A message id has 32 hexadecimal digits.");
      return make_fetch_file(loop, standard_output(), *id, args.path);
    };
  });
}

void add_live_commands(CLI::App& app, Arguments& a, MakeFace& make) {
  auto* calling = app.add_subcommand("call", "call somebody");
  calling->add_option("USER", a.call.username, "user name")->required();
  calling->add_flag("--video", a.call.video, "with picture");
  calling->add_option("--seconds", a.call.seconds, "hang up after so many seconds of talk")
      ->check(CLI::Range(1, 86400));
  calling->callback([&make] {
    make = [](FaceLoop& loop, Arguments& args) -> Result<std::unique_ptr<Face>> {
      return make_call(loop, standard_output(), args.call);
    };
  });

  auto* chatting = app.add_subcommand("chat", "chat in this terminal");
  chatting->add_option("USER", a.username, "whose conversation to open");
  chatting->callback([&make] {
    make = [](FaceLoop& loop, Arguments& args) -> Result<std::unique_ptr<Face>> {
      return std::unique_ptr<Face>(
          std::make_unique<ChatFace>(loop, standard_output(), STDIN_FILENO, args.username));
    };
  });

  app.add_subcommand("rpc", "JSON-RPC 2.0 on standard input and output (docs/rpc.md)")->callback([&make] {
    make = [](FaceLoop& loop, Arguments&) -> Result<std::unique_ptr<Face>> {
      return std::unique_ptr<Face>(std::make_unique<RpcFace>(loop, STDIN_FILENO, STDOUT_FILENO));
    };
  });
}

void add_options(CLI::App& app, Arguments& a) {
  a.options.profile = runtime::default_profile();
  a.options.download_folder = runtime::default_downloads();
  app.add_option("--profile", a.options.profile, "folder of account and history")->capture_default_str();
  app.add_option("--downloads", a.options.download_folder, "where fetched files go")->capture_default_str();
  app.add_flag("--insecure-profile", a.insecure,
               "do without SOTTO_PASSPHRASE: what is kept here is not encrypted");
  app.add_flag("--verbose", a.verbose, "log more to standard error");
  const auto device = [&](const char* name, std::string& value, const char* help) {
    app.add_option(name, value, help)->group("Devices");
  };
  device("--camera", a.options.camera, "v4l2:DEVICE, screen:, lavfi:GRAPH, file:PATH or none");
  device("--microphone", a.options.microphone, "portaudio:[NAME], file:PATH.wav, tone:HZ or none");
  device("--speaker", a.options.speaker, "portaudio:[NAME], file:PATH.wav or none");
  device("--video-sink", a.options.video_sink, "file:PATH.y4m or none: the far side's pictures");
  device("--camera-log", a.options.camera_log, "file for the moment of each captured frame");
  device("--microphone-log", a.options.microphone_log, "file for the moment of each captured block of sound");
}

int run(Arguments& arguments, const MakeFace& make) {
  const auto refuse = [](const Error& error, int code) {
    print_line(STDERR_FILENO, printable(error.message));
    return code;
  };
  auto passphrase = runtime::passphrase_from_environment(arguments.insecure);
  if (!passphrase) return refuse(passphrase.error(), kExitFailed);
  arguments.options.passphrase = std::move(*passphrase);
  FaceLoop loop;
  auto face = make(loop, arguments);
  if (!face) return refuse(face.error(), kExitFailed);
  arguments.options.face = loop.executor();
  auto client = runtime::ClientRuntime::start(std::move(arguments.options), **face);
  if (!client) return refuse(client.error(), kExitFailed);
  (*face)->start((*client)->commands());
  const int code = loop.run();
  (*client)->stop();
  return code;
}

bool is_command(const CLI::App& app, const std::string& name) {
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_name() == name) return true;
  }
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  runtime::harden_process();
  CLI::App app{"Sotto: encrypted messages, files and calls, from the terminal.", "sotto-cli"};
  app.set_version_flag("--version", "sotto-cli " SOTTO_VERSION);
  app.require_subcommand(1);
  app.footer(kFooter);
  Arguments arguments;
  MakeFace make;
  add_options(app, arguments);
  add_account_commands(app, arguments, make);
  add_message_commands(app, arguments, make);
  add_live_commands(app, arguments, make);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // "A subcommand is required" is no help to somebody who mistyped one.
    const std::string first = argc > 1 && *argv[1] != '\0' ? argv[1] : "-";
    if (first.front() != '-' && !is_command(app, first)) {
      print_line(STDERR_FILENO, "There is no command " + printable(first) + ". See: sotto-cli --help");
      return kExitUsage;
    }
    return app.exit(error) == 0 ? kExitDone : kExitUsage;
  }
  log_to_stderr(arguments.verbose ? log::Level::debug : log::Level::warning);
  return run(arguments, make);
}
