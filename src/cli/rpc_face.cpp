#include "rpc_face.hpp"

namespace sotto::cli {
namespace {

// Requests that were sent before the end of the input are answered, but a bot that is gone must not keep us.
constexpr std::chrono::milliseconds kFinishPatience{5000};

}  // namespace

void RpcFace::start(client::Commands& commands) {
  server_ = std::make_unique<RpcServer>(commands, [this](std::string_view line) { write(line); });
  for (const client::Event& event : early_) server_->on_event(event);
  early_.clear();
  loop_.on_signal([this] { finish(); });
  loop_.watch_input(
      input_,
      [this](std::string_view bytes) {
        reader_.feed(
            bytes, [this](std::string_view line) { server_->on_line(line); },
            [this] { server_->on_overlong_line(); });
      },
      [this] {
        reader_.finish([this](std::string_view line) { server_->on_line(line); });
        finish();
      });
}

void RpcFace::on_event(const client::Event& event) {
  if (server_) {
    server_->on_event(event);
  } else {
    early_.push_back(event);
  }
}

void RpcFace::write(std::string_view line) {
  std::string out(line);
  out += '\n';
  // Nobody reads any more: the same as the end of the input.
  if (!write_all(output_, out)) return loop_.stop(kExitDone);
  if (finishing_ && server_->pending() == 0) loop_.stop(kExitDone);
}

void RpcFace::finish() {
  finishing_ = true;
  if (server_->pending() == 0) return loop_.stop(kExitDone);
  loop_.after(kFinishPatience, [this] { loop_.stop(kExitDone); });
}

}  // namespace sotto::cli
