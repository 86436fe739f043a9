// Proposals of a member, for somebody to commit by reference.
#include "translation.hpp"

namespace sotto::mls::interop {
namespace {

Json proposal_answer(State& state, const MlsMessage& message) {
  Bytes encoded = message.encode();
  Json out{{"proposal", to_base64(encoded)}};
  state.refs.emplace(std::move(encoded), state.group.proposals().back().ref);
  return out;
}

}  // namespace

Result<Json> InteropClient::propose(State& state, const Proposal& proposal) {
  SOTTO_TRY(message, taken(state.group.propose(proposal, environment(&state.psks))));
  return proposal_answer(state, message);
}

Result<Json> InteropClient::add_proposal(Fields& in) {
  const std::uint32_t id = in.u32("state_id");
  const Bytes key_package = in.bytes("key_package");
  SOTTO_CHECK(in.finish());
  SOTTO_TRY(at, state(id));
  SOTTO_TRY(proposal, add_of(key_package));
  return propose(*at, proposal);
}

Result<Json> InteropClient::update_proposal(Fields& in) {
  const std::uint32_t id = in.u32("state_id");
  SOTTO_CHECK(in.finish());
  SOTTO_TRY(at, state(id));
  SOTTO_TRY(message, taken(at->group.propose_update(environment(&at->psks))));
  return proposal_answer(*at, message);
}

Result<Json> InteropClient::remove_proposal(Fields& in) {
  const std::uint32_t id = in.u32("state_id");
  const Bytes removed = in.bytes("removed_id");
  SOTTO_CHECK(in.finish());
  SOTTO_TRY(at, state(id));
  SOTTO_TRY(proposal, remove_of(at->group.members(), removed));
  return propose(*at, proposal);
}

Result<Json> InteropClient::external_psk_proposal(Fields& in) {
  const std::uint32_t id = in.u32("state_id");
  const Bytes psk_id = in.bytes("psk_id");
  SOTTO_CHECK(in.finish());
  SOTTO_TRY(at, state(id));
  return propose(*at, at->group.psk_proposal(psk_id, environment()));
}

Result<Json> InteropClient::resumption_psk_proposal(Fields& in) {
  const std::uint32_t id = in.u32("state_id");
  const std::uint64_t epoch = in.u64("epoch_id");
  SOTTO_CHECK(in.finish());
  SOTTO_TRY(at, state(id));
  return propose(*at, at->group.resumption_psk_proposal(epoch, environment()));
}

Result<Json> InteropClient::group_context_extensions_proposal(Fields& in) {
  const std::uint32_t id = in.u32("state_id");
  ExtensionList extensions = read_extension_list(in, "extensions");
  SOTTO_CHECK(in.finish());
  SOTTO_TRY(at, state(id));
  return propose(*at, Proposal{GroupContextExtensions{std::move(extensions)}});
}

Result<Json> InteropClient::reinit_proposal(Fields& in) {
  const std::uint32_t id = in.u32("state_id");
  const auto suite = static_cast<CipherSuite>(in.u16("cipher_suite"));
  Bytes group_id = in.bytes("group_id");
  ExtensionList extensions = read_extension_list(in, "extensions");
  SOTTO_CHECK(in.finish());
  SOTTO_TRY(at, state(id));
  SOTTO_TRY(proposal, reinit_of(std::move(group_id), suite, std::move(extensions)));
  return propose(*at, proposal);
}

}  // namespace sotto::mls::interop
