// The rows of a conversation: messages with their grouping, day separators, the unread marker. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "desktop/model/model.hpp"

namespace sotto::desktop {

struct ItemKey {
  enum class Kind { start, day, unread, message };
  Kind kind = Kind::message;
  MessageId message;
  std::int64_t day = 0;
  friend bool operator==(const ItemKey&, const ItemKey&) = default;
};

struct Item {
  ItemKey key;
  std::size_t index = 0;  // of the message (day, unread: the message that follows)
  bool first_of_group = true, last_of_group = true;
  double gap = 0;  // above, dp
};

inline constexpr int kGroupSeconds = 300;
inline constexpr double kGapInGroup = 2, kGapBetween = 12, kGapSeparator = 16;

// `complete`: the true start of the conversation is loaded, so it begins with a line that says so.
std::vector<Item> make_items(const std::vector<MessageView>& messages, std::optional<MessageId> unread_from,
                             bool complete);

}  // namespace sotto::desktop
