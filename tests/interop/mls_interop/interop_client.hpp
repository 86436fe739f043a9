// The members that one mls-interop process plays: group states, key packages that wait for their Welcome,
// ended groups that wait for their successor, external signers. Every one has a number of its own.
//
// handle() is one line in, one line out. What it does with MLS is src/mls; here is only translation.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "json_fields.hpp"
#include "sotto/mls/group.hpp"

namespace sotto::mls::interop {

// Numbers that one process hands out; nothing of it is ever freed but states.
inline constexpr std::size_t kMaxObjects = 100000;

// External pre-shared keys of one member. Resumption keys come from its groups themselves.
class KnownPsks final : public PskSource {
 public:
  void store(Bytes id, ByteView secret) { keys_.insert_or_assign(std::move(id), to_bytes(secret)); }
  std::optional<SecretBytes> external_psk(ByteView id) const override;
  std::optional<SecretBytes> resumption_psk(ByteView, std::uint64_t) const override { return std::nullopt; }

 private:
  std::map<Bytes, Bytes> keys_;  // plain: whoever drives this program gave them in the clear
};

// One epoch of one member's group. Handling a commit makes another State.
struct State {
  Group group;
  ClientIdentity identity;
  KnownPsks psks;
  std::map<Bytes, ProposalRef> refs;  // of proposals taken so far, by message

  // The same member one commit later.
  State after(Group next) const { return {std::move(next), identity.copy(), psks, {}}; }
};

struct Transaction {
  OwnKeyPackage own;
  KnownPsks psks;
};

// A re-initialised group: the old one, and the key package for the new one.
struct EndedGroup {
  Group group;
  OwnKeyPackage own;
  KnownPsks psks;
};

struct ExternalSigner {
  CipherSuite suite;
  crypto::SigningKey key;
};

class InteropClient {
 public:
  explicit InteropClient(Random& random) : random_(random) {}

  // One request, one answer without newline. `now_s`: seconds since 1970.
  std::string handle(std::string_view line, std::uint64_t now_s);

 private:
  using Handler = Result<Json> (InteropClient::*)(Fields& in);
  static const std::map<std::string_view, Handler>& handlers();

  Result<Json> name(Fields& in);
  Result<Json> supported_ciphersuites(Fields& in);
  // groups.cpp
  Result<Json> create_group(Fields& in);
  Result<Json> create_key_package(Fields& in);
  Result<Json> join_group(Fields& in);
  Result<Json> external_join(Fields& in);
  Result<Json> group_info(Fields& in);
  Result<Json> free(Fields& in);
  Result<Json> store_psk(Fields& in);
  // messages.cpp
  Result<Json> state_auth(Fields& in);
  Result<Json> export_secret(Fields& in);
  Result<Json> protect(Fields& in);
  Result<Json> unprotect(Fields& in);
  // proposals.cpp
  Result<Json> add_proposal(Fields& in);
  Result<Json> update_proposal(Fields& in);
  Result<Json> remove_proposal(Fields& in);
  Result<Json> external_psk_proposal(Fields& in);
  Result<Json> resumption_psk_proposal(Fields& in);
  Result<Json> group_context_extensions_proposal(Fields& in);
  Result<Json> reinit_proposal(Fields& in);
  // commits.cpp
  Result<Json> commit(Fields& in) { return make_commit(in, false); }
  Result<Json> handle_commit(Fields& in);
  Result<Json> handle_pending_commit(Fields& in);
  Result<Json> reinit_commit(Fields& in) { return make_commit(in, true); }
  Result<Json> handle_pending_reinit_commit(Fields& in);
  Result<Json> handle_reinit_commit(Fields& in);
  // successors.cpp
  Result<Json> reinit_welcome(Fields& in);
  Result<Json> handle_reinit_welcome(Fields& in);
  Result<Json> create_branch(Fields& in);
  Result<Json> handle_branch(Fields& in);
  // outsiders.cpp
  Result<Json> new_member_add_proposal(Fields& in);
  Result<Json> create_external_signer(Fields& in);
  Result<Json> add_external_signer(Fields& in);
  Result<Json> external_signer_proposal(Fields& in);

  Result<Json> make_commit(Fields& in, bool reinit);
  // The group after a commit of others, with its proposals; `reinit`: whether it has to end the group.
  Result<Group> follow(const State& state, const std::vector<Bytes>& proposals, const Bytes& commit,
                       bool reinit);
  Result<Group> merge_pending(const State& state, bool reinit);
  Result<Json> end_group(const State& state, Group group);
  Result<Json> propose(State& state, const Proposal& proposal);
  // Takes proposals into the group, and says which they are.
  Result<std::vector<ProposalRef>> take_proposals(Group& group, std::map<Bytes, ProposalRef>& refs,
                                                  const KnownPsks& psks, const std::vector<Bytes>& messages);

  Environment environment(const PskSource* psks = nullptr) const { return {random_, policy_, psks, now_s_}; }
  Result<ClientIdentity> make_identity(CipherSuite suite, ByteView identity);
  Result<OwnKeyPackage> new_key_package(CipherSuite suite, ByteView identity);
  Result<Json> key_package_answer(OwnKeyPackage own, const char* message_name, const MlsMessage& message);
  Result<State*> state(std::uint32_t id);
  Result<std::uint32_t> add_state(State state);
  Result<std::uint32_t> new_id();

  Random& random_;
  BasicCredentialPolicy policy_;
  std::uint64_t now_s_ = 0;
  std::uint32_t last_id_ = 0;
  std::map<std::uint32_t, State> states_;
  std::map<std::uint32_t, Transaction> transactions_;
  std::map<std::uint32_t, EndedGroup> ended_;
  std::map<std::uint32_t, ExternalSigner> signers_;
};

}  // namespace sotto::mls::interop
