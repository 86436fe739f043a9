// What the sealed files show to somebody who has them, and what a changed byte does.
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "sealed_fixture.hpp"
#include "sotto/base/random.hpp"

namespace sotto::test {
namespace {

namespace fs = std::filesystem;
using store::sqlite::kPageSize;
using store::sqlite::open_sealed;
using store::sqlite::refuse_sealed;

constexpr const char* kCanary = "CANARY-the-meeting-is-at-noon";

bool contains(const Bytes& hay, ByteView needle) {
  return std::search(hay.begin(), hay.end(), needle.begin(), needle.end()) != hay.end();
}

// Any of the three places where base64 can begin in the text.
bool contains_base64(const Bytes& hay, std::string_view text) {
  for (std::size_t skip = 0; skip < 3; ++skip) {
    const std::size_t whole = (text.size() - skip) / 3 * 3;
    if (contains(hay, as_bytes(to_base64url(as_bytes(text.substr(skip, whole)))))) return true;
  }
  return false;
}

void expect_no_trace(const std::string& folder, std::string_view canary) {
  Bytes wide;
  for (const char letter : canary) {
    wide.push_back(static_cast<std::uint8_t>(letter));
    wide.push_back(0);
  }
  for (const auto& entry : fs::directory_iterator(folder)) {
    const Bytes content = read_file(entry.path().string());
    EXPECT_FALSE(contains(content, as_bytes(canary))) << entry.path();
    EXPECT_FALSE(contains(content, wide)) << entry.path();
    EXPECT_FALSE(contains_base64(content, canary)) << entry.path();
    EXPECT_FALSE(contains(content, as_bytes("CREATE TABLE"))) << entry.path();
    EXPECT_FALSE(contains(content, as_bytes("SQLite format"))) << entry.path();
  }
}

TEST_F(Sealed, keeps_rows_across_openings) {
  ASSERT_TRUE(open().ok());
  run("CREATE TABLE t(x TEXT); INSERT INTO t VALUES('one'), ('two')");
  ASSERT_TRUE(open().ok());
  EXPECT_EQ(ask("SELECT group_concat(x) FROM t"), "one,two");
  EXPECT_EQ(ask("PRAGMA journal_mode"), "wal");
  EXPECT_EQ(ask("PRAGMA integrity_check"), "ok");
}

TEST_F(Sealed, reserves_room_for_nonce_and_tag_in_every_page) {
  ASSERT_TRUE(open().ok());
  int reserved = -1;
  sqlite3_file_control(db().handle(), "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
  EXPECT_EQ(reserved, 28);
  EXPECT_EQ(ask("PRAGMA page_size"), "4096");
}

TEST_F(Sealed, leaves_no_trace_of_the_text_in_any_file_while_open_and_after) {
  ASSERT_TRUE(open().ok());
  run("CREATE TABLE messages(row INTEGER PRIMARY KEY, body TEXT, raw BLOB);"
      "CREATE VIRTUAL TABLE found USING fts5(body);"
      "BEGIN");
  for (int i = 0; i < 200; ++i) {
    const std::string text = std::string(kCanary) + std::string(static_cast<std::size_t>(i) * 20, 'x');
    store::sqlite::Query(db(), "INSERT INTO messages(body, raw) VALUES(?1, CAST(?1 AS BLOB))")
        .bind(text)
        .run()
        .ok();
    store::sqlite::Query(db(), "INSERT INTO found VALUES(?)").bind(text).run().ok();
  }
  run("COMMIT; UPDATE messages SET body = body || 'y'; CREATE INDEX by_body ON messages(body)");
  EXPECT_TRUE(fs::exists(path_ + "-wal"));
  expect_no_trace(folder_.path(), kCanary);
  run("PRAGMA wal_checkpoint(FULL); DELETE FROM messages WHERE row % 2");
  expect_no_trace(folder_.path(), kCanary);
  close();
  expect_no_trace(folder_.path(), kCanary);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), {}), 1);
}

TEST_F(Sealed, makes_no_other_files) {
  ASSERT_TRUE(open().ok());
  run("CREATE TABLE t(x)");
  run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
      "INSERT INTO t SELECT hex(randomblob(100)) FROM n ORDER BY 1");
  run("BEGIN; SAVEPOINT a; UPDATE t SET x = x || 'z'; ROLLBACK TO a; COMMIT");
  for (const auto& entry : fs::directory_iterator(folder_.path())) {
    const std::string name = entry.path().filename().string();
    EXPECT_TRUE(name == "sotto.db" || name == "sotto.db-wal") << name;
  }
  EXPECT_EQ(ask("PRAGMA integrity_check"), "ok");
}

