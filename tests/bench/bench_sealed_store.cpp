// What sealing the client's database costs: the same work on a plain and on a sealed one, wall time and CPU
// time. Needs an empty folder on the disk in question as its argument.
#include <chrono>
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>

#include "sqlite/sealed_database.hpp"

namespace {

using namespace sotto;
using namespace sotto::store::sqlite;

struct Cost {
  double wall_ms = 0, cpu_ms = 0;
};

template <class Work>
Cost measure(Work&& work) {
  const auto start = std::chrono::steady_clock::now();
  const std::clock_t cpu = std::clock();
  work();
  return {std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count(),
          1e3 * static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC};
}

struct Costs {
  Cost bulk, singles, pages, scan;
  bool good = true;
};

Costs run(const std::string& path, bool sealed) {
  std::unique_ptr<SealingVfs> vfs;
  Database db;
  Costs costs;
  const auto check = [&costs](const Status& status) {
    if (!status) std::fprintf(stderr, "%s\n", status.error().message.c_str());
    costs.good = costs.good && status.ok();
  };
  if (sealed) {
    vfs = std::make_unique<SealingVfs>(Bytes(32, 5), "bench");
    check(open_sealed(db, *vfs, path));
  } else {
    check(db.open(path));
  }
  // As the client's store opens its database.
  check(db.execute(
      "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
      "PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON; PRAGMA cache_size = -8192;"
      "CREATE TABLE t(row INTEGER PRIMARY KEY, place INTEGER, body TEXT); CREATE INDEX i ON t(place)"));
  const std::string body(120, 'm');
  std::int64_t place = 0;
  const auto insert = [&] {
    ++place;
    check(Query(db, "INSERT INTO t(place, body) VALUES(?, ?)").bind(place * 7919 % 100003, body).run());
  };
  costs.bulk = measure([&] {
    for (int i = 0; i < 100; ++i) {
      check(db.execute("BEGIN"));
      for (int j = 0; j < 1000; ++j) insert();
      check(db.execute("COMMIT"));
    }
  });
  costs.singles = measure([&] {
    for (int i = 0; i < 1000; ++i) insert();
  });
  costs.pages = measure([&] {
    for (std::int64_t i = 0; i < 2000; ++i) {
      Query q(db, "SELECT body FROM t WHERE place > ? ORDER BY place LIMIT 50");
      q.bind(i * 37);
      while (q.next().value_or(false)) {
      }
    }
  });
  costs.scan = measure([&] {
    const std::string pattern = "%zz%";
    check(Query(db, "SELECT count(*) FROM t WHERE body LIKE ?").bind(pattern).run());
  });
  return costs;
}

void print(const char* name, const Cost& plain, const Cost& sealed) {
  std::printf(
      "{\"bench\": \"sealed store/%s\", \"plain_ms\": %.1f, \"sealed_ms\": %.1f, \"ratio\": %.2f, "
      "\"plain_cpu_ms\": %.1f, \"sealed_cpu_ms\": %.1f}\n",
      name, plain.wall_ms, sealed.wall_ms, sealed.wall_ms / plain.wall_ms, plain.cpu_ms, sealed.cpu_ms);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "bench_sealed_store EMPTY_FOLDER\n");
    return 2;
  }
  const std::string folder = argv[1];
  const Costs plain = run(folder + "/plain.db", false);
  const Costs sealed = run(folder + "/sealed.db", true);
  print("100k inserts, 1000 a transaction", plain.bulk, sealed.bulk);
  print("1000 transactions of one insert", plain.singles, sealed.singles);
  print("2000 pages of 50 rows", plain.pages, sealed.pages);
  print("LIKE scan of 101k rows", plain.scan, sealed.scan);
  return plain.good && sealed.good ? 0 : 1;
}
