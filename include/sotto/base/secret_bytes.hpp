// Bytes that must not outlive their use: keys, passwords, shared secrets.
//
// Move-only and of fixed capacity, so a value never reallocates and leaves no copy behind; wiped on
// destruction and on being moved from. There is no way to print one. Copying is spelled copy().
// Thread: any one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sotto/base/bytes.hpp"

namespace sotto {

// Overwrites memory in a way the compiler may not remove.
void secure_wipe(void* data, std::size_t size) noexcept;

// Time depends on the lengths alone.
bool constant_time_equal(ByteView a, ByteView b) noexcept;

class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::size_t size);  // zero-filled
  explicit SecretBytes(ByteView source);   // copies; wiping the source is the caller's
  static SecretBytes from_text(std::string_view text) { return SecretBytes(as_bytes(text)); }

  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  ~SecretBytes() { wipe(); }

  SecretBytes copy() const { return SecretBytes(view()); }
  void wipe() noexcept;  // empty afterwards
  // Forgets the tail. `size` is at most size().
  void truncate(std::size_t size) noexcept;

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::uint8_t* data() { return data_; }
  const std::uint8_t* data() const { return data_; }
  ByteView view() const { return {data_, size_}; }
  MutableByteView mutable_view() { return {data_, size_}; }

  friend bool operator==(const SecretBytes& a, const SecretBytes& b) {
    return constant_time_equal(a.view(), b.view());
  }

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace sotto
