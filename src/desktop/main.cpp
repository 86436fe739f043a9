// sotto: options, and the way from them to a window and a running client. Wiring only.
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include "desktop/platform/deferred_commands.hpp"
#include "desktop/platform/forward_events.hpp"
#include "desktop/platform/sdl_window.hpp"
#include "desktop/platform/settings.hpp"
#include "sotto/base/log.hpp"
#include "sotto/runtime/client_runtime.hpp"
#include "sotto/runtime/default_folders.hpp"

namespace {

using namespace sotto;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::string default_downloads() {
  std::string folder = runtime::default_downloads();
  return folder.empty() ? folder : folder + "/Sotto";
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 && name[0] != '\0' ? name.data() : "This computer";
}

// With the desktop's own program; never through a shell.
void open_with_desktop(const std::string& path) {
  std::string program = "xdg-open", argument = std::filesystem::absolute(path).string();
  std::array<char*, 3> arguments{program.data(), argument.data(), nullptr};
  pid_t child = 0;
  if (::posix_spawnp(&child, program.c_str(), nullptr, nullptr, arguments.data(), environ) != 0) return;
  std::thread([child] { ::waitpid(child, nullptr, 0); }).detach();
}

struct Arguments {
  runtime::ClientRuntimeOptions runtime;
  desktop::WindowOptions window;
  bool insecure = false, verbose = false;
  std::string size, position;
};

bool parse_pair(const std::string& text, char between, int& a, int& b) {
  const std::size_t at = text.find(between, 1);
  if (at == std::string::npos) return false;
  char* end = nullptr;
  a = static_cast<int>(std::strtol(text.c_str(), &end, 10));
  if (end != text.c_str() + at) return false;
  b = static_cast<int>(std::strtol(text.c_str() + at + 1, &end, 10));
  return *end == '\0';
}

int refuse(const std::string& sentence) {
  std::fprintf(stderr, "%s\n", sentence.c_str());
  return 1;
}

// The options again, for another attempt: a passphrase is never copied along.
runtime::ClientRuntimeOptions options_with(const runtime::ClientRuntimeOptions& from,
                                           std::optional<SecretBytes> passphrase) {
  runtime::ClientRuntimeOptions out;
  out.profile = from.profile;
  out.passphrase = std::move(passphrase);
  out.download_folder = from.download_folder;
  out.camera = from.camera;
  out.microphone = from.microphone;
  out.speaker = from.speaker;
  out.video_sink = from.video_sink;
  out.camera_log = from.camera_log;
  out.microphone_log = from.microphone_log;
  out.pictures = from.pictures;
  out.face = from.face;
  return out;
}

// The window, and the client behind it: there from the beginning, or as soon as the passphrase was entered.
class Program {
 public:
  explicit Program(Arguments& arguments) : a_(arguments) {
    a_.runtime.pictures = &window_.pictures();
    a_.runtime.face = [this](std::function<void()> task) { window_.queue().post(std::move(task)); };
  }
  ~Program() {
    if (opening_.joinable()) {
      opening_.join();
      // A client that was opened while the window closed is taken here, and stopped while there is a queue
      // for its last events.
      window_.queue().drain();
    }
    if (client_) client_->stop();
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  desktop::SdlWindow& window() { return window_; }

  Status begin(std::optional<SecretBytes> passphrase, bool ask) {
    if (ask) {
      a_.window.app.fresh = runtime::profile_seal(a_.runtime.profile) == runtime::ProfileSeal::fresh;
      a_.window.app.unlock = [this](SecretBytes entered, std::function<void(Status)> answer) {
        open_later(std::move(entered), std::move(answer));
      };
    } else {
      auto client = runtime::ClientRuntime::start(options_with(a_.runtime, std::move(passphrase)), events_);
      if (!client) return std::move(client).error();
      take(std::move(*client));
    }
    if (Status created = window_.create(a_.window, commands_); !created) return created;
    events_.to(window_.app().events());
    return ok_status();
  }

 private:
  void take(std::unique_ptr<runtime::ClientRuntime> client) {
    client_ = std::move(client);
    commands_.to(client_->commands());
  }

  // Making a key of a passphrase takes about a second: not on the window's thread.
  void open_later(SecretBytes passphrase, std::function<void(Status)> answer) {
    if (opening_.joinable()) opening_.join();
    auto entered = std::make_shared<SecretBytes>(std::move(passphrase));
    opening_ = std::thread([this, entered, answer = std::move(answer)] {
      using Opened = Result<std::unique_ptr<runtime::ClientRuntime>>;
      auto opened = std::make_shared<Opened>(
          runtime::ClientRuntime::start(options_with(a_.runtime, std::move(*entered)), events_));
      window_.queue().post([this, opened, answer] {
        if (*opened) take(std::move(**opened));
        answer(*opened ? ok_status() : Status(opened->error()));
      });
    });
  }

  Arguments& a_;
  desktop::SdlWindow window_;
  desktop::ForwardEvents events_;
  desktop::DeferredCommands commands_;
  std::thread opening_;
  std::unique_ptr<runtime::ClientRuntime> client_;
};

int run(Arguments& a) {
  // Without a passphrase in the environment the window asks for it.
  bool ask = false;
  auto passphrase = runtime::passphrase_from_environment(a.insecure);
  if (!passphrase) {
    ask = runtime::profile_seal(a.runtime.profile) != runtime::ProfileSeal::plain;
    if (!ask)
      return refuse("This profile was made without a passphrase. It is opened with --insecure-profile.");
  }
  const std::string settings_path = a.runtime.profile + "/window.json";
  desktop::WindowSettings settings = desktop::load_settings(settings_path);
  if (a.window.width == 0) {
    a.window.width = settings.width;
    a.window.height = settings.height;
  }
  const std::string theme = environment("SOTTO_THEME");
  a.window.app.dark = theme == "dark" || (theme != "light" && settings.dark);
  a.window.app.reduced_motion = !environment("SOTTO_REDUCE_MOTION").empty();
  a.window.app.device_name = host_name();
  a.window.app.open_path = open_with_desktop;
  a.window.app.remember_theme = [&settings, settings_path](bool dark) {
    settings.dark = dark;
    desktop::save_settings(settings_path, settings);
  };

  // Signals end the program the way the close button does. Blocked before any thread exists, so that only
  // the one that waits for them gets them.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  Program program(a);
  desktop::SdlWindow& window = program.window();
  Status begun = program.begin(passphrase ? std::move(*passphrase) : std::nullopt, ask);
  if (!begun) return refuse(begun.error().message);

  std::atomic<bool> done = false;
  std::thread waiter([&] {
    // Wakes now and then, so that it also ends when the window was closed.
    while (!done) {
      const timespec patience{0, 200'000'000};
      if (sigtimedwait(&signals, nullptr, &patience) > 0) return window.stop();
    }
  });
  window.run();
  done = true;
  waiter.join();
  if (const auto size = window.size(); size.first > 0 && !window.app().locked()) {
    settings.width = size.first;
    settings.height = size.second;
    settings.dark = window.app().dark();
    desktop::save_settings(settings_path, settings);
  }
  return 0;
}

void add_options(CLI::App& app, Arguments& a) {
  a.runtime.profile = runtime::default_profile();
  a.runtime.download_folder = default_downloads();
  app.add_option("--profile", a.runtime.profile, "folder of account and history")->capture_default_str();
  app.add_option("--downloads", a.runtime.download_folder, "where fetched files go")->capture_default_str();
  app.add_flag("--insecure-profile", a.insecure,
               "do without a passphrase: what is kept here is not encrypted");
  app.add_option("--invite", a.window.app.invite, "invite link to begin with");
  app.add_option("--size", a.size, "size of the window in pixels, WxH");
  app.add_option("--position", a.position, "place of the window in pixels, X,Y");
  app.add_option("--title", a.window.app.title, "name at the end of the window's title");
  app.add_flag("--verbose", a.verbose, "log more to standard error");
  const auto device = [&](const char* name, std::string& value, const char* help) {
    app.add_option(name, value, help)->group("Devices");
  };
  device("--camera", a.runtime.camera, "v4l2:DEVICE, screen:, lavfi:GRAPH, file:PATH or none");
  device("--microphone", a.runtime.microphone, "portaudio:[NAME], file:PATH.wav, tone:HZ or none");
  device("--speaker", a.runtime.speaker, "portaudio:[NAME], file:PATH.wav or none");
  device("--video-sink", a.runtime.video_sink,
         "file:PATH.y4m or none: the far side's pictures, beside the window");
  device("--camera-log", a.runtime.camera_log, "file for the moment of each captured frame");
  device("--microphone-log", a.runtime.microphone_log, "file for the moment of each captured block of sound");
  app.add_option("--test-socket", a.window.test_socket,
                 "read-only view of the window's elements, for its tests")
      ->group("Tests");
}

}  // namespace

int main(int argc, char** argv) {
  runtime::harden_process();
  CLI::App app{"Sotto: encrypted messages, files and calls.", "sotto"};
  app.set_version_flag("--version", "sotto " SOTTO_VERSION);
  app.footer(
      "\nThe profile is encrypted under a passphrase: the window asks for it, or SOTTO_PASSPHRASE has "
      "it.\nSOTTO_THEME=dark|light and SOTTO_SCALE=1.5 change the look for one start.");
  Arguments arguments;
  add_options(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (!arguments.size.empty() &&
      (!parse_pair(arguments.size, 'x', arguments.window.width, arguments.window.height) ||
       arguments.window.width < 200 || arguments.window.height < 200)) {
    std::fprintf(stderr, "--size takes WxH, such as 1080x720.\n");
    return 2;
  }
  if (int x = 0, y = 0; !arguments.position.empty()) {
    if (!parse_pair(arguments.position, ',', x, y)) {
      std::fprintf(stderr, "--position takes X,Y, such as 0,0.\n");
      return 2;
    }
    arguments.window.x = x;
    arguments.window.y = y;
  }
  log::set_sink(
      [](log::Level level, std::string_view text) {
        const std::string line = std::string(log::to_string(level)) + " " + std::string(text) + "\n";
        std::fputs(line.c_str(), stderr);
      },
      arguments.verbose ? log::Level::debug : log::Level::warning);
  return run(arguments);
}