TEST_F(Sealed, refuses_a_rollback_journal) {
  ASSERT_TRUE(open().ok());
  run("CREATE TABLE t(x)");
  EXPECT_FALSE(db().execute("PRAGMA journal_mode = DELETE; INSERT INTO t VALUES(1)").ok());
  EXPECT_FALSE(fs::exists(path_ + "-journal"));
}

TEST_F(Sealed, refuses_other_databases_and_files_of_its_own_connection) {
  ASSERT_TRUE(open().ok());
  run("CREATE TABLE t(x)");
  const std::string other = folder_.file("other.db");
  EXPECT_FALSE(db().execute(("ATTACH '" + other + "' AS other; CREATE TABLE other.u(x)").c_str()).ok());
  EXPECT_FALSE(db().execute(("VACUUM INTO '" + other + "'").c_str()).ok());
  run("PRAGMA temp_store = FILE");
  EXPECT_FALSE(db().execute("CREATE TEMP TABLE u AS SELECT hex(randomblob(9000000)) AS x").ok());
}

TEST_F(Sealed, vacuums_in_place) {
  ASSERT_TRUE(open().ok());
  run("CREATE TABLE t(x); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
      "INSERT INTO t SELECT hex(randomblob(200)) FROM n; DELETE FROM t WHERE rowid % 3");
  const std::string sum = ask("SELECT sum(length(x)) || ' ' || min(x) FROM t");
  run("VACUUM");
  ASSERT_TRUE(open().ok());
  EXPECT_EQ(ask("SELECT sum(length(x)) || ' ' || min(x) FROM t"), sum);
  EXPECT_EQ(ask("PRAGMA integrity_check"), "ok");
  EXPECT_LT(fs::file_size(path_), 1'000'000U);
}

TEST_F(Sealed, backs_up_into_another_sealed_database) {
  ASSERT_TRUE(open().ok());
  run("CREATE TABLE t(x); INSERT INTO t VALUES('kept')");
  const std::string copy = folder_.file("copy.db");
  {
    SealedDatabase target(key(9));
    ASSERT_TRUE(open_sealed(target.db, target.vfs, copy).ok());
    sqlite3_backup* backup = sqlite3_backup_init(target.db.handle(), "main", db().handle(), "main");
    ASSERT_NE(backup, nullptr);
    EXPECT_EQ(sqlite3_backup_step(backup, -1), SQLITE_DONE);
    EXPECT_EQ(sqlite3_backup_finish(backup), SQLITE_OK);
  }
  ASSERT_TRUE(open(copy, key(9)).ok());
  EXPECT_EQ(ask("SELECT x FROM t"), "kept");
}

TEST_F(Sealed, is_made_readable_for_the_owner_only) {
  const mode_t before = umask(0);
  ASSERT_TRUE(open().ok());
  run("CREATE TABLE t(x)");
  umask(before);
  for (const std::string& path : {path_, path_ + "-wal"}) {
    struct stat info {};
    ASSERT_EQ(stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600U) << path;
  }
}

TEST_F(Sealed, tells_a_wrong_key_from_damage) {
  ASSERT_TRUE(open().ok());
  run("CREATE TABLE t(x); INSERT INTO t VALUES('text')");
  const Status wrong_with_log = open(path_, key(8));
  close();
  const Status wrong = open(path_, key(8));
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().code, ErrorCode::denied) << wrong.error().message;
  ASSERT_FALSE(wrong_with_log.ok());
  EXPECT_EQ(wrong_with_log.error().code, ErrorCode::denied);

  Bytes content = read_file(path_);
  content[50] ^= 1;  // in page 1
  write_file(path_, content);
  const Status damaged = open();
  ASSERT_FALSE(damaged.ok());
  EXPECT_EQ(damaged.error().code, ErrorCode::storage) << damaged.error().message;
}

TEST_F(Sealed, another_file_id_is_another_database) {
  ASSERT_TRUE(open().ok());
  close();
  store::sqlite::SealingVfs vfs(key(), "other");
  store::sqlite::Database db;
  const Status opened = open_sealed(db, vfs, path_);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::denied);
}

TEST_F(Sealed, plain_and_sealed_are_not_taken_for_each_other) {
  ASSERT_TRUE(refuse_sealed(path_).ok()) << "nothing there yet";
  ASSERT_TRUE(open().ok());
  close();
  const Status sealed = refuse_sealed(path_);
  ASSERT_FALSE(sealed.ok());
  EXPECT_EQ(sealed.error().code, ErrorCode::denied);

  const std::string plain = folder_.file("plain.db");
  {
    store::sqlite::Database db;
    ASSERT_TRUE(db.open(plain).ok());
    ASSERT_TRUE(db.execute("CREATE TABLE t(x)").ok());
  }
  EXPECT_TRUE(refuse_sealed(plain).ok());
  const Status opened = open(plain);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::denied);
}

