#include "desktop/main_view/scroll_anchor.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "sotto/base/random.hpp"

namespace sotto::desktop {
namespace {

class FakeList final : public ListSource {
 public:
  void append(double height) { rows.push_back({next_id(), height}); }
  void prepend(double height) { rows.insert(rows.begin(), {next_id(), height}); }
  std::size_t count() const override { return rows.size(); }
  ItemKey key(std::size_t index) const override {
    ItemKey key;
    key.message = rows[index].first;
    return key;
  }
  double height(std::size_t index) override {
    ++measured;
    return rows[index].second;
  }
  std::optional<std::size_t> find(const ItemKey& key) const override {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i].first == key.message) return i;
    }
    return std::nullopt;
  }
  std::vector<std::pair<MessageId, double>> rows;
  int measured = 0;

 private:
  MessageId next_id() { return random_.id<MessageId>(); }
  SeededRandom random_{1};
};

std::optional<double> y_of(const std::vector<Placed>& rows, const FakeList& list, const MessageId& id) {
  for (const Placed& row : rows) {
    if (list.rows[row.index].first == id) return row.y;
  }
  return std::nullopt;
}

class Scrolling : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 100; ++i) list.append(30 + i % 5 * 10);
  }
  FakeList list;
  ScrollAnchor anchor;
  static constexpr double kView = 400;
};

TEST_F(Scrolling, begins_at_the_end) {
  const auto rows = anchor.place(list, kView);
  EXPECT_EQ(rows.back().index, 99u);
  EXPECT_DOUBLE_EQ(rows.back().y + rows.back().height, kView);
  EXPECT_LE(rows.front().y, 0);
  EXPECT_TRUE(anchor.at_end());
}

TEST_F(Scrolling, older_messages_move_nothing) {
  anchor.scroll_by(-1000, list, kView);
  const auto before = anchor.place(list, kView);
  const MessageId seen = list.rows[before[2].index].first;
  for (int i = 0; i < 80; ++i) list.prepend(55);
  const auto after = anchor.place(list, kView);
  EXPECT_DOUBLE_EQ(*y_of(after, list, seen), before[2].y);
}

TEST_F(Scrolling, new_messages_move_nothing_while_reading) {
  anchor.scroll_by(-500, list, kView);
  const auto before = anchor.place(list, kView);
  const MessageId seen = list.rows[before[1].index].first;
  for (int i = 0; i < 30; ++i) list.append(40);
  EXPECT_DOUBLE_EQ(*y_of(anchor.place(list, kView), list, seen), before[1].y);
  EXPECT_FALSE(anchor.at_end());
}

TEST_F(Scrolling, new_messages_are_followed_at_the_end) {
  list.append(70);
  const auto rows = anchor.place(list, kView);
  EXPECT_EQ(rows.back().index, 100u);
  EXPECT_DOUBLE_EQ(rows.back().y + rows.back().height, kView);
}

TEST_F(Scrolling, a_height_that_changes_above_moves_nothing) {
  anchor.scroll_by(-700, list, kView);
  const auto before = anchor.place(list, kView);
  // The first row that lies wholly inside is the anchor; what is above it grows upwards.
  const auto inside = std::ranges::find_if(before, [](const Placed& r) { return r.y >= 0; });
  const MessageId seen = list.rows[inside->index].first;
  list.rows[inside->index - 1].second += 200;
  list.rows[inside->index - 5].second += 77;
  EXPECT_DOUBLE_EQ(*y_of(anchor.place(list, kView), list, seen), inside->y);
}

TEST_F(Scrolling, stops_at_both_ends) {
  EXPECT_EQ(anchor.scroll_by(500, list, kView), 0);
  EXPECT_TRUE(anchor.at_end());
  anchor.scroll_by(-1e6, list, kView);
  const auto top = anchor.place(list, kView);
  EXPECT_EQ(top.front().index, 0u);
  EXPECT_DOUBLE_EQ(top.front().y, 0);
  anchor.scroll_by(1e6, list, kView);
  EXPECT_TRUE(anchor.at_end());
}

TEST_F(Scrolling, there_and_back_is_the_same_place) {
  anchor.scroll_by(-800, list, kView);
  const auto before = anchor.place(list, kView);
  anchor.scroll_by(-333, list, kView);
  anchor.scroll_by(333, list, kView);
  const auto after = anchor.place(list, kView);
  ASSERT_EQ(before.size(), after.size());
  EXPECT_EQ(before.front().index, after.front().index);
  EXPECT_NEAR(before.front().y, after.front().y, 1e-6);
}

TEST_F(Scrolling, short_content_stands_at_the_end) {
  FakeList few;
  few.append(30);
  few.append(40);
  ScrollAnchor fresh;
  const auto rows = fresh.place(few, kView);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_DOUBLE_EQ(rows[0].y, kView - 70);
  fresh.scroll_by(-100, few, kView);
  EXPECT_DOUBLE_EQ(fresh.place(few, kView)[0].y, kView - 70);
}

TEST_F(Scrolling, an_item_can_be_brought_to_a_height) {
  anchor.to_item(list.key(40), ScrollAnchor::Edge::top, 100);
  EXPECT_DOUBLE_EQ(*y_of(anchor.place(list, kView), list, list.rows[40].first), 100);
  // Too near the end to stand at 100: the end wins.
  anchor.to_item(list.key(99), ScrollAnchor::Edge::top, 100);
  const auto rows = anchor.place(list, kView);
  EXPECT_DOUBLE_EQ(rows.back().y + rows.back().height, kView);
}

TEST_F(Scrolling, a_deleted_anchor_leaves_the_neighbourhood) {
  anchor.scroll_by(-1000, list, kView);
  const auto before = anchor.place(list, kView);
  const auto inside = std::ranges::find_if(before, [](const Placed& r) { return r.y >= 0; });
  const std::size_t index = inside->index;
  list.rows.erase(list.rows.begin() + static_cast<std::ptrdiff_t>(index));
  const auto after = anchor.place(list, kView);
  EXPECT_NEAR(static_cast<double>(after.front().index), static_cast<double>(before.front().index), 2);
}

TEST_F(Scrolling, measures_only_what_is_near) {
  for (int i = 0; i < 100'000; ++i) list.rows.push_back({list.rows[0].first, 40});
  list.measured = 0;
  anchor.place(list, kView);
  EXPECT_LT(list.measured, 60);
}

TEST_F(Scrolling, an_empty_list_has_no_rows) {
  FakeList none;
  EXPECT_TRUE(ScrollAnchor().place(none, kView).empty());
}

}  // namespace
}  // namespace sotto::desktop
