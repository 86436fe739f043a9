#include "sotto/net/signals.hpp"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdlib>

#include "sotto/base/log.hpp"

namespace sotto::net {

Signals::Signals(Loop& loop, std::initializer_list<int> signals, std::function<void(int)> on_signal)
    : loop_(loop), on_signal_(std::move(on_signal)) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  socket_ = Socket(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!socket_.valid()) {
    log::error("signalfd_failed");
    std::abort();  // a program that cannot be stopped in order must not start
  }
  loop_.watch(socket_.fd(), EPOLLIN, *this);
}

Signals::~Signals() { loop_.unwatch(socket_.fd(), *this); }

void Signals::on_fd_ready(std::uint32_t) {
  // One a turn: the callback may destroy this object, and a level-triggered descriptor comes again.
  signalfd_siginfo info{};
  if (::read(socket_.fd(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return;
  const auto callback = on_signal_;
  callback(static_cast<int>(info.ssi_signo));
}

}  // namespace sotto::net
