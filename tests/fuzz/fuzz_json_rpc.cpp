// Lines from outside through the whole JSON-RPC layer: cutting, parsing, checking parameters, answering.
#include <cstdint>
#include <cstdlib>

#include "cli/json_text.hpp"
#include "cli/line_reader.hpp"
#include "cli/rpc_server.hpp"
#include "unit/cli/fake_commands.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sotto;
  cli::test::FakeCommands commands;
  cli::RpcServer server(commands, [](std::string_view line) {
    // What goes out has to be one line of valid JSON, whatever came in.
    if (line.find('\n') != std::string_view::npos || !cli::Json::accept(line)) std::abort();
  });
  cli::LineReader reader(cli::kMaxLineBytes);
  const auto on_line = [&](std::string_view line) { server.on_line(line); };
  // In two pieces, so that the border between reads is somewhere.
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto part : {text.substr(0, size / 3), text.substr(size / 3)}) {
    reader.feed(part, on_line, [&] { server.on_overlong_line(); });
  }
  reader.finish(on_line);
  if (server.pending() != 0) std::abort();
  return 0;
}