TEST_F(Sealed, a_second_connection_is_refused) {
  ASSERT_TRUE(open().ok());
  SealedDatabase second(key());
  const Status opened = open_sealed(second.db, second.vfs, path_);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::conflict);
  run("CREATE TABLE t(x)");
}

TEST_F(Sealed, an_empty_file_becomes_a_database_and_half_made_ones_are_made_again) {
  write_file(path_, {});
  write_file(path_ + ".new", as_bytes("half"));
  ASSERT_TRUE(open().ok());
  run("CREATE TABLE t(x)");
  EXPECT_FALSE(fs::exists(path_ + ".new"));
}

TEST_F(Sealed, a_page_moved_or_copied_to_another_place_is_noticed) {
  ASSERT_TRUE(open().ok());
  run("CREATE TABLE a(x); CREATE TABLE b(x); INSERT INTO a VALUES('mine'); INSERT INTO b VALUES('yours')");
  close();
  Bytes content = read_file(path_);
  ASSERT_EQ(content.size(), 3 * kPageSize);
  std::swap_ranges(content.begin() + kPageSize, content.begin() + 2 * kPageSize,
                   content.begin() + 2 * kPageSize);
  write_file(path_, content);
  ASSERT_TRUE(open().ok());
  EXPECT_EQ(ask("SELECT x FROM a"), "error: The database file is damaged or was changed by somebody else.");
}

TEST_F(Sealed, the_same_page_never_looks_the_same_twice) {
  ASSERT_TRUE(open().ok());
  run("CREATE TABLE t(x); INSERT INTO t VALUES(1); PRAGMA wal_checkpoint(TRUNCATE)");
  const Bytes before = read_file(path_);
  run("UPDATE t SET x = 2; UPDATE t SET x = 1; PRAGMA wal_checkpoint(TRUNCATE)");
  const Bytes after = read_file(path_);
  ASSERT_EQ(before.size(), after.size());
  std::size_t same = 0;
  for (std::size_t i = kPageSize; i < 2 * kPageSize; ++i) same += before[i] == after[i] ? 1 : 0;
  EXPECT_LT(same, 64U);  // 16 expected of 4096 random bytes
}

// Everything a reader can see of the small database below.
constexpr const char* kEverything =
    "SELECT (SELECT group_concat(x || ':' || y, ';') FROM (SELECT x, y FROM t ORDER BY x)) || '|' ||"
    "       (SELECT group_concat(x, ';') FROM t INDEXED BY by_y WHERE y > '') || '|' ||"
    "       (SELECT count(*) FROM sqlite_schema)";

TEST_F(Sealed, no_flipped_byte_of_the_database_gives_wrong_data) {
  ASSERT_TRUE(open().ok());
  run("CREATE TABLE t(x INTEGER PRIMARY KEY, y TEXT); CREATE INDEX by_y ON t(y);"
      "INSERT INTO t VALUES(1, 'a'), (2, hex(zeroblob(3000))), (3, 'c'); DELETE FROM t WHERE x = 2");
  const std::string right = ask(kEverything);
  close();
  const Bytes content = read_file(path_);
  int errors = 0;
  for (std::size_t i = 0; i < content.size(); ++i) {
    Bytes flipped = content;
    flipped[i] ^= static_cast<std::uint8_t>(1U << (i % 8));
    write_file(path_, flipped);
    const Status opened = open();
    const std::string answer = opened ? ask(kEverything) : "error: " + opened.error().message;
    if (answer != right) {
      ++errors;
      EXPECT_EQ(answer, "error: The database file is damaged or was changed by somebody else.")
          << "byte " << i;
    }
    close();
  }
  // Only pages in no use (the deleted row's) may go unnoticed.
  EXPECT_GE(errors, static_cast<int>(3 * kPageSize));
}

class SealedLogFlips : public Sealed {
 protected:
  // A database of 1 page and a log with one transaction for each state.
  void make() {
    ASSERT_TRUE(open().ok());
    run("PRAGMA wal_autocheckpoint = 0; CREATE TABLE t(x INTEGER PRIMARY KEY, y TEXT)");
    for (int i = 1; i <= 4; ++i) {
      run(("INSERT INTO t VALUES(" + std::to_string(i) + ", 'value')").c_str());
    }
    database_ = read_file(path_);
    log_ = read_file(path_ + "-wal");
    close();
  }
  std::string count_with(const Bytes& log) {
    write_file(path_, database_);
    write_file(path_ + "-wal", log);
    const Status opened = open();
    std::string answer =
        opened ? ask("SELECT count(*) FROM t WHERE y = 'value'") : "error: " + opened.error().message;
    if (opened) {
      const std::string whole = ask("PRAGMA integrity_check");
      if (whole != "ok") answer = "error: " + whole;
    }
    sealed_.reset();
    return answer;
  }
  Bytes database_, log_;
};

