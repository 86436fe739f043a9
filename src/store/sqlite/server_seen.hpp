// Which messages the devices that write now have sent before, in a few bytes each, so that appending a new one
// asks neither log nor inbox.
//
//   if (!seen.knows(device)) load all of its messages;   // begin(device), then add() for each
//   if (seen.maybe(device, message)) look it up; else it is new
//   seen.add(device, message)
//
// Never says no to a message that was added; says maybe wrongly for one that was undone or forgotten and, hardly
// ever, for two whose prints are the same. Prints are keyed, because senders choose their messages' ids.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "sotto/base/ids.hpp"

namespace sotto::store::sqlite {

class SeenMessages {
 public:
  SeenMessages();
  bool knows(std::int64_t device) const { return devices_.contains(device); }
  // Starts the device's set; forgets all other devices if there is no room.
  void begin(std::int64_t device);
  void add(std::int64_t device, MessageId message);
  bool maybe(std::int64_t device, MessageId message) const;
  void forget();
  // Of one device; what has sent more is not loaded.
  static constexpr std::size_t kMaxMessages = 1U << 20;

 private:
  // Open addressing; 0 is a free slot, and at least half of them are free.
  struct Prints {
    std::vector<std::uint64_t> slots = std::vector<std::uint64_t>(16);
    std::size_t used = 0;
    bool contains(std::uint64_t print) const;
    void insert(std::uint64_t print);
    std::size_t place(std::uint64_t print) const;
  };
  static constexpr std::size_t kMaxPrints = 2 * kMaxMessages;  // of all devices: 32 MiB at most
  std::uint64_t print(MessageId message) const;

  std::uint64_t key_[2];
  std::unordered_map<std::int64_t, Prints> devices_;
  std::size_t total_ = 0;
};

}  // namespace sotto::store::sqlite
