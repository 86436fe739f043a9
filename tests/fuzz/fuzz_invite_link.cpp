// Whatever is pasted as an invite link is refused, or read and written back to the same value.
#include <cstdlib>

#include "sotto/proto/invite_link.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sotto;
  const Result<proto::InviteLink> link = proto::parse_invite_link(as_text(ByteView(data, size)));
  if (!link) return 0;
  const Result<proto::InviteLink> again = proto::parse_invite_link(proto::to_string(*link));
  if (!again || !(*again == *link)) std::abort();
  return 0;
}
