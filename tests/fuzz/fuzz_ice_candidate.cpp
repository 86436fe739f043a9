// A candidate or credentials from the far side: what is accepted is written and read back the same.
#include <cstdint>
#include <cstdlib>

#include "sotto/base/bytes.hpp"
#include "sotto/ice/candidate.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sotto;
  const std::string_view text = as_text({data, size});
  static_cast<void>(ice::check_credentials(text.substr(0, size / 2), text.substr(size / 2)).ok());
  const auto candidate = ice::parse_candidate(text);
  if (!candidate) return 0;
  auto expected = *candidate;
  if (expected.related_address.empty()) expected.related_port = 0;
  const auto again = ice::parse_candidate(ice::to_text(*candidate));
  if (!again || !(*again == expected)) std::abort();
  return 0;
}
