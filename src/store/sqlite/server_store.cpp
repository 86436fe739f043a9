#include "sotto/store_sqlite/server_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sqlite/server_repositories.hpp"
#include "sqlite/server_schema.hpp"

namespace sotto::store {
namespace sqlite {
namespace {

// 16 MiB of WAL: small enough for a restart to read in no time, large enough that most pages of the inbox,
// which are written over and over, are copied back once for several times.
constexpr int kCheckpointPages = 4096;

class SqliteServerStore final : public ServerStore {
 public:
  Status open(const std::string& path, OldFormat old) {
    if (Status opened = db_.open(path); !opened) return opened;
    sqlite3_busy_timeout(db_.handle(), 5000);
    // Durable once COMMIT returns: FULL syncs the WAL each time. Checkpoints are run by commit(), which looks
    // at their result; the automatic ones hide it. 6 MiB of page cache: the system caches
    // the file anyway.
    Status set = db_.execute(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
        "PRAGMA trusted_schema = OFF; PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY;"
        "PRAGMA cache_size = -6144");
    if (!set) return set;
    sqlite3_wal_hook(
        db_.handle(),
        [](void* self, sqlite3*, const char*, int pages) {
          static_cast<SqliteServerStore*>(self)->wal_pages_ = pages;
          return SQLITE_OK;
        },
        this);
    if (Status prepared = prepare_server_schema(db_, old == OldFormat::migrate); !prepared) return prepared;
    return inbox_.load();
  }

  ~SqliteServerStore() override {
    if (db_.handle() == nullptr || db_.has_failed()) return;
    sqlite3_wal_checkpoint_v2(db_.handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  }

  Status begin(Access access) override {
    inbox_.begin();
    writing_ = access == Access::write;
    if (access == Access::read) return db_.execute("BEGIN");
    if (db_.has_failed())
      return fail(ErrorCode::storage, "The disk reported an error; the server has to restart.");
    // IMMEDIATE: a reader that turns writer can be refused when another process wrote in between.
    return db_.execute("BEGIN IMMEDIATE");
  }

  Status commit() override {
    if (db_.outside_transaction()) {
      rollback();
      return fail(ErrorCode::storage, db_.has_failed() ? "The disk reported an error." : "The disk is full.");
    }
    Status done = inbox_.write();
    if (done) done = run("COMMIT");
    if (!done) {
      rollback();
      return done;
    }
    inbox_.begin();
    if (writing_ && inbox_.is_due()) move_inbox();
    if (wal_pages_ >= kCheckpointPages) return checkpoint();
    return done;
  }

  void rollback() override {
    rows_.forget();
    inbox_.rollback();
    if (!db_.outside_transaction()) (void)run("ROLLBACK");
  }

  Status begin_part() override {
    if (db_.outside_transaction()) {
      return fail(ErrorCode::storage, db_.has_failed() ? "The disk reported an error." : "The disk is full.");
    }
    inbox_.begin_part();
    return run("SAVEPOINT part");
  }
  Status end_part() override { return run("RELEASE part"); }
  void undo_part() override {
    rows_.forget();
    inbox_.undo_part();
    if (db_.outside_transaction()) return;
    (void)run("ROLLBACK TO part");
    (void)run("RELEASE part");
  }

  AccountRepository& accounts() override { return accounts_; }
  DeviceRepository& devices() override { return devices_; }
  InviteRepository& invites() override { return invites_; }
  ConversationRepository& conversations() override { return conversations_; }
  LogRepository& log() override { return log_; }
  BlobRepository& blobs() override { return blobs_; }
  bool has_failed() const override { return db_.has_failed(); }

 private:
  Status run(const char* sql) { return Query(db_, sql).run(); }

  // What was committed is durable without it, so a full disk only postpones it; a disk error stops the store.
  void move_inbox() {
    Status done = db_.execute("BEGIN IMMEDIATE");
    if (done) done = inbox_.move_to_log();
    if (done) done = run("COMMIT");
    if (done) return inbox_.moved();
    inbox_.postpone();
    if (!db_.outside_transaction()) (void)run("ROLLBACK");
  }

  // Copies the WAL back into the file. What was committed is durable without it, so a full disk or a reader
  // in another process only postpones it; a disk error stops the store.
  Status checkpoint() {
    const int code =
        sqlite3_wal_checkpoint_v2(db_.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    wal_pages_ = 0;
    if (code != SQLITE_OK) (void)db_.error(code);
    return ok_status();
  }

  Database db_;
  RowCache rows_{db_};
  Inbox inbox_{db_};
  int wal_pages_ = 0;
  bool writing_ = false;
  Accounts accounts_{db_};
  Devices devices_{db_, inbox_};
  Invites invites_{db_};
  Conversations conversations_{db_, inbox_};
  Log log_{db_, rows_, inbox_};
  Blobs blobs_{db_, rows_};
};

// SQLite gives its -wal and -shm files the mode of the database file.
Status create_private_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return fail(ErrorCode::storage, "The database file can't be created.");
  const bool private_now = ::fchmod(fd, 0600) == 0;
  ::close(fd);
  if (!private_now) return fail(ErrorCode::storage, "The database file can't be made private.");
  return ok_status();
}

}  // namespace
}  // namespace sqlite

Result<std::unique_ptr<ServerStore>> open_sqlite_server_store(const std::string& path, OldFormat old) {
  if (Status created = sqlite::create_private_file(path); !created) return std::move(created).error();
  auto store = std::make_unique<sqlite::SqliteServerStore>();
  if (Status opened = store->open(path, old); !opened) {
    return std::move(opened).error().with("opening the server's database");
  }
  return std::unique_ptr<ServerStore>(std::move(store));
}

}  // namespace sotto::store
