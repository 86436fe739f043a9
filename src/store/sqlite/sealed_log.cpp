#include "sqlite/sealed_log.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace sotto::store::sqlite {
namespace {

// https://www.sqlite.org/fileformat2.html section 4: the log's header and its frames, all big endian.
constexpr std::uint32_t kMagicLittleEndian = 0x377f0682;  // of the checksums, not of the fields
constexpr std::uint32_t kMagicBigEndian = 0x377f0683;
constexpr std::size_t kHeaderPageSize = 8;
constexpr std::size_t kHeaderSalts = 16;
constexpr std::size_t kFramePage = 0;
constexpr std::size_t kFrameCommit = 4;  // not zero: the transaction ends here
constexpr std::size_t kFrameSalts = 8;
constexpr std::size_t kFrameChecksum = 16;

std::uint32_t big32(const std::uint8_t* at) {
  return std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 | std::uint32_t{at[2]} << 8 | at[3];
}
std::uint32_t little32(const std::uint8_t* at) {
  return std::uint32_t{at[3]} << 24 | std::uint32_t{at[2]} << 16 | std::uint32_t{at[1]} << 8 | at[0];
}

std::uint64_t get64(const std::uint8_t* at) { return std::uint64_t{big32(at)} << 32 | big32(at + 4); }
void put64(std::uint8_t* at, std::uint64_t value) {
  for (int i = 0; i < 8; ++i) at[i] = static_cast<std::uint8_t>(value >> (56 - 8 * i));
}

// Every log has salts of its own, so that frames of an older one in the same file are told apart.
bool same_log(ByteView frame, ByteView header) {
  return equal(frame.subspan(kFrameSalts, 8), header.subspan(kHeaderSalts, 8));
}

struct Checksum {
  std::uint32_t a = 0, b = 0;
  void add(ByteView data, bool big_endian) {
    const auto word = big_endian ? big32 : little32;
    for (std::size_t i = 0; i + 8 <= data.size(); i += 8) {
      a += word(&data[i]) + b;
      b += word(&data[i + 4]) + a;
    }
  }
  friend bool operator==(const Checksum&, const Checksum&) = default;
};

Checksum stored_checksum(const std::uint8_t* at) { return {big32(at), big32(at + 4)}; }

// Checksums are cumulative: a frame's goes on from the one before it.
bool follows(const Checksum& before, ByteView frame, const std::uint8_t* log_header) {
  const bool big_endian = big32(log_header) == kMagicBigEndian;
  Checksum sum = before;
  sum.add(frame.first(8), big_endian);
  sum.add(frame.subspan(24), big_endian);
  return sum == stored_checksum(&frame[kFrameChecksum]);
}

}  // namespace

SealedLog::Part SealedLog::first_part(std::int64_t offset, std::size_t size) {
  const auto at = static_cast<std::uint64_t>(offset);
  if (at < kHeaderSize) return {0, at, std::min<std::size_t>(size, kHeaderSize - at)};
  const std::size_t begin = (at - kHeaderSize) % kFrameSize;
  return {1 + (at - kHeaderSize) / kFrameSize, begin, std::min(size, kFrameSize - begin)};
}

std::int64_t SealedLog::place_of(std::uint64_t unit) {
  if (unit == 0) return 0;
  return static_cast<std::int64_t>(kHeaderSize + UnitSealer::kOverhead +
                                   (unit - 1) * (kFrameSize + kSyncedSize + UnitSealer::kOverhead));
}

SealedLog::Load SealedLog::load(std::uint64_t unit, Text& text) {
  const std::size_t sealed_size = text_size_of(unit) + UnitSealer::kOverhead;
  const int code =
      file_->pMethods->xRead(file_, sealed_.data(), static_cast<int>(sealed_size), place_of(unit));
  if (code == SQLITE_IOERR_SHORT_READ) return Load::absent;
  if (code != SQLITE_OK) return Load::failed;
  const auto role = unit == 0 ? UnitSealer::Role::log_header : UnitSealer::Role::log_frame;
  const bool good = sealer_.open(role, unit, ByteView(sealed_).first(sealed_size),
                                 MutableByteView(text).first(text_size_of(unit)));
  return good ? Load::good : Load::bad;
}

