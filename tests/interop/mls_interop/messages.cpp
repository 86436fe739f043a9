// Application messages, and secrets that an epoch gives away.
#include "translation.hpp"

namespace sotto::mls::interop {

Result<Json> InteropClient::state_auth(Fields& in) {
  const std::uint32_t id = in.u32("state_id");
  SOTTO_CHECK(in.finish());
  SOTTO_TRY(at, state(id));
  return Json{{"state_auth_secret", to_base64(at->group.epoch_authenticator())}};
}

Result<Json> InteropClient::export_secret(Fields& in) {
  const std::uint32_t id = in.u32("state_id");
  const std::string label = in.text("label");
  const Bytes context = in.bytes("context");
  const std::uint32_t size = in.u32("key_length");
  SOTTO_CHECK(in.finish());
  SOTTO_TRY(at, state(id));
  SOTTO_TRY(secret, at->group.export_secret(label, context, size));
  return Json{{"exported_secret", to_base64(secret.view())}};
}

Result<Json> InteropClient::protect(Fields& in) {
  const std::uint32_t id = in.u32("state_id");
  const Bytes authenticated_data = in.bytes("authenticated_data");
  const Bytes plaintext = in.bytes("plaintext");
  SOTTO_CHECK(in.finish());
  SOTTO_TRY(at, state(id));
  SOTTO_TRY(message, taken(at->group.protect(plaintext, authenticated_data, environment(&at->psks))));
  return Json{{"ciphertext", to_base64(message.encode())}};
}

Result<Json> InteropClient::unprotect(Fields& in) {
  const std::uint32_t id = in.u32("state_id");
  const Bytes ciphertext = in.bytes("ciphertext");
  SOTTO_CHECK(in.finish());
  SOTTO_TRY(at, state(id));
  SOTTO_TRY(message, MlsMessage::decode(ciphertext));
  const auto* sealed = message.get<PrivateMessage>();
  if (sealed == nullptr || sealed->content_type != ContentType::application) {
    return fail(ErrorCode::invalid_argument, "ciphertext: this is no application message");
  }
  SOTTO_TRY(received, taken(at->group.receive(message, environment(&at->psks))));
  const auto* opened = received.get<ApplicationMessage>();
  return Json{{"authenticated_data", to_base64(opened->authenticated_data)},
              {"plaintext", to_base64(opened->data)}};
}

}  // namespace sotto::mls::interop
