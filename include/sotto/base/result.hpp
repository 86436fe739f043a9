// Failure as a value: everything that a peer, a disk, a device or a user can cause.
//
//   Result<Key> key = load_key(path);
//   if (!key) return std::move(key).error().with("loading the identity key");
//   use(*key);
//
// What only our own bug can cause is an assert; running out of memory may throw.
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace sotto {

// The stable set that also crosses the JSON-RPC interface (docs/rpc.md) and the text channel.
enum class ErrorCode {
  invalid_argument,  // the input itself is wrong: malformed, out of range, unreadable
  not_found,         // no such user, conversation, file, device
  denied,            // understood, and refused
  offline,           // no connection now; trying later may help
  rate_limited,      // too often; the message says when to try again
  conflict,          // the state forbids it: taken name, already in a call
  too_large,         // over a limit that the message names
  untrusted,         // a signature, certificate or fingerprint does not hold
  storage,           // disk full, I/O error, database error
  unavailable,       // a device, codec or service is missing or busy
  internal,          // our own bug, reported instead of crashing
};

std::string_view to_string(ErrorCode code);
std::optional<ErrorCode> error_code_from(std::string_view text);

// `message` is a plain sentence for people; never a secret, never message text.
struct [[nodiscard]] Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;

  // Adds what was being done, once per layer: "loading group state: the file is truncated".
  Error with(std::string_view doing) && {
    message.insert(0, std::string(doing) + ": ");
    return std::move(*this);
  }
  Error with(std::string_view doing) const& { return Error(*this).with(doing); }

  friend bool operator==(const Error&, const Error&) = default;
};

struct Unit {
  friend bool operator==(const Unit&, const Unit&) = default;
};

template <class T>
class [[nodiscard]] Result {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): `return value;` and `return error;` are the point
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    assert(ok());
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& {
    assert(!ok());
    return *std::get_if<1>(&state_);
  }
  Error&& error() && {
    assert(!ok());
    return std::move(*std::get_if<1>(&state_));
  }

  T value_or(T other) && { return ok() ? std::move(*this).value() : std::move(other); }

 private:
  std::variant<T, Error> state_;
};

using Status = Result<Unit>;
inline Status ok_status() { return Unit{}; }

inline Error fail(ErrorCode code, std::string message) { return Error{code, std::move(message)}; }

}  // namespace sotto
