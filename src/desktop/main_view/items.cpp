#include "desktop/main_view/items.hpp"

#include "desktop/base/format.hpp"

namespace sotto::desktop {
namespace {

bool plain(const MessageView& m) { return m.kind == MessageKind::text || m.kind == MessageKind::file; }

bool same_group(const MessageView& a, const MessageView& b) {
  const std::int64_t gap = b.time.ms - a.time.ms;
  return plain(a) && plain(b) && a.own == b.own && a.sender == b.sender && gap <= kGroupSeconds * 1000 &&
         gap >= -kGroupSeconds * 1000;
}

}  // namespace

std::vector<Item> make_items(const std::vector<MessageView>& messages, std::optional<MessageId> unread_from,
                             bool complete) {
  std::vector<Item> items;
  items.reserve(messages.size() + 8);
  if (complete && !messages.empty())
    items.push_back({{ItemKey::Kind::start, {}, 0}, 0, true, true, kGapSeparator});
  std::optional<std::int64_t> day;
  Item* previous = nullptr;
  const auto push = [&](Item item) {
    items.push_back(item);
    return &items.back();
  };
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const MessageView& m = messages[i];
    const std::int64_t own_day = civil(m.time).day_number;
    bool separated = previous == nullptr;
    if (!day || *day != own_day) {
      push({{ItemKey::Kind::day, m.id, own_day}, i, true, true, kGapSeparator});
      separated = true;
      day = own_day;
    }
    if (unread_from && *unread_from == m.id) {
      push({{ItemKey::Kind::unread, m.id, 0}, i, true, true, kGapSeparator});
      separated = true;
    }
    const bool joins = !separated && same_group(messages[i - 1], m);
    if (joins) {
      // `previous` may have moved with the vector: it is always the last element here.
      items.back().last_of_group = false;
    }
    Item item{{ItemKey::Kind::message, m.id, 0},
              i,
              !joins,
              true,
              joins       ? kGapInGroup
              : separated ? kGapSeparator
                          : kGapBetween};
    previous = push(item);
  }
  return items;
}

}  // namespace sotto::desktop
