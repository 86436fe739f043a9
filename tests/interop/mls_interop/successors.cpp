// Groups out of groups: re-initialised ones and branches.
#include "translation.hpp"

namespace sotto::mls::interop {
namespace {

Result<std::vector<KeyPackage>> packages_of(const std::vector<Bytes>& messages) {
  std::vector<KeyPackage> out;
  for (const Bytes& message : messages) {
    SOTTO_TRY(package, message_of<KeyPackage>(message, "key_package"));
    out.push_back(std::move(package));
  }
  return out;
}

Json founded_answer(const Group::Founded& founded, bool external_tree) {
  return {
      {"welcome", to_base64(founded.welcome.encode())},
      {"ratchet_tree", external_tree ? to_base64(wire::encode(founded.group.ratchet_tree())) : std::string()},
      {"epoch_authenticator", to_base64(founded.group.epoch_authenticator())}};
}

}  // namespace

Result<Json> InteropClient::reinit_welcome(Fields& in) {
  const auto at = ended_.find(in.u32("reinit_id"));
  const auto messages = in.bytes_list("key_package");
  const bool force_path = in.flag("force_path");
  const bool external_tree = in.flag("external_tree");
  SOTTO_CHECK(in.finish());
  if (at == ended_.end()) return fail(ErrorCode::not_found, "reinit_id: there is no such group");
  const EndedGroup& ended = at->second;
  SOTTO_TRY(packages, packages_of(messages));
  SOTTO_TRY(founded, taken(ended.group.reinitialise(ended.own.identity.copy(), packages, !external_tree,
                                                    force_path, environment(&ended.psks))));
  Json out = founded_answer(founded, external_tree);
  SOTTO_TRY(id, add_state({std::move(founded.group), ended.own.identity.copy(), ended.psks, {}}));
  out["state_id"] = id;
  return out;
}

Result<Json> InteropClient::handle_reinit_welcome(Fields& in) {
  const auto at = ended_.find(in.u32("reinit_id"));
  const Bytes welcome_bytes = in.bytes("welcome");
  const Bytes tree_bytes = in.bytes("ratchet_tree");
  SOTTO_CHECK(in.finish());
  if (at == ended_.end()) return fail(ErrorCode::not_found, "reinit_id: there is no such group");
  const EndedGroup& ended = at->second;
  SOTTO_TRY(welcome, message_of<Welcome>(welcome_bytes, "welcome"));
  SOTTO_TRY(tree, tree_of(tree_bytes));
  SOTTO_TRY(group, taken(ended.group.join_reinitialised(welcome, ended.own, pointer(tree),
                                                        environment(&ended.psks))));
  Json out{{"epoch_authenticator", to_base64(group.epoch_authenticator())}};
  SOTTO_TRY(id, add_state({std::move(group), ended.own.identity.copy(), ended.psks, {}}));
  ended_.erase(at);
  out["state_id"] = id;
  return out;
}

Result<Json> InteropClient::create_branch(Fields& in) {
  const std::uint32_t id = in.u32("state_id");
  const Bytes group_id = in.bytes("group_id");
  ExtensionList extensions = read_extension_list(in, "extensions");
  const auto messages = in.bytes_list("key_packages");
  const bool force_path = in.flag("force_path");
  const bool external_tree = in.flag("external_tree");
  SOTTO_CHECK(in.finish());
  SOTTO_TRY(at, state(id));
  SOTTO_TRY(packages, packages_of(messages));
  SOTTO_TRY(founded, taken(at->group.branch(group_id, at->identity.copy(), std::move(extensions), packages,
                                            !external_tree, force_path, environment(&at->psks))));
  Json out = founded_answer(founded, external_tree);
  SOTTO_TRY(branch, add_state(at->after(std::move(founded.group))));
  out["state_id"] = branch;
  return out;
}

Result<Json> InteropClient::handle_branch(Fields& in) {
  const std::uint32_t id = in.u32("state_id");
  const auto transaction = transactions_.find(in.u32("transaction_id"));
  const Bytes welcome_bytes = in.bytes("welcome");
  const Bytes tree_bytes = in.bytes("ratchet_tree");
  SOTTO_CHECK(in.finish());
  SOTTO_TRY(at, state(id));
  if (transaction == transactions_.end()) {
    return fail(ErrorCode::not_found, "transaction_id: no such key package waits for a Welcome");
  }
  const OwnKeyPackage& own = transaction->second.own;
  SOTTO_TRY(welcome, message_of<Welcome>(welcome_bytes, "welcome"));
  SOTTO_TRY(tree, tree_of(tree_bytes));
  SOTTO_TRY(group, taken(at->group.join_branch(welcome, own, pointer(tree),
                                               environment(&transaction->second.psks))));
  Json out{{"epoch_authenticator", to_base64(group.epoch_authenticator())}};
  SOTTO_TRY(branch, add_state({std::move(group), own.identity.copy(), transaction->second.psks, {}}));
  transactions_.erase(transaction);
  out["state_id"] = branch;
  return out;
}

}  // namespace sotto::mls::interop
