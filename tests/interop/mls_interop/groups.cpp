// Ways into a group, and what concerns a group state as a whole.
#include "translation.hpp"

namespace sotto::mls::interop {
namespace {

// Past epochs that resumption keys may name: scripts go further back than an application would.
constexpr std::size_t kResumptionPsks = 1000;
constexpr std::uint64_t kLifetimeSeconds = 90 * 86400;

GroupConfig config_of(bool encrypt_handshake) {
  GroupConfig config;
  config.encrypt_handshake = encrypt_handshake;
  config.resumption_psks = kResumptionPsks;
  return config;
}

}  // namespace

Result<ClientIdentity> InteropClient::make_identity(CipherSuite suite, ByteView identity) {
  if (identity.size() > kMaxFieldBytes) return fail(ErrorCode::too_large, "identity: this is too long");
  SOTTO_TRY(algorithm, signature_algorithm_of(suite));
  return ClientIdentity{Credential::basic(identity),
                        crypto::SigningKey::generate(algorithm, random_),
                        default_capabilities(),
                        {}};
}

Result<OwnKeyPackage> InteropClient::new_key_package(CipherSuite suite, ByteView identity) {
  SOTTO_TRY(own, make_identity(suite, identity));
  // A day back, for clocks that are behind.
  const Lifetime lifetime{now_s_ - std::min<std::uint64_t>(now_s_, 86400), now_s_ + kLifetimeSeconds};
  return make_key_package(suite, std::move(own), lifetime, {}, random_);
}

Result<Json> InteropClient::create_group(Fields& in) {
  const Bytes group_id = in.bytes("group_id");
  const auto suite = static_cast<CipherSuite>(in.u16("cipher_suite"));
  const bool encrypt = in.flag("encrypt_handshake");
  const Bytes identity = in.bytes("identity");
  SOTTO_CHECK(in.finish());
  SOTTO_TRY(own, make_identity(suite, identity));
  SOTTO_TRY(group, taken(Group::create(suite, group_id, own.copy(), {}, config_of(encrypt), environment())));
  SOTTO_TRY(id, add_state({std::move(group), std::move(own), {}, {}}));
  return Json{{"state_id", id}};
}

Result<Json> InteropClient::key_package_answer(OwnKeyPackage own, const char* message_name,
                                               const MlsMessage& message) {
  Json out{{message_name, to_base64(message.encode())},
           {"init_priv", to_base64(own.init_key.bytes().view())},
           {"encryption_priv", to_base64(own.leaf_key.bytes().view())},
           {"signature_priv", to_base64(own.identity.signing_key.private_key().view())}};
  SOTTO_TRY(id, new_id());
  transactions_.emplace(id, Transaction{std::move(own), {}});
  out["transaction_id"] = id;
  return out;
}

Result<Json> InteropClient::create_key_package(Fields& in) {
  const auto suite = static_cast<CipherSuite>(in.u16("cipher_suite"));
  const Bytes identity = in.bytes("identity");
  SOTTO_CHECK(in.finish());
  SOTTO_TRY(own, new_key_package(suite, identity));
  const MlsMessage message{own.package};
  return key_package_answer(std::move(own), "key_package", message);
}

Result<Json> InteropClient::join_group(Fields& in) {
  const auto transaction = transactions_.find(in.u32("transaction_id"));
  const Bytes welcome_bytes = in.bytes("welcome");
  const bool encrypt = in.flag("encrypt_handshake");
  const Bytes identity = in.bytes("identity");
  const Bytes tree_bytes = in.bytes("ratchet_tree");
  SOTTO_CHECK(in.finish());
  if (transaction == transactions_.end()) {
    return fail(ErrorCode::not_found, "transaction_id: no such key package waits for a Welcome");
  }
  const auto& [own, psks] = transaction->second;
  if (!identity.empty() && identity != own.identity.credential.identity) {
    return fail(ErrorCode::invalid_argument, "identity: the key package names another");
  }
  SOTTO_TRY(welcome, message_of<Welcome>(welcome_bytes, "welcome"));
  SOTTO_TRY(tree, tree_of(tree_bytes));
  SOTTO_TRY(group, taken(Group::join(welcome, own, pointer(tree), config_of(encrypt), environment(&psks))));
  Json out{{"epoch_authenticator", to_base64(group.epoch_authenticator())}};
  SOTTO_TRY(id, add_state({std::move(group), own.identity.copy(), psks, {}}));
  transactions_.erase(transaction);  // section 10: a key package is used once
  out["state_id"] = id;
  return out;
}

Result<Json> InteropClient::external_join(Fields& in) {
  const Bytes info_bytes = in.bytes("group_info");
  const Bytes tree_bytes = in.bytes("ratchet_tree");
  const bool encrypt = in.flag("encrypt_handshake");
  const Bytes identity = in.bytes("identity");
  const bool remove_prior = in.flag("remove_prior");
  KnownPsks psks;
  const auto psk_ids = in.object_list("psks", [&](Fields& one) {
    Bytes id = one.bytes("psk_id");
    psks.store(id, one.bytes("psk_secret"));
    return id;
  });
  SOTTO_CHECK(in.finish());
  SOTTO_TRY(info, message_of<GroupInfo>(info_bytes, "group_info"));
  SOTTO_TRY(tree, tree_of(tree_bytes));
  SOTTO_TRY(own, make_identity(info.group_context.cipher_suite, identity));
  SOTTO_TRY(joined, taken(Group::join_externally(info, pointer(tree), own.copy(), remove_prior, psk_ids,
                                                 config_of(encrypt), environment(&psks))));
  Json out{{"commit", to_base64(joined.commit.encode())},
           {"epoch_authenticator", to_base64(joined.group.epoch_authenticator())}};
  SOTTO_TRY(id, add_state({std::move(joined.group), std::move(own), std::move(psks), {}}));
  out["state_id"] = id;
  return out;
}

Result<Json> InteropClient::group_info(Fields& in) {
  const std::uint32_t id = in.u32("state_id");
  const bool external_tree = in.flag("external_tree");
  SOTTO_CHECK(in.finish());
  SOTTO_TRY(at, state(id));
  SOTTO_TRY(info, taken(at->group.group_info(!external_tree, true)));
  return Json{
      {"group_info", to_base64(MlsMessage{std::move(info)}.encode())},
      {"ratchet_tree", external_tree ? to_base64(wire::encode(at->group.ratchet_tree())) : std::string()}};
}

Result<Json> InteropClient::store_psk(Fields& in) {
  const std::uint32_t id = in.u32("state_or_transaction_id");
  Bytes psk_id = in.bytes("psk_id");
  const Bytes secret = in.bytes("psk_secret");
  SOTTO_CHECK(in.finish());
  if (const auto at = transactions_.find(id); at != transactions_.end()) {
    at->second.psks.store(std::move(psk_id), secret);
  } else if (const auto group = states_.find(id); group != states_.end()) {
    group->second.psks.store(std::move(psk_id), secret);
  } else {
    return fail(ErrorCode::not_found, "state_or_transaction_id: there is neither");
  }
  return Json::object();
}

Result<Json> InteropClient::free(Fields& in) {
  const std::uint32_t id = in.u32("state_id");
  SOTTO_CHECK(in.finish());
  if (states_.erase(id) == 0) return fail(ErrorCode::not_found, "state_id: there is no such state");
  return Json::object();
}

}  // namespace sotto::mls::interop
