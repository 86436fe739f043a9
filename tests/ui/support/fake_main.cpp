// The window over a scripted core: for tests/ui and for looking at screens. Not shipped.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "desktop/platform/sdl_window.hpp"
#include "ui/support/fake_core.hpp"

int main(int argc, char** argv) {
  using namespace sotto;
  desktop_test::Scenario scenario;
  desktop::WindowOptions options;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    const auto value = [&] { return i + 1 < argc ? std::string(argv[++i]) : std::string(); };
    if (name == "--start")
      scenario.signed_in = false;
    else if (name == "--empty")
      scenario.busy_history = false;
    else if (name == "--long")
      scenario.long_history = std::stoi(value());
    else if (name == "--replies")
      scenario.replies = true;
    else if (name == "--incoming")
      scenario.incoming = value();
    else if (name == "--no-peer-camera")
      scenario.peer_camera = false;
    else if (name == "--offline")
      scenario.offline = true;
    else if (name == "--identity-changed")
      scenario.identity_changed = true;
    else if (name == "--dark")
      options.app.dark = true;
    else if (name == "--invite")
      options.app.invite = value();
    else if (name == "--test-socket")
      options.test_socket = value();
    else if (name == "--title")
      options.app.title = value();
    else if (name == "--position")
      value();
    else if (name == "--size") {
      const std::string size = value();
      options.width = std::stoi(size);
      options.height = std::stoi(size.substr(size.find('x') + 1));
    } else {
      std::fprintf(stderr, "unknown option %s\n", name.c_str());
      return 2;
    }
  }
  options.app.device_name = "Laptop";
  options.x = 0;
  options.y = 0;
  const WallTime now{std::chrono::duration_cast<std::chrono::milliseconds>(
                         std::chrono::system_clock::now().time_since_epoch())
                         .count()};
  desktop::SdlWindow window;
  desktop_test::FakeCore core(scenario, now);
  const Status created = window.create(options, core);
  if (!created) {
    std::fprintf(stderr, "%s\n", created.error().message.c_str());
    return 1;
  }
  core.attach(window.app().events(), &window.pictures());
  window.run();
  return 0;
}
