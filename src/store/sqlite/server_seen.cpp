#include "sqlite/server_seen.hpp"

#include <cstring>
#include <utility>

#include "sotto/crypto/random.hpp"

namespace sotto::store::sqlite {

SeenMessages::SeenMessages() : key_{crypto::system_random().u64(), crypto::system_random().u64()} {}

// The 128-bit product of both halves, each mixed with a secret, folded.
std::uint64_t SeenMessages::print(MessageId message) const {
  std::uint64_t halves[2];
  std::memcpy(halves, message.bytes().data(), sizeof halves);
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(halves[0] ^ key_[0]) * (halves[1] ^ key_[1]);
  const auto folded = static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  return folded == 0 ? 1 : folded;
}

std::size_t SeenMessages::Prints::place(std::uint64_t print) const {
  std::size_t at = print & (slots.size() - 1);
  while (slots[at] != 0 && slots[at] != print) at = (at + 1) & (slots.size() - 1);
  return at;
}

bool SeenMessages::Prints::contains(std::uint64_t print) const { return slots[place(print)] != 0; }

void SeenMessages::Prints::insert(std::uint64_t print) {
  const std::size_t at = place(print);
  if (slots[at] != 0) return;
  slots[at] = print;
  if (++used * 2 < slots.size()) return;
  const std::vector<std::uint64_t> old = std::exchange(slots, std::vector<std::uint64_t>(slots.size() * 2));
  for (const std::uint64_t one : old) {
    if (one != 0) slots[place(one)] = one;
  }
}

void SeenMessages::begin(std::int64_t device) {
  if (total_ >= kMaxPrints) forget();
  devices_.try_emplace(device);
}

void SeenMessages::add(std::int64_t device, MessageId message) {
  const auto found = devices_.find(device);
  if (found == devices_.end()) return;
  const std::size_t before = found->second.used;
  found->second.insert(print(message));
  total_ += found->second.used - before;
}

bool SeenMessages::maybe(std::int64_t device, MessageId message) const {
  const auto found = devices_.find(device);
  return found == devices_.end() || found->second.contains(print(message));
}

void SeenMessages::forget() {
  devices_.clear();
  total_ = 0;
}

}  // namespace sotto::store::sqlite
