#include "interop_client.hpp"

#include "translation.hpp"

namespace sotto::mls::interop {

std::optional<SecretBytes> KnownPsks::external_psk(ByteView id) const {
  const auto at = keys_.find(to_bytes(id));
  if (at == keys_.end()) return std::nullopt;
  return SecretBytes(ByteView(at->second));
}

const std::map<std::string_view, InteropClient::Handler>& InteropClient::handlers() {
  using C = InteropClient;
  static const std::map<std::string_view, Handler> kHandlers{
      {"Name", &C::name},
      {"SupportedCiphersuites", &C::supported_ciphersuites},
      {"CreateGroup", &C::create_group},
      {"CreateKeyPackage", &C::create_key_package},
      {"JoinGroup", &C::join_group},
      {"ExternalJoin", &C::external_join},
      {"GroupInfo", &C::group_info},
      {"StateAuth", &C::state_auth},
      {"Export", &C::export_secret},
      {"Protect", &C::protect},
      {"Unprotect", &C::unprotect},
      {"StorePSK", &C::store_psk},
      {"AddProposal", &C::add_proposal},
      {"UpdateProposal", &C::update_proposal},
      {"RemoveProposal", &C::remove_proposal},
      {"ExternalPSKProposal", &C::external_psk_proposal},
      {"ResumptionPSKProposal", &C::resumption_psk_proposal},
      {"GroupContextExtensionsProposal", &C::group_context_extensions_proposal},
      {"Commit", &C::commit},
      {"HandleCommit", &C::handle_commit},
      {"HandlePendingCommit", &C::handle_pending_commit},
      {"ReInitProposal", &C::reinit_proposal},
      {"ReInitCommit", &C::reinit_commit},
      {"HandlePendingReInitCommit", &C::handle_pending_reinit_commit},
      {"HandleReInitCommit", &C::handle_reinit_commit},
      {"ReInitWelcome", &C::reinit_welcome},
      {"HandleReInitWelcome", &C::handle_reinit_welcome},
      {"CreateBranch", &C::create_branch},
      {"HandleBranch", &C::handle_branch},
      {"NewMemberAddProposal", &C::new_member_add_proposal},
      {"CreateExternalSigner", &C::create_external_signer},
      {"AddExternalSigner", &C::add_external_signer},
      {"ExternalSignerProposal", &C::external_signer_proposal},
      {"Free", &C::free},
  };
  return kHandlers;
}

namespace {

std::string error_line(std::string_view text) { return Json{{"error", text}}.dump(); }

}  // namespace

std::string InteropClient::handle(std::string_view line, std::uint64_t now_s) {
  now_s_ = now_s;
  if (line.size() > kMaxLineBytes) return error_line("the line is too long");
  const Json request = Json::parse(line, nullptr, false);
  if (request.is_discarded() || !request.is_object()) return error_line("the line is no JSON object");
  const auto rpc = request.find("rpc");
  if (rpc == request.end() || !rpc->is_string()) return error_line("the line names no rpc");
  const auto handler = handlers().find(rpc->get_ref<const std::string&>());
  if (handler == handlers().end()) return error_line("unimplemented");

  static const Json kNothing = Json::object();
  const auto fields = request.find("request");
  Fields in(fields == request.end() || fields->is_null() ? kNothing : *fields);
  Result<Json> answer = (this->*handler->second)(in);
  if (!answer) return error_line(answer.error().message);
  return Json{{"response", *std::move(answer)}}.dump();
}

Result<Json> InteropClient::name(Fields& in) {
  SOTTO_CHECK(in.finish());
  return Json{{"name", "sotto"}};
}

Result<Json> InteropClient::supported_ciphersuites(Fields& in) {
  SOTTO_CHECK(in.finish());
  Json suites = Json::array();
  for (const CipherSuite suite : default_capabilities().cipher_suites)
    suites.push_back(static_cast<int>(suite));
  return Json{{"ciphersuites", std::move(suites)}};
}

Result<std::uint32_t> InteropClient::new_id() {
  if (states_.size() + transactions_.size() + ended_.size() + signers_.size() >= kMaxObjects ||
      last_id_ == UINT32_MAX) {
    return fail(ErrorCode::rate_limited, "too many states; free some");
  }
  return ++last_id_;
}

Result<State*> InteropClient::state(std::uint32_t id) {
  const auto at = states_.find(id);
  if (at == states_.end()) return fail(ErrorCode::not_found, "state_id: there is no such state");
  return &at->second;
}

Result<std::uint32_t> InteropClient::add_state(State state) {
  SOTTO_TRY(id, new_id());
  states_.emplace(id, std::move(state));
  return id;
}

}  // namespace sotto::mls::interop