int SealedLog::store(std::uint64_t unit, Text& text) {
  // A log of pages of another size would be cut in the wrong places.
  if (unit == 0 && big32(&text[kHeaderPageSize]) != kPageSize) return SQLITE_IOERR_WRITE;
  const std::size_t sealed_size = text_size_of(unit) + UnitSealer::kOverhead;
  // Written again, it is not synced any more. A new header begins a new log.
  synced_ = std::min(synced_, unit);
  if (unit != 0) put64(&text[kFrameSize], synced_);
  const auto role = unit == 0 ? UnitSealer::Role::log_header : UnitSealer::Role::log_frame;
  if (!sealer_.seal(role, unit, ByteView(text).first(text_size_of(unit)),
                    MutableByteView(sealed_).first(sealed_size))) {
    return SQLITE_IOERR_WRITE;
  }
  const int code =
      file_->pMethods->xWrite(file_, sealed_.data(), static_cast<int>(sealed_size), place_of(unit));
  if (code != SQLITE_OK) return code;
  written_ = unit + 1;
  // From now on it has to open.
  if (torn_from_ != UINT64_MAX) torn_from_ = std::max(torn_from_, unit + 1);
  return code;
}

bool SealedLog::is_zero(std::uint64_t unit) {
  const std::size_t sealed_size = text_size_of(unit) + UnitSealer::kOverhead;
  if (file_->pMethods->xRead(file_, sealed_.data(), static_cast<int>(sealed_size), place_of(unit)) !=
      SQLITE_OK) {
    return false;
  }
  return std::all_of(sealed_.begin(), sealed_.begin() + static_cast<std::ptrdiff_t>(sealed_size),
                     [](std::uint8_t byte) { return byte == 0; });
}

int SealedLog::check() {
  torn_from_ = UINT64_MAX;
  first_page_unit_ = 0;
  auto header = std::make_unique<Text>();
  switch (load(0, *header)) {
    case Load::failed: return SQLITE_IOERR_READ;
    case Load::absent: torn_from_ = 0; return SQLITE_OK;
    case Load::bad:
      // A file grown but not written when the power went has zeros. The header lies in one sector of the
      // disk, which is written as a whole: anything else was changed.
      if (!is_zero(0)) return SQLITE_OK;
      torn_from_ = 0;
      return SQLITE_OK;
    case Load::good: break;
  }
  const std::uint32_t magic = big32(header->data());
  if (magic != kMagicLittleEndian && magic != kMagicBigEndian) return SQLITE_OK;

  Checksum sum = stored_checksum(&(*header)[24]);
  std::uint64_t first_page = 0;
  for (std::uint64_t unit = 1;; ++unit) {
    const Load loaded = load(unit, scratch_);
    if (loaded == Load::failed) return SQLITE_IOERR_READ;
    if (loaded == Load::bad) {
      if (!was_synced(unit, *header)) torn_from_ = unit;
      return SQLITE_OK;
    }
    if (loaded == Load::absent || !same_log(scratch_, *header) ||
        !follows(sum, ByteView(scratch_).first(kFrameSize), header->data())) {
      torn_from_ = unit;  // the log ends here; what lies behind is of an older one
      return SQLITE_OK;
    }
    sum = stored_checksum(&scratch_[kFrameChecksum]);
    if (big32(&scratch_[kFramePage]) == 1) first_page = unit;
    if (big32(&scratch_[kFrameCommit]) != 0) first_page_unit_ = first_page;
  }
}

bool SealedLog::was_synced(std::uint64_t bad, const Text& header) {
  // Leftovers of a torn or undone transaction are no false witnesses: they were written before anything from
  // their own place on was synced.
  for (std::uint64_t unit = bad + 1;; ++unit) {
    const Load loaded = load(unit, scratch_);
    if (loaded == Load::absent || loaded == Load::failed) return false;
    if (loaded == Load::good && same_log(scratch_, header) && get64(&scratch_[kFrameSize]) > bad) return true;
  }
}

void SealedLog::synced() { synced_ = written_; }

