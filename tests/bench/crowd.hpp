// Many accounts on one sottod, logged in, for the benchmarks.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "support/raw_client.hpp"
#include "support/server_process.hpp"

namespace sotto::bench {

// --sottod PATH and other --NAME VALUE pairs.
class Arguments {
 public:
  Arguments(int argc, char** argv);
  std::string text(const std::string& name, const std::string& otherwise) const;
  int number(const std::string& name, int otherwise) const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

struct Member {
  std::unique_ptr<test::RawAccount> account;
  std::unique_ptr<test::RawClient> client;
};

// Registers and enrols `count` accounts, a few at a time. Ends the program on failure.
std::vector<Member> enrol(net::Loop& loop, const proto::InviteLink& server, int count);
void log_in(net::Loop& loop, const proto::InviteLink& server, std::vector<Member>& members);

// Runs the loop until `done`, or ends the program after two minutes without.
void run_until(net::Loop& loop, const std::function<bool()>& done, const char* what);

}  // namespace sotto::bench
