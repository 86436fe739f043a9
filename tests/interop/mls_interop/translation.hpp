// Between the protocol's fields and the library's types.
#pragma once

#include "interop_client.hpp"

namespace sotto::mls::interop {

// Nearly every line of the handlers may fail, and does nothing about it but say so: hence macros, here alone.
// Returns early with the error of a Result, else names its value.
#define SOTTO_TRY(name, expression)                            \
  auto name##_result = (expression);                           \
  if (!name##_result) return std::move(name##_result).error(); \
  auto& name = *name##_result

#define SOTTO_CHECK(expression) \
  if (auto checked = (expression); !checked) return std::move(checked).error()

template <class T>
Result<T> taken(Outcome<T> outcome) {
  if (!outcome) return std::move(outcome).refusal().error;
  return *std::move(outcome);
}

// One MLSMessage that must be a T; `what` names the field.
template <class T>
Result<T> message_of(ByteView bytes, const char* what) {
  auto message = MlsMessage::decode(bytes);
  if (!message) return std::move(message).error().with(what);
  const T* body = message->template get<T>();
  if (body == nullptr)
    return fail(ErrorCode::invalid_argument, std::string(what) + ": this is another kind of message");
  return *body;
}

// The field ratchet_tree; empty: the message carries the tree.
Result<std::optional<RatchetTreeNodes>> tree_of(ByteView bytes);
inline const RatchetTreeNodes* pointer(const std::optional<RatchetTreeNodes>& tree) {
  return tree ? &*tree : nullptr;
}

struct ProposalDescription {
  std::string type;
  Bytes key_package, removed_id, psk_id, group_id;
  std::uint64_t epoch_id = 0;
  ExtensionList extensions;
  CipherSuite cipher_suite{};
};
ProposalDescription read_description(Fields& in);
ExtensionList read_extension_list(Fields& in, const char* name);

Result<Proposal> add_of(ByteView key_package);
Result<Proposal> remove_of(const std::vector<Member>& members, ByteView identity);
Result<Proposal> reinit_of(Bytes group_id, CipherSuite suite, ExtensionList extensions);
// As a member of `group` proposes it.
Result<Proposal> proposal_of(const ProposalDescription& description, const Group& group,
                             const Environment& env);

}  // namespace sotto::mls::interop
