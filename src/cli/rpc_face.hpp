// JSON-RPC on standard input and output: docs/rpc.md.
#pragma once

#include <memory>

#include "face.hpp"
#include "json_text.hpp"
#include "line_reader.hpp"
#include "rpc_server.hpp"

namespace sotto::cli {

class RpcFace final : public Face {
 public:
  RpcFace(FaceLoop& loop, int input, int output) : loop_(loop), input_(input), output_(output) {}

  void start(client::Commands& commands) override;
  void on_event(const client::Event& event) override;

 private:
  void write(std::string_view line);
  void finish();

  FaceLoop& loop_;
  int input_;
  int output_;
  LineReader reader_{kMaxLineBytes};
  std::unique_ptr<RpcServer> server_;
  std::vector<client::Event> early_;  // before start()
  bool finishing_ = false;
};

}  // namespace sotto::cli
