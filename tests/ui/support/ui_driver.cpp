#include "ui/support/ui_driver.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace sotto::desktop_test {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kPoll = std::chrono::milliseconds(50);

[[noreturn]] void run_in_child(const std::vector<std::string>& words,
                               const std::vector<std::string>& environment, int output) {
  ::dup2(output, 1);
  ::dup2(output, 2);
  for (const std::string& entry : environment) {
    const std::size_t equals = entry.find('=');
    ::setenv(entry.substr(0, equals).c_str(), entry.substr(equals + 1).c_str(), 1);
  }
  std::vector<std::string> copy = words;
  std::vector<char*> raw;
  for (std::string& word : copy) raw.push_back(word.data());
  raw.push_back(nullptr);
  ::execvp(raw[0], raw.data());
  ::_exit(127);
}

}  // namespace

std::string run_program(const std::vector<std::string>& words, const std::string& display) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  const pid_t child = ::fork();
  if (child == 0) {
    std::vector<std::string> environment{"LC_ALL=C.UTF-8"};
    if (!display.empty()) environment.push_back("DISPLAY=" + display);
    run_in_child(words, environment, pipe[1]);
  }
  ::close(pipe[1]);
  std::string out;
  std::array<char, 1024> buffer{};
  for (ssize_t got = 0; (got = ::read(pipe[0], buffer.data(), buffer.size())) > 0;)
    out.append(buffer.data(), static_cast<std::size_t>(got));
  ::close(pipe[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (status != 0) throw std::runtime_error(words.front() + " failed: " + out);
  return out;
}

Process::Process(std::vector<std::string> words, std::vector<std::string> environment,
                 const std::string& log) {
  const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  pid_ = ::fork();
  if (pid_ == 0) run_in_child(words, environment, file);
  ::close(file);
  if (pid_ < 0) throw std::runtime_error("no process for " + words.front());
}

Process::~Process() {
  if (pid_ > 0) stop();
}

bool Process::running() {
  if (pid_ <= 0) return false;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) == 0) return true;
  pid_ = -1;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return false;
}

int Process::stop() {
  if (pid_ <= 0) return -1;
  ::kill(pid_, SIGTERM);
  int status = 0;
  const auto patience = Clock::now() + std::chrono::seconds(8);
  while (::waitpid(pid_, &status, WNOHANG) == 0) {
    if (Clock::now() > patience) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, &status, 0);
      break;
    }
    std::this_thread::sleep_for(kPoll);
  }
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Display::Display(const std::string& size) {
  // -displayfd: the server picks a free number and writes it when it is ready.
  const std::string fifo = folder_.file("number");
  const std::string script = "exec Xvfb -displayfd 3 -screen 0 " + size + "x24 -nolisten tcp 3>" + fifo;
  server_ = std::make_unique<Process>(std::vector<std::string>{"sh", "-c", script},
                                      std::vector<std::string>{}, folder_.file("log"));
  const auto patience = Clock::now() + std::chrono::seconds(15);
  while (true) {
    std::ifstream in(fifo);
    std::string line;
    if (std::getline(in, line) && in.good() && !line.empty()) {
      name_ = ":" + line;
      return;
    }
    if (!server_->running() || Clock::now() > patience) throw std::runtime_error("Xvfb did not start");
    std::this_thread::sleep_for(kPoll);
  }
}

void Display::screenshot(const std::string& file) const {
  run_program({"import", "-window", "root", file}, name_);
}

Window::Window(const Display& display, std::string program, std::vector<std::string> arguments,
               const std::string& folder, const std::string& title, int x,
               const std::vector<std::string>& environment)
    : display_(display),
      socket_(folder + "/" + title + ".sock"),
      title_(title),
      x_(x),
      process_(
          [&] {
            std::vector<std::string> words{std::move(program)};
            words.insert(words.end(), arguments.begin(), arguments.end());
            words.insert(words.end(), {"--test-socket", socket_, "--title", title, "--position",
                                       std::to_string(x) + ",0"});
            return words;
          }(),
          [&] {
            std::vector<std::string> all{"DISPLAY=" + display.name(),
                                         "SDL_VIDEODRIVER=x11",
                                         "SDL_RENDER_DRIVER=software",
                                         "LC_ALL=C.UTF-8",
                                         "TZ=UTC",
                                         "HOME=" + folder};
            all.insert(all.end(), environment.begin(), environment.end());
            return all;
          }(),
          folder + "/" + title + ".log") {
  const auto patience = Clock::now() + std::chrono::seconds(20);
  while (true) {
    try {
      ask({{"q", "stats"}});
      return;
    } catch (const std::runtime_error&) {
      if (!process_.running() || Clock::now() > patience) {
        std::ifstream in(folder + "/" + title + ".log");
        std::ostringstream log;
        log << in.rdbuf();
        throw std::runtime_error("the window " + title + " did not open: " + log.str());
      }
    }
    std::this_thread::sleep_for(kPoll);
  }
}

