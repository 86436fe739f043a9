// File names from other people: whatever comes in, what comes out is one harmless path component.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "client/file_name.hpp"
#include "client/utf8.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sotto::client;
  const std::string name = neutral_file_name({reinterpret_cast<const char*>(data), size});
  const auto require = [](bool holds) {
    if (!holds) std::abort();
  };
  require(!name.empty() && name.size() <= kMaxFileName + 1);
  require(is_utf8(name));
  require(name.find_first_of(std::string_view("/\\:*?\"<>|\0", 10)) == std::string::npos);
  require(name.front() != '.' && name.front() != '-' && name.front() != ' ');
  require(name.back() != '.' && name.back() != ' ');
  for (const char c : name) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
  require(neutral_file_name(name) == name);
  (void)file_type_of(name);
  return 0;
}
