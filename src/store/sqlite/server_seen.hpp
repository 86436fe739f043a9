// Which messages the conversations written to now have got before, in a few bytes each, so that appending a
// new one asks neither inbox nor database.
//
//   SeenMessages::Talk* talk = seen.find(conversation);
//   if (talk == nullptr) talk = &seen.begin(conversation), and add() each message that is to be known again
//   for (std::size_t probe = 0; auto seq = talk->candidate(print, probe);) look up whether entry seq is this
//   message seen.add(*talk, print, seq)
//
// Never misses a message that was added; also offers entries that were undone or forgotten since and, hardly
// ever, another message's of the same print. Prints are keyed, because senders choose their messages' ids.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "sotto/base/ids.hpp"

namespace sotto::store::sqlite {

class SeenMessages {
 public:
  using Key = std::array<std::uint64_t, 4>;
  SeenMessages();  // a random key
  explicit SeenMessages(const Key& key) : key_(key) {}

  // Open addressing, at least half of the slots free. A slot has the print above the sequence number, and 0,
  // which is no sequence number, is a free one.
  class Talk {
   public:
    // The next entry with this print; `probe` is 0 at first.
    std::optional<std::int64_t> candidate(std::uint32_t print, std::size_t& probe) const;

   private:
    friend class SeenMessages;
    bool insert(std::uint64_t slot);
    std::vector<std::uint64_t> slots_ = std::vector<std::uint64_t>(16);
    std::size_t used_ = 0;
  };

  // nullptr: not known. Valid until the next call of find() or begin().
  Talk* find(std::int64_t conversation);
  Talk& begin(std::int64_t conversation);  // one that find() does not know
  std::uint32_t print(std::int64_t device, MessageId message) const;
  void add(Talk& talk, std::uint32_t print, std::int64_t seq);

  // How many of a conversation are worth loading.
  static constexpr std::size_t kMaxMessages = 1U << 17;

 private:
  // 32 MiB in all. When it is reached everything is forgotten: find() says so, and who writes is loaded
  // again.
  static constexpr std::size_t kMaxSlots = 1U << 22;

  Key key_;
  std::unordered_map<std::int64_t, Talk> talks_;
  std::size_t slots_ = 0;  // of all conversations
};

}  // namespace sotto::store::sqlite
