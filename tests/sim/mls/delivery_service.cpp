#include "delivery_service.hpp"

namespace sotto::mls::sim {
namespace {

constexpr Epoch kLateApplicationEpochs = 2;  // what clients can be expected to read still
constexpr std::uint64_t kMaxDelayMs = 400;

}  // namespace

bool DeliveryService::post(LogEntry entry, TimePoint now, const std::vector<std::size_t>& online) {
  const bool in_time = entry.kind == EntryKind::application ? entry.epoch + kLateApplicationEpochs >= epoch_
                                                            : entry.epoch == epoch_;
  if (!in_time) return false;
  if (entry.kind == EntryKind::commit) ++epoch_;
  for (const std::size_t to : online) {
    if (random_.below(100) < 25) continue;  // lost
    const std::uint64_t copies = random_.below(100) < 15 ? 2 : 1;
    for (std::uint64_t i = 0; i < copies; ++i) {
      const auto delay = std::chrono::milliseconds(random_.below(kMaxDelayMs));
      const bool damage = random_.below(100) < 15;
      pushes_.emplace(now + delay, Push{to, log_.size(),
                                        damage ? damaged(entry.message, random_) : entry.message, damage});
    }
  }
  log_.push_back(std::move(entry));
  return true;
}

std::optional<Push> DeliveryService::next_push(TimePoint now) {
  if (pushes_.empty() || pushes_.begin()->first > now) return std::nullopt;
  return std::move(pushes_.extract(pushes_.begin()).mapped());
}

Bytes damaged(ByteView message, Random& random) {
  Bytes out = to_bytes(message);
  const std::uint64_t where = random.u64() % out.size();
  switch (random.below(5)) {
    case 0: out.resize(where); break;
    case 1: out.push_back(static_cast<std::uint8_t>(random.u64())); break;
    case 2: out.insert(out.begin() + static_cast<std::ptrdiff_t>(where), 0x17); break;
    default: out[where] ^= static_cast<std::uint8_t>(1U << random.below(8)); break;
  }
  // Inserting before an equal byte shifts nothing but the end; it still is another message, being longer.
  return out;
}

}  // namespace sotto::mls::sim