TEST_F(SealedLogFlips, a_flipped_byte_is_an_error_or_undoes_the_newest_transaction) {
  make();
  ASSERT_EQ(count_with(log_), "4");
  constexpr std::size_t kFrame = 24 + 4096 + 8 + 28;
  const std::size_t frames = (log_.size() - 60) / kFrame;
  ASSERT_EQ(60 + frames * kFrame, log_.size());
  const std::size_t newest = 60 + (frames - 1) * kFrame;
  for (std::size_t i = 0; i < log_.size(); i += i < 200 ? 1 : 13) {
    Bytes flipped = log_;
    flipped[i] ^= static_cast<std::uint8_t>(1U << (i % 8));
    EXPECT_EQ(count_with(flipped),
              i < newest ? "error: The database file is damaged or was changed by somebody else." : "3")
        << "byte " << i;
  }
}

TEST_F(SealedLogFlips, a_cut_off_log_is_the_state_after_an_earlier_transaction) {
  make();
  std::string before = "4";
  for (std::size_t size = log_.size(); size > 5000; size -= 1001) {
    const std::string answer =
        count_with(Bytes(log_.begin(), log_.begin() + static_cast<std::ptrdiff_t>(size)));
    ASSERT_EQ(answer.size(), 1U) << answer;
    EXPECT_LE(answer, before);
    before = answer;
    if (answer == "0") break;
  }
}

TEST_F(SealedLogFlips, a_frame_in_the_place_of_another_is_an_error) {
  make();
  constexpr std::size_t kFrame = 24 + 4096 + 8 + 28;
  Bytes swapped = log_;
  std::swap_ranges(swapped.begin() + 60, swapped.begin() + 60 + kFrame, swapped.begin() + 60 + kFrame);
  EXPECT_EQ(count_with(swapped), "error: The database file is damaged or was changed by somebody else.");
}

TEST_F(SealedLogFlips, a_torn_first_page_is_taken_from_the_log) {
  make();
  std::fill(database_.begin() + 512, database_.begin() + 1024, std::uint8_t{0});
  EXPECT_EQ(count_with(log_), "4");
}

TEST_F(Sealed, survives_a_random_workload_compared_with_a_plain_database) {
  store::sqlite::Database plain;
  ASSERT_TRUE(plain.open(folder_.file("plain.db")).ok());
  ASSERT_TRUE(open().ok());
  const auto both = [&](const std::string& sql) {
    const Status a = plain.execute(sql.c_str());
    const Status b = db().execute(sql.c_str());
    ASSERT_EQ(a.ok(), b.ok()) << sql << ": " << (b ? "" : b.error().message);
  };
  both(
      "PRAGMA cache_size = 10; PRAGMA secure_delete = ON; CREATE TABLE t(x INTEGER PRIMARY KEY, y TEXT);"
      "CREATE INDEX i ON t(y)");
  SeededRandom random(11);
  for (int step = 0; step < 600; ++step) {
    const std::string x = std::to_string(random.below(300));
    switch (random.below(10)) {
      case 0: both("DELETE FROM t WHERE x % 7 = " + x + " % 7"); break;
      // Large enough to spill the ten pages of cache into the log before the transaction ends, and to be
      // undone.
      case 1:
        both(
            "BEGIN; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)"
            "INSERT OR REPLACE INTO t SELECT i * 3, printf('%0*d', 300 + " +
            x + ", i) FROM n; UPDATE t SET y = y || 'u'");
        both(random.below(2) == 0 ? "COMMIT" : "ROLLBACK");
        break;
      case 2: both("PRAGMA wal_checkpoint(TRUNCATE)"); break;
      case 3: both("SAVEPOINT s; UPDATE t SET y = 'gone'; ROLLBACK TO s; RELEASE s"); break;
      case 4:
        if (random.below(8) == 0) both("VACUUM");
        break;
      case 5:
        if (random.below(4) == 0) {
          ASSERT_TRUE(open().ok());
          both("PRAGMA cache_size = 10");
        }
        break;
      default: both("INSERT OR REPLACE INTO t VALUES(" + x + ", printf('%0*d', " + x + " * 20, 5))"); break;
    }
    if (HasFatalFailure()) return;
  }
  EXPECT_EQ(ask("PRAGMA integrity_check"), "ok");
  const char* all = "SELECT group_concat(x || y) FROM (SELECT * FROM t ORDER BY x)";
  store::sqlite::Query q(plain, "SELECT group_concat(x || y) FROM (SELECT * FROM t ORDER BY x)");
  ASSERT_TRUE(q.one("rows").ok());
  EXPECT_EQ(ask(all), q.text(0));
}

}  // namespace
}  // namespace sotto::test
