// Lines that drive members of groups: each is answered by one JSON object, response or error.
#include <nlohmann/json.hpp>

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "interop/mls_interop/interop_client.hpp"
#include "sotto/base/random.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sotto::SeededRandom random(1);
  sotto::mls::interop::InteropClient client(random);
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  for (int i = 0; i < 32 && !rest.empty(); ++i) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const auto answer = nlohmann::json::parse(client.handle(line, 1700000000), nullptr, false);
    if (!answer.is_object() || answer.contains("response") == answer.contains("error")) std::abort();
  }
  return 0;
}
