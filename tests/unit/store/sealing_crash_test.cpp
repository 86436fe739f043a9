// Killed programs, power cuts and full disks under a sealed database.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sealed_fixture.hpp"
#include "weak_disk.hpp"

namespace sotto::test {
namespace {

using store::sqlite::open_sealed;

constexpr const char* kTable =
    "PRAGMA wal_autocheckpoint = 7; PRAGMA cache_size = 8; PRAGMA secure_delete = ON;"
    "CREATE TABLE IF NOT EXISTS t(x INTEGER PRIMARY KEY, y TEXT)";

// Transactions of several pages, some of them larger than the cache.
std::string transaction(int i) {
  return "BEGIN; INSERT INTO t VALUES(" + std::to_string(i) + ", printf('%0*d', " +
         std::to_string(i * 791 % 40000) + ", 1)); UPDATE t SET y = y || 'u' WHERE x > " +
         std::to_string(i - 4) + "; COMMIT";
}

TEST_F(Sealed, loses_nothing_that_was_committed_when_it_is_killed) {
  int next = 1;
  for (int round = 0; round < 15; ++round) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      close();
      SealedDatabase own(key());
      if (!open_sealed(own.db, own.vfs, path_) || !own.db.execute(kTable)) _exit(1);
      for (int i = next;; ++i) {
        if (!own.db.execute(transaction(i).c_str())) _exit(2);
        if (::write(ends[1], &i, sizeof i) != sizeof i) _exit(3);
      }
    }
    ::close(ends[1]);
    // Killed after a number of commits that differs, at whatever the child is then doing.
    int committed = next - 1;
    for (int i = 0, value = 0; i <= round * 3 && ::read(ends[0], &value, sizeof value) == sizeof value; ++i) {
      committed = value;
    }
    kill(child, SIGKILL);
    for (int value = 0; ::read(ends[0], &value, sizeof value) == sizeof value;) committed = value;
    ::close(ends[0]);
    int how = 0;
    waitpid(child, &how, 0);
    ASSERT_TRUE(WIFSIGNALED(how)) << WEXITSTATUS(how);

    const Status opened = open();
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    EXPECT_EQ(ask("PRAGMA integrity_check"), "ok");
    const int found = std::stoi(ask("SELECT count(*) FROM t"));
    EXPECT_GE(found, committed);
    EXPECT_LE(found, committed + 1);
    next = found + 1;
    close();
  }
  EXPECT_GT(next, 100);
}

TEST_F(Sealed, survives_power_cuts_at_any_sector) {
  SeededRandom random(5);
  int cuts = 0;
  for (int run_number = 0; run_number < 4; ++run_number) {
    WeakDisk disk("weak-power");
    const TempDir folder;
    SealedDatabase weak(key(), disk.name());
    ASSERT_TRUE(open_sealed(weak.db, weak.vfs, folder.file("sotto.db")).ok());
    ASSERT_TRUE(weak.db.execute(kTable).ok());
    for (int i = 1; i <= 40; ++i) {
      // Cut in the middle: the disk refuses after some bytes, and the transaction is not acknowledged.
      const bool middle = random.below(3) == 0;
      if (middle) disk.room = static_cast<std::int64_t>(random.below(60000));
      const bool done = weak.db.execute(transaction(i).c_str()).ok();
      const TempDir after;
      disk.cut_power_into(after.path(), random);
      disk.room = INT64_MAX;
      if (!done) (void)weak.db.execute("ROLLBACK");

      const Status opened = open(after.file("sotto.db"));
      ASSERT_TRUE(opened.ok()) << opened.error().message << " after " << i;
      ASSERT_EQ(ask("PRAGMA integrity_check"), "ok") << i;
      const int found = std::stoi(ask("SELECT ifnull(max(x), 0) FROM t"));
      ASSERT_GE(found, done ? i : i - 1);
      ASSERT_LE(found, i);
      // It can also be written on, and cut once more.
      run(transaction(1000 + i).c_str());
      sealed_.reset();
      ++cuts;
      if (!done) --i;
    }
  }
  EXPECT_GE(cuts, 160);
}

TEST_F(Sealed, says_that_the_disk_is_full_and_goes_on_when_it_is_not) {
  SeededRandom random(9);
  WeakDisk disk("weak-full");
  SealedDatabase weak(key(), disk.name());
  ASSERT_TRUE(open_sealed(weak.db, weak.vfs, path_).ok());
  ASSERT_TRUE(weak.db.execute(kTable).ok());
  int full = 0;
  for (int i = 1; i <= 60; ++i) {
    disk.room = static_cast<std::int64_t>(random.below(80000));
    const Status done = weak.db.execute(transaction(i).c_str());
    if (!done) {
      ++full;
      EXPECT_EQ(done.error().message, "The disk is full.");
      if (!weak.db.outside_transaction()) (void)weak.db.execute("ROLLBACK");
      {
        // Reading still works.
        store::sqlite::Query q(weak.db, "SELECT count(*) FROM t WHERE y <> ''");
        ASSERT_TRUE(q.one("count").ok());
        EXPECT_EQ(q.integer(0), i - 1);
      }
      disk.room = INT64_MAX;
      const Status again = weak.db.execute(transaction(i).c_str());
      ASSERT_TRUE(again.ok()) << again.error().message;
    }
    disk.room = INT64_MAX;
  }
  EXPECT_GT(full, 10);
  weak.db.close();
  ASSERT_TRUE(open().ok());
  EXPECT_EQ(ask("PRAGMA integrity_check"), "ok");
  EXPECT_EQ(ask("SELECT count(*) FROM t"), "60");
}

}  // namespace
}  // namespace sotto::test
