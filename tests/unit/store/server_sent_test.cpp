// How the server's store knows a repeated message again: prints, packs, and what may be wrong with them.
#include <gtest/gtest.h>

#include <numeric>

#include "sotto/base/random.hpp"
#include "sotto/store_sqlite/server_store.hpp"
#include "sqlite/server_log_id.hpp"
#include "sqlite/server_repositories.hpp"
#include "support/temp_dir.hpp"

namespace sotto::store::sqlite {
namespace {

class ServerSentTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string path = dir_.file("sotto.db");
    const auto store = open_sqlite_server_store(path);
    ASSERT_TRUE(store);
    ASSERT_TRUE((*store)->begin(Access::write));
    for (const UserId user : {alice_, bob_}) {
      ASSERT_TRUE((*store)->accounts().add(Account{user, user == alice_ ? "alice" : "bob", "", "phc", false,
                                                   Identity{Bytes(32, 1), Bytes{2}}, now_}));
    }
    for (const DeviceId device : {phone_, tablet_}) {
      ASSERT_TRUE((*store)->devices().add(
          Device{device, alice_, "", Bytes{1}, Bytes(32, 2), Bytes(64, 3), now_, now_, false}));
    }
    ASSERT_TRUE((*store)->conversations().open_direct(alice_, bob_, talk_, now_));
    ASSERT_TRUE((*store)->commit());
    ASSERT_TRUE(db_.open(path));
    ASSERT_TRUE(inbox_.load());
    row_ = *rows_.conversation(talk_);
  }

  // A message whose first half is 0: under the key 0 all of these have the same print.
  static MessageId message(std::uint8_t name) {
    MessageId id;
    id.mutable_bytes()[15] = name;
    return id;
  }
  void begin() {
    inbox_.begin();
    ASSERT_TRUE(db_.execute("BEGIN IMMEDIATE"));
  }
  void commit() {
    ASSERT_TRUE(inbox_.write());
    ASSERT_TRUE(db_.execute("COMMIT"));
    inbox_.begin();
  }
  void move() {
    inbox_.make_all_due();
    ASSERT_TRUE(db_.execute("BEGIN IMMEDIATE"));
    ASSERT_TRUE(inbox_.move_to_log());
    ASSERT_TRUE(db_.execute("COMMIT"));
    inbox_.moved();
  }
  Result<Appended> append(Log& log, MessageId message, DeviceId device) {
    return log.append(talk_, device, message, "text", now_);
  }
  void expect_new(Log& log, MessageId message, DeviceId device, std::uint64_t seq) {
    const Result<Appended> done = append(log, message, device);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_FALSE(done->repeated);
    EXPECT_EQ(done->seq, seq);
  }
  void expect_repeated(Log& log, MessageId message, DeviceId device, std::uint64_t seq) {
    const Result<Appended> done = append(log, message, device);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_TRUE(done->repeated);
    EXPECT_EQ(done->seq, seq);
  }
  std::int64_t rows_of_sent() {
    Query query(db_, "SELECT count(*) FROM sent");
    EXPECT_TRUE(query.one("no row"));
    return query.integer(0);
  }

  test::TempDir dir_;
  SeededRandom random_{5};
  WallTime now_{1'700'000'000'000};
  UserId alice_ = random_.id<UserId>();
  UserId bob_ = random_.id<UserId>();
  DeviceId phone_ = random_.id<DeviceId>();
  DeviceId tablet_ = random_.id<DeviceId>();
  ConversationId talk_ = random_.id<ConversationId>();
  Database db_;
  RowCache rows_{db_};
  Inbox inbox_{db_};
  std::int64_t row_ = 0;
};

TEST_F(ServerSentTest, tells_messages_of_equal_prints_apart_wherever_they_lie) {
  const SeenMessages seen(SeenMessages::Key{});
  ASSERT_EQ(seen.print(1, message(1)), seen.print(2, message(9)));
  Log log(db_, rows_, inbox_, seen);
  const auto expect_known = [&](Log& by) {
    begin();
    expect_repeated(by, message(1), phone_, 1);
    expect_repeated(by, message(1), tablet_, 2);
    expect_repeated(by, message(2), phone_, 3);
    commit();
  };
  begin();
  expect_new(log, message(1), phone_, 1);
  expect_new(log, message(1), tablet_, 2);
  expect_new(log, message(2), phone_, 3);
  commit();
  expect_known(log);
  move();
  expect_known(log);
  begin();
  expect_new(log, message(2), tablet_, 4);  // a fourth, that goes to the inbox while the others are behind it
  commit();
  Log loaded(db_, rows_, inbox_, SeenMessages(SeenMessages::Key{}));
  expect_known(loaded);
  begin();
  expect_repeated(loaded, message(2), tablet_, 4);
  expect_new(loaded, message(3), tablet_, 5);
  commit();
}

