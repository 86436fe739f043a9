#include "sqlite/server_seen.hpp"

#include <cstring>
#include <utility>

#include "sotto/crypto/random.hpp"

namespace sotto::store::sqlite {
namespace {

// The 128-bit product, folded.
std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

SeenMessages::SeenMessages() {
  for (std::uint64_t& part : key_) part = crypto::system_random().u64();
}

std::uint32_t SeenMessages::print(std::int64_t device, MessageId message) const {
  std::uint64_t halves[2];
  std::memcpy(halves, message.bytes().data(), sizeof halves);
  const std::uint64_t mixed = mix(halves[0] ^ key_[0], halves[1] ^ key_[1]);
  return static_cast<std::uint32_t>(mix(mixed ^ key_[2], static_cast<std::uint64_t>(device) ^ key_[3]));
}

std::optional<std::int64_t> SeenMessages::Talk::candidate(std::uint32_t print, std::size_t& probe) const {
  while (true) {
    const std::uint64_t slot = slots_[(print + probe) & (slots_.size() - 1)];
    if (slot == 0) return std::nullopt;
    ++probe;
    if (slot >> 32 == print) return static_cast<std::int64_t>(slot & 0xffffffff);
  }
}

// False: it was there before.
bool SeenMessages::Talk::insert(std::uint64_t slot) {
  std::size_t at = (slot >> 32) & (slots_.size() - 1);
  for (; slots_[at] != 0; at = (at + 1) & (slots_.size() - 1)) {
    if (slots_[at] == slot) return false;
  }
  slots_[at] = slot;
  return true;
}

SeenMessages::Talk* SeenMessages::find(std::int64_t conversation) {
  if (slots_ >= kMaxSlots) {
    talks_.clear();
    slots_ = 0;
  }
  const auto found = talks_.find(conversation);
  return found == talks_.end() ? nullptr : &found->second;
}

SeenMessages::Talk& SeenMessages::begin(std::int64_t conversation) {
  Talk& talk = talks_.try_emplace(conversation).first->second;
  slots_ += talk.slots_.size();
  return talk;
}

void SeenMessages::add(Talk& talk, std::uint32_t print, std::int64_t seq) {
  if (!talk.insert(static_cast<std::uint64_t>(print) << 32 | static_cast<std::uint64_t>(seq))) return;
  if (++talk.used_ * 2 < talk.slots_.size()) return;
  slots_ += talk.slots_.size();
  const std::vector<std::uint64_t> old =
      std::exchange(talk.slots_, std::vector<std::uint64_t>(talk.slots_.size() * 2));
  for (const std::uint64_t slot : old) {
    if (slot != 0) talk.insert(slot);
  }
}

}  // namespace sotto::store::sqlite
