// mls-interop: lets another MLS implementation, or a script, drive src/mls. One JSON object a line on
// standard input, one answer a line on standard output, in order; ends with its input.
#include <chrono>
#include <cstdio>
#include <iostream>

#include "interop_client.hpp"
#include "sotto/crypto/random.hpp"

namespace {

using sotto::mls::interop::kMaxLineBytes;

// False at the end of the input. A line over the limit is read to its end, but kept only one byte past the
// limit: enough for its refusal.
bool read_line(std::streambuf& in, std::string& line) {
  line.clear();
  int c = in.sbumpc();
  if (c == std::streambuf::traits_type::eof()) return false;
  for (; c != '\n' && c != std::streambuf::traits_type::eof(); c = in.sbumpc()) {
    if (line.size() <= kMaxLineBytes) line.push_back(static_cast<char>(c));
  }
  return true;
}

std::uint64_t now_s() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(since).count());
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  sotto::mls::interop::InteropClient client(sotto::crypto::system_random());
  std::string line;
  while (read_line(*std::cin.rdbuf(), line)) {
    std::cout << client.handle(line, now_s()) << '\n' << std::flush;
    if (!std::cout) return 1;
  }
  return 0;
}
