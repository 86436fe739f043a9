// Datagrams from anyone on the path, and from a far side that holds the keys but lies.
//
// First byte of the input: even, raw bytes to the unprotector; odd, a series of packets that are protected
// with the right key and then go to a whole engine. The raw buffer has its exact size between two pages that
// cannot be touched, because libsrtp itself is not built with a sanitizer.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "sotto/call/engine.hpp"
#include "sotto/srtp/srtp.hpp"

namespace {

using namespace sotto;

const Bytes kKey(32, 0x11), kOtherKey(32, 0x22), kSalt(12, 0x33);

// The last `size` bytes before a guard page, or the first after one.
class GuardedBuffer {
 public:
  GuardedBuffer() {
    page_ = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    auto* memory = static_cast<std::uint8_t*>(
        mmap(nullptr, 3 * page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (memory == MAP_FAILED) std::abort();
    middle_ = memory + page_;
    if (mprotect(memory, page_, PROT_NONE) != 0 || mprotect(middle_ + page_, page_, PROT_NONE) != 0)
      std::abort();
  }
  MutableByteView at_end(ByteView content) { return copy(middle_ + page_ - content.size(), content); }
  // libsrtp reads words: at the front, as allocators give them.
  MutableByteView at_front(ByteView content) { return copy(middle_, content); }

 private:
  MutableByteView copy(std::uint8_t* to, ByteView content) {
    if (!content.empty()) std::memcpy(to, content.data(), content.size());
    return {to, content.size()};
  }
  std::size_t page_ = 0;
  std::uint8_t* middle_ = nullptr;
};

call::CallEngine make_engine() {
  SeededRandom random(1);
  call::CallKeys keys{
      {SecretBytes(kOtherKey), SecretBytes(kSalt)}, {SecretBytes(kKey), SecretBytes(kSalt)}, "000000"};
  return *call::CallEngine::create(std::move(keys), random, TimePoint(std::chrono::seconds(1)));
}

void raw(ByteView input) {
  static GuardedBuffer buffer;
  static srtp::Unprotector unprotector = *srtp::Unprotector::create(kKey, kSalt);
  if (input.size() > rtp::kMaxDatagramBytes) return;
  for (const bool front : {false, true}) {
    const auto done = unprotector.unprotect_in_place(front ? buffer.at_front(input) : buffer.at_end(input));
    if (done) std::abort();  // nobody guesses a tag
  }
}

// Several packets, each a length byte and its content (times four: pictures need long ones).
void from_a_lying_peer(ByteView input) {
  auto protector = *srtp::Protector::create(kKey, kSalt);
  auto engine = make_engine();
  TimePoint now(std::chrono::seconds(1));
  while (input.size() >= 2) {
    const bool is_rtcp = (input[0] & 1) != 0;
    const std::size_t length = std::min<std::size_t>(std::size_t{input[1]} * 4, input.size() - 2);
    const ByteView content = input.subspan(2, length);
    now += std::chrono::milliseconds(input[0] >> 1);
    input = input.subspan(2 + length);
    const auto datagram = is_rtcp ? protector.protect_rtcp(content) : protector.protect_rtp(content);
    if (!datagram) continue;
    engine.handle_datagram(*datagram, now);
    std::size_t outputs = 0;
    for (auto& output : engine.poll_outputs()) {
      ++outputs;
      if (const auto* shown = std::get_if<call::CallEngine::ShowVideo>(&output)) {
        if (shown->unit.data.empty() || shown->unit.data.size() > codec::kMaxEncodedFrameBytes) std::abort();
      }
    }
    if (outputs > 5000) std::abort();
    if (now >= engine.next_deadline()) engine.handle_timeout(now);
  }
  (void)engine.stats(now);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const ByteView rest(data + 1, size - 1);
  if (data[0] % 2 == 0) {
    raw(rest);
  } else {
    from_a_lying_peer(rest);
  }
  return 0;
}
