#include "client.hpp"

#include "failure.hpp"

namespace sotto::mls::sim {

Status Disk::write(const StateChanges& changes) {
  if (failed_) return fail(ErrorCode::storage, "the disk is gone");
  std::size_t count = changes.list.size();
  if (cut_) {
    count = count * *cut_ / 256;
    failed_ = true;
    cut_.reset();
  }
  for (std::size_t i = 0; i < count; ++i) {
    const StateChange& change = changes.list[i];
    bytes_written += change.key.size() + (change.value ? change.value->size() : 0);
    change.apply_to(records);
  }
  if (failed_) return fail(ErrorCode::storage, "the power failed");
  return ok_status();
}

std::size_t client_of(const Credential& credential) {
  const std::string text = to_string(ByteView(credential.identity));
  require(text.starts_with("client "), "a member is nobody that the simulation knows");
  return std::stoul(text.substr(7));
}

}  // namespace sotto::mls::sim