bool SealedLog::read_first_page(MutableByteView page) {
  if (first_page_unit_ == 0 || load(first_page_unit_, scratch_) != Load::good) return false;
  std::copy_n(scratch_.begin() + kFrameHeaderSize, kPageSize, page.begin());
  return true;
}

int SealedLog::read(MutableByteView out, std::int64_t offset) {
  bool missing = false;
  while (!out.empty()) {
    const Part part = first_part(offset, out.size());
    if (pending_ && pending_->unit == part.unit) {
      if (const int code = flush(); code != SQLITE_OK) return code;
    }
    const MutableByteView piece = out.first(part.size);
    switch (load(part.unit, scratch_)) {
      case Load::good: std::copy_n(&scratch_[part.begin], part.size, piece.begin()); break;
      case Load::failed: return SQLITE_IOERR_READ;
      case Load::bad:
        if (part.unit < torn_from_) return SQLITE_IOERR_DATA;
        std::ranges::fill(piece, std::uint8_t{0});
        break;
      case Load::absent:
        std::ranges::fill(piece, std::uint8_t{0});
        missing = true;
        break;
    }
    out = out.subspan(part.size);
    offset += static_cast<std::int64_t>(part.size);
  }
  return missing ? SQLITE_IOERR_SHORT_READ : SQLITE_OK;
}

int SealedLog::write(ByteView data, std::int64_t offset) {
  while (!data.empty()) {
    const Part part = first_part(offset, data.size());
    if (const int code = write_part(part, data.data()); code != SQLITE_OK) return code;
    data = data.subspan(part.size);
    offset += static_cast<std::int64_t>(part.size);
  }
  return SQLITE_OK;
}

int SealedLog::write_part(const Part& part, const std::uint8_t* data) {
  const std::size_t end = part.begin + part.size;
  // Only what joins up with the waiting piece can be kept together with it.
  if (pending_ && (pending_->unit != part.unit || part.begin > pending_->end || end < pending_->begin)) {
    if (const int code = flush(); code != SQLITE_OK) return code;
  }
  if (!pending_) {
    pending_ = Pending{part.unit, part.begin, end, {}};
  }
  std::copy_n(data, part.size, &pending_->text[part.begin]);
  pending_->begin = std::min(pending_->begin, part.begin);
  pending_->end = std::max(pending_->end, end);
  return pending_->begin == 0 && pending_->end == size_of(part.unit) ? flush() : SQLITE_OK;
}

int SealedLog::flush() {
  if (!pending_) return SQLITE_OK;
  // Dropped also when writing fails: SQLite then gives up the transaction.
  Pending pending = *std::exchange(pending_, std::nullopt);
  if (pending.begin != 0 || pending.end != size_of(pending.unit)) {
    const Load loaded = load(pending.unit, scratch_);
    if (loaded == Load::failed) return SQLITE_IOERR_READ;
    if (loaded == Load::bad) return SQLITE_IOERR_DATA;
    if (loaded == Load::absent) scratch_.fill(0);
    std::copy(&pending.text[pending.begin], pending.text.data() + pending.end, &scratch_[pending.begin]);
    return store(pending.unit, scratch_);
  }
  return store(pending.unit, pending.text);
}

int SealedLog::truncate(std::int64_t size) {
  if (const int code = flush(); code != SQLITE_OK) return code;
  if (size <= 0) return file_->pMethods->xTruncate(file_, 0);
  const Part last = first_part(size - 1, 1);
  return file_->pMethods->xTruncate(file_, place_of(last.unit + 1));
}

int SealedLog::size(std::int64_t& size) {
  if (const int code = flush(); code != SQLITE_OK) return code;
  sqlite3_int64 stored = 0;
  if (const int code = file_->pMethods->xFileSize(file_, &stored); code != SQLITE_OK) return code;
  const std::int64_t after_header = stored - place_of(1);
  const std::int64_t frame = place_of(2) - place_of(1);
  size = after_header < 0 ? 0 : static_cast<std::int64_t>(kHeaderSize + after_header / frame * kFrameSize);
  return SQLITE_OK;
}

}  // namespace sotto::store::sqlite
