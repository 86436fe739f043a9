// The server's entries on their way from the inbox to the log: nobody may notice.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "sotto/base/random.hpp"
#include "sotto/store_sqlite/server_store.hpp"
#include "support/temp_dir.hpp"

namespace sotto::store {
namespace {

class ServerInboxTest : public testing::Test {
 protected:
  static constexpr int kTalks = 3;

  void SetUp() override {
    open();
    ASSERT_TRUE(store_->begin(Access::write));
    for (int i = 0; i < kTalks + 1; ++i) {
      const Account account{random_.id<UserId>(),
                            "user" + std::to_string(i),
                            "",
                            "phc",
                            false,
                            Identity{Bytes(32, 1), Bytes{2}},
                            now_};
      ASSERT_TRUE(store_->accounts().add(account));
      users_.push_back(account.user);
      const Device device{random_.id<DeviceId>(), account.user, "",   Bytes{1}, Bytes(32, 2),
                          Bytes(64, 3),           now_,         now_, false};
      ASSERT_TRUE(store_->devices().add(device));
      devices_.push_back(device.device);
    }
    for (std::size_t i = 1; i <= kTalks; ++i) {
      const auto talk =
          store_->conversations().open_direct(users_[0], users_[i], random_.id<ConversationId>(), now_);
      ASSERT_TRUE(talk);
      talks_.push_back(talk->conversation);
    }
    ASSERT_TRUE(store_->commit());
  }
  void open() {
    store_.reset();
    auto opened = open_sqlite_server_store(dir_.file("sotto.db"));
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = *std::move(opened);
  }

  struct Sent {
    std::size_t talk;
    MessageId message;
    std::uint64_t seq;
    std::string payload;
  };
  // Within a transaction.
  void append(std::size_t talk) {
    Sent sent{talk, random_.id<MessageId>(), 0, "message " + std::to_string(sent_.size())};
    const auto done = store_->log().append(talks_[talk], devices_[0], sent.message, sent.payload, now_);
    ASSERT_TRUE(done);
    ASSERT_FALSE(done->repeated);
    sent.seq = done->seq;
    sent_.push_back(std::move(sent));
  }
  void append_batches(int batches, int size) {
    for (int i = 0; i < batches; ++i) {
      ASSERT_TRUE(store_->begin(Access::write));
      for (int j = 0; j < size; ++j) append(static_cast<std::size_t>(i + j) % kTalks);
      ASSERT_TRUE(store_->commit());
    }
  }
  // Everything that was sent is there once, in order, in pages of any size.
  void expect_all(std::uint32_t page_size) {
    for (std::size_t talk = 0; talk < kTalks; ++talk) {
      std::vector<std::string> expected;
      for (const Sent& sent : sent_) {
        if (sent.talk == talk) expected.push_back(sent.payload);
      }
      std::vector<std::string> found;
      for (bool more = true; more;) {
        const auto page = store_->log().fetch(talks_[talk], found.size(), page_size, 1 << 20);
        ASSERT_TRUE(page);
        for (const LogEntry& entry : page->entries) {
          EXPECT_EQ(entry.seq, found.size() + 1);
          EXPECT_EQ(entry.sender_device, devices_[0]);
          EXPECT_EQ(entry.sender_user, users_[0]);
          found.push_back(entry.payload);
        }
        more = page->more;
      }
      EXPECT_EQ(found, expected);
      EXPECT_EQ(store_->conversations().get(talks_[talk])->last_seq, expected.size());
    }
  }
  void expect_repetitions_recognised() {
    ASSERT_TRUE(store_->begin(Access::write));
    for (const Sent& sent : sent_) {
      const auto again = store_->log().append(talks_[sent.talk], devices_[0], sent.message, "changed", now_);
      ASSERT_TRUE(again);
      EXPECT_TRUE(again->repeated);
      EXPECT_EQ(again->seq, sent.seq);
    }
    ASSERT_TRUE(store_->commit());
  }

