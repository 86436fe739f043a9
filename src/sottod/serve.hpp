// `sottod serve`: start-up, run, clean end.
#pragma once

#include <string>

#include "sotto/server/core.hpp"

namespace sotto::sottod {

struct ServeOptions {
  std::string data;
  std::string listen = "0.0.0.0:7443";
  std::string port_file;
  std::string public_address;
  server::Registration registration = server::Registration::invite;
};

// The program's exit code: 0 after SIGTERM or SIGINT, 1 when it could not start or the disk failed.
int run_serve(const ServeOptions& options);

}  // namespace sotto::sottod
