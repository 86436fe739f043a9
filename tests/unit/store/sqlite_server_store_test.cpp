// What only the SQLite store has to do: outlive its process, refuse foreign files, and face a bad disk.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "sotto/base/random.hpp"
#include "sotto/store/store_task.hpp"
#include "sotto/store_sqlite/server_store.hpp"
#include "support/temp_dir.hpp"

namespace sotto::store {
namespace {

class SqliteServerStoreTest : public testing::Test {
 protected:
  std::unique_ptr<ServerStore> open(const std::string& path) {
    Result<std::unique_ptr<ServerStore>> opened = open_sqlite_server_store(path);
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? *std::move(opened) : nullptr;
  }
  void populate(ServerStore& store) {
    ASSERT_TRUE(store.begin(Access::write));
    for (const UserId user : {alice_, bob_}) {
      ASSERT_TRUE(store.accounts().add(Account{user, user == alice_ ? "alice" : "bob", "", "phc", false,
                                               Identity{Bytes(32, 1), Bytes{2}}, now_}));
    }
    ASSERT_TRUE(store.devices().add(
        Device{phone_, alice_, "phone", Bytes{1}, Bytes(32, 2), Bytes(64, 3), now_, now_, false}));
    ASSERT_TRUE(store.conversations().open_direct(alice_, bob_, talk_, now_));
    ASSERT_TRUE(store.commit());
  }
  // One append as the storage thread would run it.
  Result<Appended> append(ServerStore& store, std::string payload) {
    Result<Appended> out = fail(ErrorCode::internal, "not run");
    StoreTask task = make_task<Appended>(
        Access::write,
        [this, payload = std::move(payload)](ServerStore& s) {
          return s.log().append(talk_, phone_, random_.id<MessageId>(), payload, now_);
        },
        [&](Result<Appended> done) { out = std::move(done); });
    StoreTask* batch[] = {&task};
    run_batch(store, batch);
    task.done();
    return out;
  }
  // From outside, while no store is open.
  static void change(const std::string& path, const std::string& sql) {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
    sqlite3_close(db);
  }
  // What the third format changed in an empty database.
  static constexpr const char* kToVersion2 =
      "DROP TABLE sent; CREATE INDEX log_by_message ON log(device, message); PRAGMA user_version = 2;";
  std::size_t readable(ServerStore& store) {
    const Result<LogPage> page = store.log().fetch(talk_, 0, 100'000, std::size_t{1} << 30);
    return page ? page->entries.size() : 0;
  }

  test::TempDir dir_;
  SeededRandom random_{11};
  WallTime now_{1'700'000'000'000};
  UserId alice_ = random_.id<UserId>();
  UserId bob_ = random_.id<UserId>();
  DeviceId phone_ = random_.id<DeviceId>();
  ConversationId talk_ = random_.id<ConversationId>();
};

TEST_F(SqliteServerStoreTest, keeps_everything_over_a_restart_in_files_that_only_the_owner_may_read) {
  const mode_t before = ::umask(0);
  const std::string path = dir_.file("sotto.db");
  {
    const auto store = open(path);
    populate(*store);
    ASSERT_TRUE(append(*store, "kept"));
    for (const auto& file : std::filesystem::directory_iterator(dir_.path())) {
      struct stat info {};
      ASSERT_EQ(::stat(file.path().c_str(), &info), 0);
      EXPECT_EQ(info.st_mode & 0777, 0600U) << file.path();
    }
  }
  ::umask(before);
  const auto again = open(path);
  EXPECT_EQ(again->log().fetch(talk_, 0, 10, 1000)->entries.at(0).payload, "kept");
  EXPECT_EQ(*again->accounts().count(), 2U);
}

TEST_F(SqliteServerStoreTest, lets_a_second_process_write_in_between) {
  const std::string path = dir_.file("sotto.db");
  const auto server = open(path);
  populate(*server);
  const auto command = open(path);
  ASSERT_TRUE(command->begin(Access::write));
  ASSERT_TRUE(command->invites().add(Invite{Bytes(32, 1), 1, WallTime{now_.ms + 1000}}, now_));
  ASSERT_TRUE(command->commit());
  ASSERT_TRUE(server->begin(Access::write));
  EXPECT_TRUE(server->invites().use(Bytes(32, 1), now_));
  EXPECT_TRUE(server->commit());
}

TEST_F(SqliteServerStoreTest, refuses_a_newer_format_and_other_programs_files_and_leaves_them_alone) {
  const std::string newer = dir_.file("newer.db");
  open(newer);
  change(newer, "PRAGMA user_version = 1000");
  const auto refused = open_sqlite_server_store(newer);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("newer version"), std::string::npos) << refused.error().message;

