#include "crowd.hpp"

#include <cstdlib>

#include "bench_support.hpp"

namespace sotto::bench {
namespace {

constexpr int kAtATime = 32;

}  // namespace

Arguments::Arguments(int argc, char** argv) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (!name.starts_with("--")) die("usage: " + std::string(argv[0]) + " --sottod PATH [--NAME VALUE]...");
    values_.emplace_back(name.substr(2), argv[i + 1]);
  }
}

std::string Arguments::text(const std::string& name, const std::string& otherwise) const {
  for (const auto& [key, value] : values_) {
    if (key == name) return value;
  }
  return otherwise;
}

int Arguments::number(const std::string& name, int otherwise) const {
  const std::string value = text(name, "");
  return value.empty() ? otherwise : std::atoi(value.c_str());
}

void run_until(net::Loop& loop, const std::function<bool()>& done, const char* what) {
  const TimePoint end = loop.now() + std::chrono::minutes(2);
  while (!done()) {
    if (loop.now() > end) die(std::string("gave up waiting: ") + what);
    loop.run_once(std::chrono::milliseconds(100));
  }
}

std::vector<Member> enrol(net::Loop& loop, const proto::InviteLink& server, int count) {
  std::vector<Member> members;
  std::vector<std::unique_ptr<test::RawEnrolment>> running(static_cast<std::size_t>(count));
  int started = 0;
  std::vector<std::size_t> finished;
  const TimePoint end = loop.now() + std::chrono::minutes(20);
  while (static_cast<int>(members.size()) < count) {
    if (loop.now() > end) die("registering takes too long");
    while (started < count && started - static_cast<int>(members.size()) < kAtATime) {
      const auto index = static_cast<std::size_t>(started++);
      running[index] =
          std::make_unique<test::RawEnrolment>(loop, server, "member" + std::to_string(index),
                                               [&, index](Result<std::unique_ptr<test::RawAccount>> made) {
                                                 if (!made) die(made.error().message);
                                                 members.push_back({std::move(*made), nullptr});
                                                 finished.push_back(index);
                                               });
    }
    loop.run_once(std::chrono::milliseconds(100));
    for (const std::size_t index : finished) running[index].reset();
    finished.clear();
  }
  return members;
}

void log_in(net::Loop& loop, const proto::InviteLink& server, std::vector<Member>& members) {
  std::size_t done = 0;
  std::size_t started = 0;
  while (done < members.size()) {
    while (started < members.size() && started - done < kAtATime) {
      Member& member = members[started++];
      member.client = std::make_unique<test::RawClient>(loop, server);
      member.client->connect(member.account.get(), [&](Status status) {
        if (!status) die("logging in: " + status.error().message);
        if (as_bytes(member.client->hello().device()).empty()) die("the server does not know the device");
        ++done;
      });
    }
    loop.run_once(std::chrono::milliseconds(100));
  }
  for (Member& member : members) {
    member.client->on_closed_by_server = [](const net::Closed& closed) {
      die("lost: " + closed.error.message);
    };
  }
}

}  // namespace sotto::bench
