#include "sotto/wire/writer.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace sotto::wire {
namespace {

// A length as it stands before a vector: at most four bytes.
struct Header {
  std::array<std::uint8_t, 4> bytes{};
  std::size_t size = 0;

  ByteView view() const { return {bytes.data(), size}; }
};

Header big_endian(std::size_t value, std::size_t size) {
  Header header;
  header.size = size;
  for (std::size_t i = 0; i < size; ++i) {
    header.bytes[i] = static_cast<std::uint8_t>(value >> (8 * (size - 1 - i)));
  }
  return header;
}

Header header_for(std::size_t length, Prefix prefix) {
  std::size_t limit = kMaxVarint;
  switch (prefix) {
    case Prefix::varint: break;
    case Prefix::u8: limit = 0xFF; break;
    case Prefix::u16: limit = 0xFFFF; break;
    case Prefix::u32: limit = 0xFFFFFFFF; break;
  }
  if (length > limit) throw std::length_error("wire: a vector does not fit its length prefix");

  switch (prefix) {
    case Prefix::u8: return big_endian(length, 1);
    case Prefix::u16: return big_endian(length, 2);
    case Prefix::u32: return big_endian(length, 4);
    case Prefix::varint: break;
  }
  if (length < (1U << 6)) return big_endian(length, 1);
  if (length < (1U << 14)) return big_endian(length | (1U << 14), 2);
  return big_endian(length | (2U << 30), 4);
}

}  // namespace

Writer Writer::secret(std::size_t capacity) {
  Writer writer(capacity);
  writer.wipes_ = true;
  return writer;
}

Writer::~Writer() {
  if (wipes_) secure_wipe(out_.data(), out_.size());
}

void Writer::varint(std::size_t value) { fixed(header_for(value, Prefix::varint).view()); }

void Writer::fixed(ByteView bytes) {
  grow(bytes.size());
  out_.insert(out_.end(), bytes.begin(), bytes.end());
}

SecretBytes Writer::take_secret() && {
  SecretBytes secret(ByteView{out_});
  secure_wipe(out_.data(), out_.size());
  out_.clear();
  return secret;
}

void Writer::grow_wiping(std::size_t more) {
  Bytes larger;
  larger.reserve(std::max(out_.size() + more, 2 * out_.capacity()));
  larger.assign(out_.begin(), out_.end());
  secure_wipe(out_.data(), out_.size());
  out_ = std::move(larger);
}

void Writer::length(std::size_t size, Prefix prefix) { fixed(header_for(size, prefix).view()); }

void Writer::insert_length(std::size_t start, Prefix prefix) {
  const Header header = header_for(out_.size() - start, prefix);
  grow(header.size);
  const ByteView bytes = header.view();
  out_.insert(out_.begin() + static_cast<std::ptrdiff_t>(start), bytes.begin(), bytes.end());
}

}  // namespace sotto::wire