std::string Window::talk(const std::string& line) {
  const int connection = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_.c_str(), std::min(socket_.size() + 1, sizeof address.sun_path));
  std::string reply;
  if (::connect(connection, static_cast<const sockaddr*>(static_cast<const void*>(&address)),
                sizeof address) == 0 &&
      ::send(connection, line.data(), line.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(line.size())) {
    std::array<char, 4096> buffer{};
    while (reply.empty() || reply.back() != '\n') {
      pollfd waiting{connection, POLLIN, 0};
      if (::poll(&waiting, 1, 5000) <= 0) break;
      const ssize_t got = ::read(connection, buffer.data(), buffer.size());
      if (got <= 0) break;
      reply.append(buffer.data(), static_cast<std::size_t>(got));
    }
  }
  ::close(connection);
  if (reply.empty() || reply.back() != '\n')
    throw std::runtime_error("the window " + title_ + " does not answer");
  return reply;
}

Json Window::ask(const Json& question) { return Json::parse(talk(question.dump() + "\n")); }

Json Window::find(const std::string& id) { return ask({{"q", "find"}, {"id", id}}).at("element"); }

void Window::give_up(const std::string& what) {
  // Everything that is shown, one element a line, and a picture beside the window's log.
  std::string shown;
  for (const Json& e : ask({{"q", "tree"}}).at("elements")) {
    shown += "\n  " + e.at("id").get<std::string>() + " '" + e.at("label").get<std::string>() + "' = '" +
             e.at("value").get<std::string>() + "'";
  }
  if (const char* folder = std::getenv("SOTTO_UI_FAILURES"))
    display_.screenshot(std::string(folder) + "/failure-" + title_ + ".png");
  throw std::runtime_error(title_ + ": waited in vain for " + what + shown);
}

Json Window::wait_for(const std::string& id, const std::function<bool(const Json&)>& holds, int seconds) {
  const auto patience = Clock::now() + std::chrono::seconds(seconds);
  Json last;
  while (Clock::now() < patience) {
    last = find(id);
    if (!last.is_null() && (!holds || holds(last))) return last;
    std::this_thread::sleep_for(kPoll);
  }
  give_up(id + ", it is " + last.dump());
}

void Window::wait_gone(const std::string& id, int seconds) {
  const auto patience = Clock::now() + std::chrono::seconds(seconds);
  while (!find(id).is_null()) {
    if (Clock::now() > patience) throw std::runtime_error(title_ + ": " + id + " does not go away");
    std::this_thread::sleep_for(kPoll);
  }
}

Json Window::wait_prefix(const std::string& prefix, const std::function<bool(const Json&)>& holds,
                         int seconds) {
  const auto patience = Clock::now() + std::chrono::seconds(seconds);
  Json tree;
  while (Clock::now() < patience) {
    tree = ask({{"q", "tree"}});
    for (const Json& element : tree.at("elements")) {
      if (element.at("id").get<std::string>().starts_with(prefix) && (!holds || holds(element)))
        return element;
    }
    std::this_thread::sleep_for(kPoll);
  }
  give_up(prefix + "*");
}

void Window::take_focus() {
  // The window whose title ends in ours.
  std::string found = run_program({"xdotool", "search", "--name", title_ + "$"}, display_.name());
  run_program({"xdotool", "windowfocus", "--sync", found.substr(0, found.find('\n'))}, display_.name());
}

void Window::move_to(const std::string& id) {
  const Json rect = wait_for(id).at("rect");
  const int x = x_ + rect[0].get<int>() + rect[2].get<int>() / 2,
            y = rect[1].get<int>() + rect[3].get<int>() / 2;
  run_program({"xdotool", "mousemove", std::to_string(x), std::to_string(y)}, display_.name());
}

void Window::click_on(const Json& element) {
  const Json& rect = element.at("rect");
  const int x = x_ + rect[0].get<int>() + rect[2].get<int>() / 2,
            y = rect[1].get<int>() + rect[3].get<int>() / 2;
  run_program({"xdotool", "mousemove", std::to_string(x), std::to_string(y), "click", "1"}, display_.name());
}

void Window::click(const std::string& id) {
  click_on(wait_for(id, [](const Json& e) { return e.at("enabled").get<bool>(); }));
}

void Window::key(const std::string& keys) {
  run_program({"xdotool", "key", "--delay", "20", keys}, display_.name());
}

void Window::type(const std::string& text) {
  run_program({"xdotool", "type", "--delay", "15", text}, display_.name());
}

void Window::paste(const std::string& text) {
  test::TempDir folder;
  {
    std::ofstream out(folder.file("text"));
    out << text;
  }
  // xclip stays to serve the selection; its output must not keep us waiting.
  run_program(
      {"sh", "-c", "xclip -selection clipboard -i <\"$1\" >/dev/null 2>&1", "sh", folder.file("text")},
      display_.name());
  key("ctrl+v");
}

std::string Window::focus() { return ask({{"q", "tree"}}).at("focus").get<std::string>(); }

std::uint64_t Window::frames() { return ask({{"q", "stats"}}).at("frames").get<std::uint64_t>(); }

double Window::cpu_seconds() const {
  std::ifstream in("/proc/" + std::to_string(process_.pid()) + "/stat");
  std::string text((std::istreambuf_iterator<char>(in)), {});
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string skip;
  for (int i = 0; i < 11; ++i) fields >> skip;
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

int Window::quit() { return process_.stop(); }

}  // namespace sotto::desktop_test
