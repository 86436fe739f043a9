// SQLite's write-ahead log, sealed: what SQLite sees as a WAL file of 4096-byte pages, over a file in which
// the header and every frame are one sealed unit each.
//
//   SQLite sees:   header 32 | frame 0: header 24, page 4096 | frame 1 ...
//   the disk has:  32 + 28   | 24 + 4096 + 8 + 28            | ...
//
// The frame headers are sealed too: their checksums are computed over the plain page and would let a guess of
// its content be confirmed. The 8 bytes are a big-endian number: how many units were known to be synced to
// the disk when this one was written.
//
// After a power cut the newest transaction can be torn; SQLite ends the log at the first frame whose checksum
// is wrong. check() tells that case from a changed log by those numbers: if a later frame says that the
// unreadable one had been synced, it is damage and reads as an error. Otherwise it reads as zeros, and SQLite
// ends the log there. So a change to the newest transaction of the log looks like a torn write: that
// transaction is undone, as if the log had been cut off. Errors are SQLite's codes; what does not open is
// SQLITE_IOERR_DATA. Thread: one at a time.
#pragma once

#include <sqlite3.h>

#include <array>
#include <cstdint>
#include <optional>

#include "sotto/base/bytes.hpp"
#include "sqlite/unit_sealer.hpp"

namespace sotto::store::sqlite {

inline constexpr std::size_t kPageSize = 4096;

class SealedLog {
 public:
  // `file` is open and stays the caller's; both outlive this.
  SealedLog(sqlite3_file* file, UnitSealer& sealer) : file_(file), sealer_(sealer) {}

  // Once, before anything else: looks at what a former process left.
  int check();
  // After check(): page 1 as the newest complete transaction of the log left it, if it did.
  bool read_first_page(MutableByteView page);

  // As sqlite3_io_methods says.
  int read(MutableByteView out, std::int64_t offset);
  int write(ByteView data, std::int64_t offset);
  int truncate(std::int64_t size);
  int size(std::int64_t& size);
  int flush();    // before a sync and before closing
  void synced();  // after a sync that succeeded

 private:
  static constexpr std::size_t kHeaderSize = 32;
  static constexpr std::size_t kFrameHeaderSize = 24;
  static constexpr std::size_t kFrameSize = kFrameHeaderSize + kPageSize;
  static constexpr std::size_t kSyncedSize = 8;
  // A frame as it is sealed; SQLite sees the first kFrameSize bytes.
  using Text = std::array<std::uint8_t, kFrameSize + kSyncedSize>;

  // Unit 0 is the log's header, unit n frame n - 1.
  struct Part {
    std::uint64_t unit;
    std::size_t begin;  // in the unit
    std::size_t size;
  };
  static Part first_part(std::int64_t offset, std::size_t size);
  static std::size_t size_of(std::uint64_t unit) { return unit == 0 ? kHeaderSize : kFrameSize; }
  static std::size_t text_size_of(std::uint64_t unit) {
    return unit == 0 ? kHeaderSize : kFrameSize + kSyncedSize;
  }
  static std::int64_t place_of(std::uint64_t unit);

  enum class Load { good, absent, bad, failed };
  Load load(std::uint64_t unit, Text& text);
  int store(std::uint64_t unit, Text& text);
  int write_part(const Part& part, const std::uint8_t* data);
  bool is_zero(std::uint64_t unit);
  bool was_synced(std::uint64_t bad, const Text& header);

  sqlite3_file* file_;
  UnitSealer& sealer_;

  // SQLite writes a frame in two pieces, header and page; they wait here to be sealed once.
  struct Pending {
    std::uint64_t unit;
    std::size_t begin, end;  // what was written of it
    Text text;
  };
  std::optional<Pending> pending_;
  // From this unit on, what does not open was torn by a crash and reads as zeros.
  std::uint64_t torn_from_ = UINT64_MAX;
  std::uint64_t first_page_unit_ = 0;  // 0: none
  // Units below these numbers. Written means: by this process, and not left over from a transaction that was
  // undone, whose frames are written anew without being synced before.
  std::uint64_t written_ = 0;
  std::uint64_t synced_ = 0;
  std::array<std::uint8_t, kFrameSize + kSyncedSize + UnitSealer::kOverhead> sealed_{};
  Text scratch_{};
};

}  // namespace sotto::store::sqlite