  // From outside, as another process would.
  void execute(const char* sql) {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(dir_.file("sotto.db").c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
    sqlite3_close(db);
  }
  std::int64_t number(const char* sql) {
    sqlite3* db = nullptr;
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_open(dir_.file("sotto.db").c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_prepare_v2(db, sql, -1, &statement, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
    EXPECT_EQ(sqlite3_step(statement), SQLITE_ROW);
    const std::int64_t value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return value;
  }

  test::TempDir dir_;
  SeededRandom random_{3};
  WallTime now_{1'700'000'000'000};
  std::unique_ptr<ServerStore> store_;
  std::vector<UserId> users_;
  std::vector<DeviceId> devices_;
  std::vector<ConversationId> talks_;
  std::vector<Sent> sent_;
};

TEST_F(ServerInboxTest, keeps_order_and_repetitions_while_entries_move_and_over_a_restart) {
  append_batches(150, 100);  // 15,000: more than stay in the inbox
  expect_all(500);
  expect_all(7);
  expect_repetitions_recognised();
  open();
  expect_all(500);
  expect_repetitions_recognised();
  append_batches(3, 100);
  expect_all(500);
}

TEST_F(ServerInboxTest, forgets_what_was_undone_with_its_part_or_its_transaction) {
  append_batches(2, 10);
  const std::vector<Sent> kept = sent_;
  ASSERT_TRUE(store_->begin(Access::write));
  append(0);
  store_->rollback();
  ASSERT_TRUE(store_->begin(Access::write));
  sent_ = kept;
  append(1);
  const std::vector<Sent> with_one = sent_;
  ASSERT_TRUE(store_->begin_part());
  append(1);
  const Sent undone = sent_.back();
  store_->undo_part();
  sent_ = with_one;
  const auto again = store_->log().append(talks_[1], devices_[0], undone.message, undone.payload, now_);
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->repeated);
  EXPECT_EQ(again->seq, undone.seq);
  sent_.push_back(undone);
  ASSERT_TRUE(store_->commit());
  expect_all(100);
  expect_repetitions_recognised();
}

TEST_F(ServerInboxTest, does_not_offer_what_everyone_has_wherever_it_lies) {
  append_batches(150, 100);
  for (const int upto : {100, 3000}) {
    ASSERT_TRUE(store_->begin(Access::write));
    for (const std::size_t device : {0U, 1U}) {
      ASSERT_TRUE(store_->log().ack(talks_[0], devices_[device], static_cast<std::uint64_t>(upto)));
    }
    ASSERT_TRUE(store_->log().prune(talks_[0]));
    ASSERT_TRUE(store_->commit());
    const auto page = store_->log().fetch(talks_[0], 0, 5, 1 << 20);
    ASSERT_TRUE(page);
    ASSERT_FALSE(page->entries.empty());
    EXPECT_EQ(page->entries.front().seq, static_cast<std::uint64_t>(upto) + 1);
    EXPECT_FALSE(page->entries.front().payload.empty());
  }
  // What everyone has leaves the log, and is not written there when it moves.
  EXPECT_EQ(number("SELECT count(*) FROM log WHERE id >> 32 = 1 AND id & 0xffffffff <= 3000"), 0);
  EXPECT_EQ(number("SELECT count(*) FROM log WHERE payload = x''"), 0);
  open();
  expect_repetitions_recognised();
  // Housekeeping moves the rest, and then forgets what is old enough.
  ASSERT_TRUE(store_->begin(Access::write));
  ASSERT_TRUE(store_->log().forget(WallTime{0}));
  ASSERT_TRUE(store_->commit());
  expect_repetitions_recognised();
  for (bool more = true; more;) {
    ASSERT_TRUE(store_->begin(Access::write));
    const auto result = store_->log().forget(WallTime{now_.ms + 1});
    ASSERT_TRUE(result);
    more = *result;
    ASSERT_TRUE(store_->commit());
  }
  const auto page = store_->log().fetch(talks_[0], 0, 5, 1 << 20);
  EXPECT_EQ(page->entries.front().seq, 3001U);
  // Whole rows are forgotten: at least the oldest thousand is gone, and nothing that somebody still has to
  // fetch.
  ASSERT_TRUE(store_->begin(Access::write));
  const auto oldest = std::ranges::find_if(sent_, [](const Sent& s) { return s.talk == 0; });
  const auto again = store_->log().append(talks_[0], devices_[0], oldest->message, "again", now_);
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->repeated);
  ASSERT_TRUE(store_->commit());
  std::erase_if(sent_, [](const Sent& s) { return s.talk == 0 && s.seq <= 3000; });
  expect_repetitions_recognised();
}

TEST_F(ServerInboxTest, keeps_entries_whose_moving_failed_and_moves_them_later) {
  execute("CREATE TRIGGER refuse BEFORE INSERT ON sent BEGIN SELECT RAISE(ABORT, 'refused'); END");
  append_batches(130, 100);
  EXPECT_EQ(number("SELECT count(*) FROM sent") + number("SELECT count(*) FROM log"), 0);
  expect_all(500);
  expect_repetitions_recognised();
  execute("DROP TRIGGER refuse");
  append_batches(45, 100);
  EXPECT_GT(number("SELECT count(*) FROM sent"), 0);
  expect_all(500);
  expect_repetitions_recognised();
  open();
  expect_all(500);
  expect_repetitions_recognised();
}

TEST_F(ServerInboxTest, reads_after_a_crash_what_was_moved_once_and_knows_it_again) {
  // A copy of the files at any time is what a killed process leaves behind.
  const std::string live = dir_.file("sotto.db");
  const std::string left = dir_.file("left.db");
  for (int round = 0; round < 4; ++round) {
    append_batches(round == 0 ? 121 : 2, 100);  // across the commit after which entries move
    for (const char* part : {"", "-wal"}) {
      std::filesystem::copy_file(live + part, left + part, std::filesystem::copy_options::overwrite_existing);
    }
    std::filesystem::remove(left + "-shm");
    auto running = std::move(store_);
    auto opened = open_sqlite_server_store(left);
    ASSERT_TRUE(opened);
    store_ = *std::move(opened);
    expect_all(500);
    expect_repetitions_recognised();
    store_ = std::move(running);
  }
  EXPECT_GT(number("SELECT count(*) FROM sent"), 0);
}

TEST_F(ServerInboxTest, leaves_its_entries_alone_while_another_process_writes_something_else) {
  append_batches(1, 50'000);  // some stay, more than enough to be moved next
  ASSERT_GT(number("SELECT count(*) FROM inbox"), 0);
  {
    auto other = open_sqlite_server_store(dir_.file("sotto.db"));
    ASSERT_TRUE(other);
    ASSERT_TRUE((*other)->begin(Access::write));
    ASSERT_TRUE((*other)->invites().add(Invite{Bytes(32, 1), 1, now_}, now_));
    ASSERT_TRUE((*other)->commit());
  }
  append_batches(3, 100);
  ASSERT_TRUE(store_->begin(Access::write));
  ASSERT_TRUE(store_->log().forget(WallTime{0}));
  ASSERT_TRUE(store_->commit());
  EXPECT_EQ(number("SELECT count(*) FROM inbox"), 0) << "moved, nothing was in the way";
  expect_all(500);
  expect_repetitions_recognised();
  open();
  expect_all(500);
}

}  // namespace
}  // namespace sotto::store