TEST_F(ServerSentTest, gives_an_undone_number_to_the_next_message_and_knows_only_that_one_again) {
  Log log(db_, rows_, inbox_);
  begin();
  expect_new(log, message(1), phone_, 1);
  inbox_.begin_part();
  expect_new(log, message(2), phone_, 2);
  inbox_.undo_part();
  expect_new(log, message(3), phone_, 2);
  expect_new(log, message(2), phone_, 3);
  commit();
  move();
  begin();
  expect_repeated(log, message(3), phone_, 2);
  expect_repeated(log, message(2), phone_, 3);
  inbox_.begin_part();
  expect_new(log, message(4), phone_, 4);
  inbox_.undo_part();
  expect_new(log, message(4), phone_, 4);  // nothing is there under the number it had
  commit();
}

TEST_F(ServerSentTest, packs_what_is_consecutive_a_thousand_to_a_row_and_finds_each) {
  ASSERT_TRUE(db_.execute("BEGIN IMMEDIATE"));
  const auto entry = [](std::int64_t seq) {
    return SentEntry{message(static_cast<std::uint8_t>(seq)), seq, WallTime{1000 - seq}};
  };
  SentWriter writer(db_);
  const auto write = [&](std::int64_t conversation, std::int64_t from, std::int64_t to) {
    for (std::int64_t seq = from; seq <= to; ++seq)
      ASSERT_TRUE(writer.add(log_id(conversation, seq), entry(seq)));
  };
  write(7, 1, 2500);
  write(8, 1, 3);
  write(8, 5, 6);
  ASSERT_TRUE(writer.finish());
  ASSERT_TRUE(db_.execute("COMMIT"));
  EXPECT_EQ(rows_of_sent(), 5);
  for (const std::int64_t seq : {1, 1024, 1025, 2048, 2049, 2500}) {
    const auto found = find_sent(db_, log_id(7, seq));
    ASSERT_TRUE(found && *found) << seq;
    EXPECT_EQ((*found)->message, entry(seq).message);
    EXPECT_EQ((*found)->device, seq);
    EXPECT_EQ((*found)->time.ms, 1000 - seq);
  }
  EXPECT_FALSE(*find_sent(db_, log_id(7, 2501)));
  EXPECT_FALSE(*find_sent(db_, log_id(8, 4)));
  EXPECT_TRUE(*find_sent(db_, log_id(8, 5)));
  EXPECT_FALSE(*find_sent(db_, log_id(9, 1)));
  // A clock that went backwards does not make a row older than its youngest entry.
  Query newest(db_, "SELECT newest_ms FROM sent ORDER BY id");
  ASSERT_TRUE(newest.one("no row"));
  EXPECT_EQ(newest.integer(0), 999);

  const auto told = [&](std::size_t at_least) {
    std::vector<std::int64_t> seqs;
    const Status done = for_sent(db_, 7, at_least, [&](std::int64_t seq, const SentEntry& one) {
      EXPECT_EQ(one.device, seq);
      seqs.push_back(seq);
    });
    EXPECT_TRUE(done);
    std::ranges::sort(seqs);
    return seqs;
  };
  std::vector<std::int64_t> all(2500);
  std::iota(all.begin(), all.end(), 1);
  EXPECT_EQ(told(100'000), all);
  EXPECT_EQ(told(500), std::vector<std::int64_t>(all.begin() + 1024, all.end()));  // two rows: 452 and 1024
}

TEST_F(ServerSentTest, says_that_a_row_is_damaged) {
  Log log(db_, rows_, inbox_);
  begin();
  expect_new(log, message(1), phone_, 1);
  expect_new(log, message(2), phone_, 2);
  commit();
  move();
  for (const char* damage : {"UPDATE sent SET entries = x''", "UPDATE sent SET entries = zeroblob(63)",
                             "UPDATE sent SET entries = zeroblob(96)"}) {
    ASSERT_TRUE(db_.execute(damage));
    EXPECT_EQ(append(log, message(1), phone_).error().code, ErrorCode::storage) << damage;
    Log loading(db_, rows_, inbox_);
    EXPECT_EQ(append(loading, message(1), phone_).error().code, ErrorCode::storage) << damage;
    EXPECT_EQ(append(loading, message(9), phone_).error().code, ErrorCode::storage)
        << "again, not as a new one";
  }
}

TEST_F(ServerSentTest, remembers_prints_up_to_a_bound_and_then_asks_to_load_again) {
  SeenMessages seen;
  std::size_t talks = 0;
  for (std::int64_t talk = 1; talk == 1 || seen.find(1) != nullptr; ++talk, ++talks) {
    ASSERT_LT(talks, 100U);
    SeenMessages::Talk& fresh = seen.begin(talk);
    for (std::int64_t seq = 1; seq <= static_cast<std::int64_t>(SeenMessages::kMaxMessages); ++seq) {
      seen.add(fresh, static_cast<std::uint32_t>(random_.u64()), seq);
    }
  }
  EXPECT_GE(talks, 8U);
  EXPECT_EQ(seen.find(static_cast<std::int64_t>(talks)), nullptr);
}

}  // namespace
}  // namespace sotto::store::sqlite
