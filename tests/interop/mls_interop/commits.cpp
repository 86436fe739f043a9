// Commits, made and handled. Whatever may be refused runs on a copy of the group, which takes the state's
// place (or becomes a new state) only when it succeeded.
#include "translation.hpp"

namespace sotto::mls::interop {
namespace {

Status check_reinit(const CommitSummary& summary, bool wanted) {
  if (summary.reinit.has_value() == wanted) return ok_status();
  return fail(ErrorCode::invalid_argument,
              wanted ? "the commit does not re-initialise the group" : "the commit re-initialises the group");
}

// Whoever is removed by a commit learns nothing of the epoch that it makes.
std::string authenticator_of(const Group& group) {
  const bool is_in = group.is_active() || group.pending_reinit();
  return is_in ? to_base64(group.epoch_authenticator()) : std::string();
}

}  // namespace

Result<std::vector<ProposalRef>> InteropClient::take_proposals(Group& group,
                                                               std::map<Bytes, ProposalRef>& refs,
                                                               const KnownPsks& psks,
                                                               const std::vector<Bytes>& messages) {
  std::vector<ProposalRef> out;
  for (const Bytes& bytes : messages) {
    if (const auto known = refs.find(bytes); known != refs.end()) {
      out.push_back(known->second);
      continue;
    }
    SOTTO_TRY(message, MlsMessage::decode(bytes));
    SOTTO_TRY(received, taken(group.receive(message, environment(&psks))));
    const auto* proposal = received.get<ReceivedProposal>();
    if (proposal == nullptr) return fail(ErrorCode::invalid_argument, "a proposal is expected");
    refs.emplace(bytes, proposal->ref);
    out.push_back(proposal->ref);
  }
  return out;
}

Result<Json> InteropClient::make_commit(Fields& in, bool reinit) {
  const std::uint32_t id = in.u32("state_id");
  const auto by_reference = in.bytes_list("by_reference");
  const auto by_value = in.object_list("by_value", read_description);
  const bool force_path = in.flag("force_path");
  const bool external_tree = in.flag("external_tree");
  SOTTO_CHECK(in.finish());
  SOTTO_TRY(at, state(id));
  const Environment env = environment(&at->psks);

  Group group = at->group.copy();
  group.discard_pending_commit();  // whoever drives the test asks for another one in its place
  auto refs = at->refs;
  CommitOptions options;
  SOTTO_TRY(chosen, take_proposals(group, refs, at->psks, by_reference));
  options.only = std::move(chosen);
  for (const ProposalDescription& description : by_value) {
    SOTTO_TRY(proposal, proposal_of(description, group, env));
    options.by_value.push_back(std::move(proposal));
  }
  options.force_path = force_path;
  options.tree_in_welcome = !external_tree;
  SOTTO_TRY(made, taken(group.commit(options, env)));
  SOTTO_CHECK(check_reinit(group.pending_commit()->summary(), reinit));
  Json out{{"commit", to_base64(made.commit.encode())},
           {"welcome", made.welcome ? to_base64(made.welcome->encode()) : std::string()},
           {"ratchet_tree", ""}};
  if (external_tree) {
    Group next = group.copy();
    SOTTO_CHECK(taken(next.merge_pending_commit()));
    out["ratchet_tree"] = to_base64(wire::encode(next.ratchet_tree()));
  }
  at->group = std::move(group);
  at->refs = std::move(refs);
  return out;
}

Result<Group> InteropClient::follow(const State& state, const std::vector<Bytes>& proposals,
                                    const Bytes& commit, bool reinit) {
  Group group = state.group.copy();
  auto refs = state.refs;
  SOTTO_CHECK(take_proposals(group, refs, state.psks, proposals));
  SOTTO_TRY(message, MlsMessage::decode(commit));
  SOTTO_TRY(received, taken(group.receive(message, environment(&state.psks))));
  if (received.get<OwnCommit>() != nullptr) return merge_pending(state, reinit);
  auto* staged = received.get<StagedCommit>();
  if (staged == nullptr) return fail(ErrorCode::invalid_argument, "commit: this is another kind of message");
  SOTTO_CHECK(check_reinit(staged->summary(), reinit));
  SOTTO_CHECK(taken(group.merge(std::move(*staged))));
  return group;
}

Result<Group> InteropClient::merge_pending(const State& state, bool reinit) {
  if (!state.group.has_pending_commit())
    return fail(ErrorCode::conflict, "state_id: there is no pending commit");
  SOTTO_CHECK(check_reinit(state.group.pending_commit()->summary(), reinit));
  Group group = state.group.copy();
  SOTTO_CHECK(taken(group.merge_pending_commit()));
  return group;
}

Result<Json> InteropClient::handle_commit(Fields& in) {
  const std::uint32_t id = in.u32("state_id");
  const auto proposals = in.bytes_list("proposal");
  const Bytes commit = in.bytes("commit");
  SOTTO_CHECK(in.finish());
  SOTTO_TRY(at, state(id));
  SOTTO_TRY(group, follow(*at, proposals, commit, false));
  Json out{{"epoch_authenticator", authenticator_of(group)}};
  SOTTO_TRY(next, add_state(at->after(std::move(group))));
  out["state_id"] = next;
  return out;
}

Result<Json> InteropClient::handle_pending_commit(Fields& in) {
  const std::uint32_t id = in.u32("state_id");
  SOTTO_CHECK(in.finish());
  SOTTO_TRY(at, state(id));
  SOTTO_TRY(group, merge_pending(*at, false));
  Json out{{"epoch_authenticator", authenticator_of(group)}};
  SOTTO_TRY(next, add_state(at->after(std::move(group))));
  out["state_id"] = next;
  return out;
}

Result<Json> InteropClient::end_group(const State& state, Group group) {
  SOTTO_TRY(own, new_key_package(group.pending_reinit()->cipher_suite, state.identity.credential.identity));
  Json out{{"key_package", to_base64(MlsMessage{own.package}.encode())},
           {"epoch_authenticator", authenticator_of(group)}};
  SOTTO_TRY(id, new_id());
  ended_.emplace(id, EndedGroup{std::move(group), std::move(own), state.psks});
  out["reinit_id"] = id;
  return out;
}

Result<Json> InteropClient::handle_pending_reinit_commit(Fields& in) {
  const std::uint32_t id = in.u32("state_id");
  SOTTO_CHECK(in.finish());
  SOTTO_TRY(at, state(id));
  SOTTO_TRY(group, merge_pending(*at, true));
  return end_group(*at, std::move(group));
}

Result<Json> InteropClient::handle_reinit_commit(Fields& in) {
  const std::uint32_t id = in.u32("state_id");
  const auto proposals = in.bytes_list("proposal");
  const Bytes commit = in.bytes("commit");
  SOTTO_CHECK(in.finish());
  SOTTO_TRY(at, state(id));
  SOTTO_TRY(group, follow(*at, proposals, commit, true));
  return end_group(*at, std::move(group));
}

}  // namespace sotto::mls::interop
