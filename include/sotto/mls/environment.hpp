// What the application provides to a group: who is who, pre-shared keys, randomness, time; and how an
// operation is refused.
#pragma once

#include <functional>
#include <optional>
#include <variant>

#include "sotto/base/random.hpp"
#include "sotto/base/result.hpp"
#include "sotto/base/secret_bytes.hpp"
#include "sotto/mls/state.hpp"
#include "sotto/mls_messages/credential.hpp"

namespace sotto::mls {

// Why an input was not taken. In every case the group is as it was, to the bit.
enum class RefusalKind {
  ignore,  // old, repeated, or one's own: nothing is wrong
  reject,  // malformed, forged or against the rules: every honest member refuses it alike. With
           // ErrorCode::not_found a proposal, pre-shared key or tree that it needs is not here: the same
           // message can be tried again once that came
  group_broken,  // authentic, but this member cannot follow: others may have. Repair or re-join
};
struct [[nodiscard]] Refusal {
  RefusalKind kind = RefusalKind::reject;
  Error error;
};

inline Refusal ignore(std::string why) {
  return {RefusalKind::ignore, fail(ErrorCode::conflict, std::move(why))};
}
inline Refusal reject(Error error) { return {RefusalKind::reject, std::move(error)}; }
inline Refusal reject(std::string why) { return reject(fail(ErrorCode::untrusted, std::move(why))); }
inline Refusal group_broken(Error error) { return {RefusalKind::group_broken, std::move(error)}; }

// Result, with a Refusal in place of the Error.
template <class T>
class [[nodiscard]] Outcome {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor)
  Outcome(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  Outcome(Refusal refusal) : state_(std::in_place_index<1>, std::move(refusal)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& operator*() & { return std::get<0>(state_); }
  const T& operator*() const& { return std::get<0>(state_); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  const Refusal& refusal() const& { return std::get<1>(state_); }
  Refusal&& refusal() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Refusal> state_;
};

// RFC 9420 section 5.3.1: the authentication service, seen from a client.
class CredentialPolicy {
 public:
  virtual ~CredentialPolicy() = default;
  // Whether the credential is valid now and vouches for this signature key.
  virtual Status validate(const Credential& credential, ByteView signature_key) const = 0;
  // Whether both name the same client. A group never holds one client twice, and a leaf's successor must
  // name the client that its predecessor named.
  virtual bool is_same_client(const Credential& a, const Credential& b) const = 0;
};

// Basic credentials at face value: an identity is its bytes. For tests and interoperability.
class BasicCredentialPolicy final : public CredentialPolicy {
 public:
  Status validate(const Credential& credential, ByteView signature_key) const override;
  bool is_same_client(const Credential& a, const Credential& b) const override;
};

class PskSource {
 public:
  virtual ~PskSource() = default;
  virtual std::optional<SecretBytes> external_psk(ByteView psk_id) const = 0;
  // Of another group, for re-initialisation and branching, or of a group that this client left.
  virtual std::optional<SecretBytes> resumption_psk(ByteView group_id, std::uint64_t epoch) const = 0;
};

// Spreads independent work over threads. What is run touches nothing shared but the CredentialPolicy, which
// must then bear several threads at once.
class Parallel {
 public:
  virtual ~Parallel() = default;
  // Runs work(0) ... work(count - 1), each once, and returns when all are done.
  virtual void run(std::size_t count, const std::function<void(std::size_t)>& work) const = 0;
};

// Borrowed for the length of one call.
struct Environment {
  Random& random;
  const CredentialPolicy& credentials;
  const PskSource* psks = nullptr;
  std::uint64_t now_s = 0;  // seconds since 1970, for lifetimes alone
  // Gets what an operation changed before its message is handed out. Null: groups that live in memory alone,
  // or a caller that writes take_changes() itself before it sends.
  StateWriter* state = nullptr;
  // For what costs most in large groups: sealing Welcomes, checking key packages and trees. Null: on the
  // caller's thread.
  const Parallel* parallel = nullptr;

  void run_parallel(std::size_t count, const std::function<void(std::size_t)>& work) const;
};

}  // namespace sotto::mls