  const std::string foreign = dir_.file("foreign.db");
  change(foreign, "CREATE TABLE recipes(name)");
  EXPECT_FALSE(open_sqlite_server_store(foreign));
  change(foreign, "INSERT INTO recipes VALUES('soup')");

  const std::string garbage = dir_.file("garbage.db");
  std::ofstream(garbage) << std::string(4096, 'x');
  EXPECT_EQ(open_sqlite_server_store(garbage).error().code, ErrorCode::storage);
  EXPECT_EQ(open_sqlite_server_store(dir_.file("no/such/folder.db")).error().code, ErrorCode::storage);
}

TEST_F(SqliteServerStoreTest, takes_over_what_the_first_format_had_in_its_inbox) {
  const std::string path = dir_.file("sotto.db");
  populate(*open(path));
  // As the first version left it: one row an entry, last_seq up to date.
  change(path, kToVersion2);
  change(path,
         "DROP TABLE inbox;"
         "CREATE TABLE inbox(id INTEGER PRIMARY KEY, log_id INTEGER NOT NULL, device INTEGER NOT NULL,"
         " message BLOB NOT NULL, time_ms INTEGER NOT NULL, payload BLOB NOT NULL) STRICT;"
         "INSERT INTO inbox SELECT 1, id << 32 | 1, 1, x'0102030405060708090a0b0c0d0e0f10', 5, x'6f6c64'"
         " FROM conversations;"
         "UPDATE conversations SET last_seq = 1; PRAGMA user_version = 1");
  const auto store = open(path);
  ASSERT_TRUE(append(*store, "new"));
  const Result<LogPage> page = store->log().fetch(talk_, 0, 10, 1000);
  ASSERT_TRUE(page);
  ASSERT_EQ(page->entries.size(), 2U);
  EXPECT_EQ(page->entries[0].payload, "old");
  EXPECT_EQ(page->entries[0].sender_device, phone_);
  EXPECT_EQ(page->entries[1].payload, "new");
  EXPECT_EQ(page->entries[1].seq, 2U);
}

// The second format kept content-free rows in the log and found messages by an index.
TEST_F(SqliteServerStoreTest, keeps_everything_of_the_second_format_and_knows_its_messages_again) {
  const std::string path = dir_.file("sotto.db");
  populate(*open(path));
  const auto message = [](char digit) { return std::string(32, digit); };
  std::string sql = kToVersion2;
  // 1 and 2 have everyone, 3 was forgotten, 4 and 5 are to be fetched, 6 is still in the inbox.
  for (const auto& [seq, payload] : {std::pair{1, ""}, {2, ""}, {4, "666f7572"}, {5, "66697665"}}) {
    sql += "INSERT INTO log SELECT id << 32 | " + std::to_string(seq) + ", 1, x'" +
           message(static_cast<char>('0' + seq)) + "', " + std::to_string(100 + seq) + ", x'" + payload +
           "' FROM conversations;";
  }
  sql +=
      "INSERT INTO inbox VALUES(1, x'0000000100000006"
      "0000000000000001"
      "000000000000006a" +
      message('6') + "00000003736978'); UPDATE conversations SET last_seq = 5, pruned_seq = 2;";
  change(path, sql);

  for (const char* when : {"migrated", "opened again"}) {
    const auto store = open(path);
    ASSERT_TRUE(store) << when;
    const Result<LogPage> page = store->log().fetch(talk_, 0, 10, 1000);
    ASSERT_TRUE(page);
    std::vector<std::pair<std::uint64_t, std::string>> found;
    for (const LogEntry& entry : page->entries) found.emplace_back(entry.seq, entry.payload);
    EXPECT_EQ(found,
              (std::vector<std::pair<std::uint64_t, std::string>>{{4, "four"}, {5, "five"}, {6, "six"}}))
        << when;
    ASSERT_TRUE(store->begin(Access::write));
    for (const std::uint64_t seq : {1U, 2U, 4U, 5U, 6U}) {
      const auto id = MessageId::from_string(message(static_cast<char>('0' + seq)));
      const Result<Appended> again = store->log().append(talk_, phone_, *id, "changed", now_);
      ASSERT_TRUE(again);
      EXPECT_TRUE(again->repeated) << seq;
      EXPECT_EQ(again->seq, seq);
      EXPECT_EQ(again->time.ms, static_cast<std::int64_t>(100 + seq));
    }
    const Result<Appended> forgotten =
        store->log().append(talk_, phone_, *MessageId::from_string(message('3')), "new", now_);
    EXPECT_EQ(forgotten->seq, 7U);
    store->rollback();
  }
}

// The server of that version may be running.
TEST_F(SqliteServerStoreTest, leaves_an_old_format_to_the_server) {
  const std::string path = dir_.file("sotto.db");
  populate(*open(path));
  EXPECT_TRUE(open_sqlite_server_store(path, OldFormat::refuse));
  change(path, kToVersion2);
  const auto refused = open_sqlite_server_store(path, OldFormat::refuse);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  change(path, "DROP INDEX log_by_message; CREATE INDEX log_by_message ON log(device, message)");
  EXPECT_TRUE(open(path));
}

TEST_F(SqliteServerStoreTest, leaves_an_old_format_as_it_was_when_it_cannot_be_changed) {
  const std::string path = dir_.file("sotto.db");
  populate(*open(path));
  change(path, std::string(kToVersion2) +
                   "INSERT INTO log SELECT id << 32 | 1, 1, zeroblob(16), 5, x'61' FROM conversations;"
                   "UPDATE conversations SET last_seq = 1, pruned_seq = 1;"
                   "CREATE TRIGGER refuse BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'refused'); END");
  EXPECT_FALSE(open_sqlite_server_store(path));
  change(path,
         "DROP TRIGGER refuse; INSERT INTO log SELECT id << 32 | 2, 1, zeroblob(16), 5, x'61' FROM "
         "conversations;"
         "DROP INDEX log_by_message; CREATE INDEX log_by_message ON log(device, message)");
  const auto store = open(path);
  ASSERT_TRUE(store);
  EXPECT_EQ(readable(*store), 1U);
}

TEST_F(SqliteServerStoreTest, refuses_a_damaged_inbox) {
  const std::string path = dir_.file("sotto.db");
  populate(*open(path));
  change(path, "INSERT INTO inbox VALUES(1, zeroblob(43))");
  EXPECT_EQ(open_sqlite_server_store(path).error().code, ErrorCode::storage);
}

TEST_F(SqliteServerStoreTest, says_that_the_disk_is_full_goes_on_reading_and_recovers) {
  const std::string mount = dir_.file("small");
  std::filesystem::create_directory(mount);
  if (::mount("none", mount.c_str(), "tmpfs", 0, "size=2m") != 0)
    GTEST_SKIP() << "may not mount a small disk";
  std::size_t kept = 0;
  {
    const auto store = open(mount + "/sotto.db");
    populate(*store);
    Result<Appended> last = fail(ErrorCode::internal, "");
    while ((last = append(*store, std::string(20'000, 'x')))) ++kept;
    EXPECT_EQ(last.error().code, ErrorCode::storage);
    EXPECT_EQ(last.error().message, "The disk is full.");
    EXPECT_GT(kept, 10U);
    EXPECT_EQ(readable(*store), kept);
    EXPECT_FALSE(store->has_failed());

    ASSERT_EQ(::mount("none", mount.c_str(), "tmpfs", MS_REMOUNT, "size=8m"), 0);
    EXPECT_TRUE(append(*store, std::string(20'000, 'x')));
    EXPECT_EQ(readable(*store), kept + 1);
  }
  {
    const auto again = open(mount + "/sotto.db");
    EXPECT_EQ(readable(*again), kept + 1);
  }
  ::umount(mount.c_str());
}

TEST_F(SqliteServerStoreTest, stops_writing_for_good_after_the_disk_reported_an_error) {
  const auto store = open(dir_.file("sotto.db"));
  populate(*store);
  ASSERT_TRUE(append(*store, "before"));
  // A write past the limit fails with EFBIG, which SQLite takes for a failing disk.
  rlimit old{};
  ::getrlimit(RLIMIT_FSIZE, &old);
  const auto ignored = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit tiny{64 * 1024, old.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &tiny);
  EXPECT_EQ(append(*store, std::string(200'000, 'x')).error().code, ErrorCode::storage);
  ::setrlimit(RLIMIT_FSIZE, &old);
  ::signal(SIGXFSZ, ignored);

  EXPECT_TRUE(store->has_failed());
  const Result<Appended> after = append(*store, "after");
  ASSERT_FALSE(after);
  EXPECT_EQ(after.error().code, ErrorCode::storage);
  EXPECT_EQ(readable(*store), 1U);
}

}  // namespace
}  // namespace sotto::store
