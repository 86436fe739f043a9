// What a member of a conversation, or the server, can hand to the client: sealed messages, plain bodies,
// contents.
#include <cstdint>
#include <cstdlib>

#include "client/content.hpp"
#include "client/sealed_message.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sotto;
  if (size == 0) return 0;
  const ByteView input(data + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      if (const auto message = client::decode_sealed_message(input)) {
        // One spelling for one value.
        if (!equal(client::encode(*message), input)) std::abort();
      }
      break;
    case 1:
      if (const auto body = client::decode_plain_body(input)) {
        const auto again = client::decode_plain_body(client::encode_padded(*body));
        if (!again || again->counter != body->counter || again->content != body->content ||
            again->members != body->members || again->signature != body->signature) {
          std::abort();
        }
      }
      break;
    default:
      if (const auto content = client::parse_content(input)) {
        if (!client::parse_content(client::serialise(*content)) &&
            client::serialise(*content).size() <= client::kMaxContentBytes) {
          std::abort();
        }
      }
  }
  return 0;
}
