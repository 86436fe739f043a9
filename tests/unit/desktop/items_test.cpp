#include "desktop/main_view/items.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace sotto::desktop {
namespace {

class Items : public ::testing::Test {
 protected:
  void SetUp() override {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
  }
  MessageView& add(bool own, std::int64_t seconds, MessageKind kind = MessageKind::text) {
    MessageView m;
    m.id.mutable_bytes()[0] = static_cast<std::uint8_t>(messages.size() + 1);
    m.own = own;
    m.sender.mutable_bytes()[0] = own ? 1 : 2;
    m.time = {kNoon + seconds * 1000};
    m.kind = kind;
    m.order = messages.size();
    messages.push_back(m);
    return messages.back();
  }
  std::vector<Item> bubbles(const std::vector<Item>& items) {
    std::vector<Item> out;
    for (const Item& item : items) {
      if (item.key.kind == ItemKey::Kind::message) out.push_back(item);
    }
    return out;
  }
  static constexpr std::int64_t kNoon = 1'795'262'400'000;  // 2026-11-21 12:00 UTC
  std::vector<MessageView> messages;
};

TEST_F(Items, five_minutes_make_a_group_and_a_second_more_does_not) {
  add(true, 0);
  add(true, 299);
  add(true, 299 + 301);
  const auto rows = bubbles(make_items(messages, std::nullopt, false));
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_TRUE(rows[0].first_of_group);
  EXPECT_FALSE(rows[0].last_of_group);
  EXPECT_FALSE(rows[1].first_of_group);
  EXPECT_TRUE(rows[1].last_of_group);
  EXPECT_EQ(rows[1].gap, kGapInGroup);
  EXPECT_TRUE(rows[2].first_of_group);
  EXPECT_EQ(rows[2].gap, kGapBetween);
}

TEST_F(Items, another_sender_or_a_call_ends_a_group) {
  add(true, 0);
  add(false, 1);
  add(false, 2, MessageKind::call);
  add(false, 3);
  for (const Item& row : bubbles(make_items(messages, std::nullopt, false))) {
    EXPECT_TRUE(row.first_of_group);
    EXPECT_TRUE(row.last_of_group);
  }
}

TEST_F(Items, midnight_separates_even_within_a_group) {
  add(true, 43'190);
  add(true, 43'210);
  const auto items = make_items(messages, std::nullopt, false);
  ASSERT_EQ(items.size(), 4u);
  EXPECT_EQ(items[0].key.kind, ItemKey::Kind::day);
  EXPECT_EQ(items[2].key.kind, ItemKey::Kind::day);
  EXPECT_NE(items[0].key.day, items[2].key.day);
  EXPECT_TRUE(items[1].last_of_group);
  EXPECT_TRUE(items[3].first_of_group);
}

TEST_F(Items, the_unread_marker_stands_before_the_first_unread_and_splits_its_group) {
  add(false, 0);
  const MessageId unread = add(false, 1).id;
  add(false, 2);
  const auto items = make_items(messages, unread, false);
  ASSERT_EQ(items.size(), 5u);
  EXPECT_EQ(items[2].key.kind, ItemKey::Kind::unread);
  EXPECT_TRUE(items[1].last_of_group);
  EXPECT_TRUE(items[3].first_of_group);
  EXPECT_FALSE(items[4].first_of_group);
}

TEST_F(Items, the_start_is_only_claimed_when_it_is_known) {
  add(true, 0);
  EXPECT_EQ(make_items(messages, std::nullopt, true).front().key.kind, ItemKey::Kind::start);
  EXPECT_EQ(make_items(messages, std::nullopt, false).front().key.kind, ItemKey::Kind::day);
  EXPECT_TRUE(make_items({}, std::nullopt, true).empty());
}

}  // namespace
}  // namespace sotto::desktop
