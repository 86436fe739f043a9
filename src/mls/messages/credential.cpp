#include "sotto/mls_messages/credential.hpp"

#include <algorithm>

namespace sotto::mls {
namespace {

template <class Enum>
void write_list(wire::Writer& out, const std::vector<Enum>& values) {
  out.list(values, [](wire::Writer& w, Enum value) { write_enum(w, value); });
}
template <class Enum>
std::vector<Enum> read_list(wire::Reader& in) {
  return in.list(kMaxListEntries * sizeof(Enum), kMaxListEntries,
                 [](wire::Reader& r) { return read_enum<Enum>(r); });
}
template <class T>
bool contains(const std::vector<T>& values, T value) {
  return std::ranges::find(values, value) != values.end();
}

}  // namespace

void Extension::write(wire::Writer& out) const {
  write_enum(out, type);
  out.opaque(data);
}

Extension Extension::read(wire::Reader& in) {
  Extension extension;
  extension.type = read_enum<ExtensionType>(in);
  extension.data = to_bytes(in.opaque(kMaxMessageBytes));
  return extension;
}

void write_extensions(wire::Writer& out, const ExtensionList& extensions) {
  out.list(extensions, [](wire::Writer& w, const Extension& extension) { extension.write(w); });
}

ExtensionList read_extensions(wire::Reader& in, std::size_t max_bytes) {
  ExtensionList list =
      in.list(max_bytes, kMaxListEntries, [](wire::Reader& r) { return Extension::read(r); });
  std::vector<ExtensionType> types;
  types.reserve(list.size());
  for (const Extension& extension : list) types.push_back(extension.type);
  std::ranges::sort(types);
  if (std::ranges::adjacent_find(types) != types.end()) in.fail("an extension occurs twice");
  return list;
}

const Extension* find_extension(const ExtensionList& extensions, ExtensionType type) {
  const auto at = std::ranges::find(extensions, type, &Extension::type);
  return at == extensions.end() ? nullptr : &*at;
}

Credential Credential::basic(ByteView identity) {
  Credential credential;
  credential.identity = to_bytes(identity);
  return credential;
}

void Credential::write(wire::Writer& out) const {
  write_enum(out, type);
  if (type == CredentialType::basic) {
    out.opaque(identity);
  } else {
    out.list(certificates, [](wire::Writer& w, const Bytes& certificate) { w.opaque(certificate); });
  }
}

Credential Credential::read(wire::Reader& in) {
  constexpr std::size_t kMaxChain = 16;
  Credential credential;
  credential.type = read_enum<CredentialType>(in);
  switch (credential.type) {
    case CredentialType::basic: credential.identity = to_bytes(in.opaque(kMaxFieldBytes)); break;
    case CredentialType::x509:
      credential.certificates = in.list(kMaxChain * kMaxCertificateBytes, kMaxChain, [](wire::Reader& r) {
        return to_bytes(r.opaque(kMaxCertificateBytes));
      });
      break;
    default: in.fail("the credential type is unknown");
  }
  return credential;
}

void Capabilities::write(wire::Writer& out) const {
  write_list(out, versions);
  write_list(out, cipher_suites);
  write_list(out, extensions);
  write_list(out, proposals);
  write_list(out, credentials);
}

Capabilities Capabilities::read(wire::Reader& in) {
  Capabilities capabilities;
  capabilities.versions = read_list<ProtocolVersion>(in);
  capabilities.cipher_suites = read_list<CipherSuite>(in);
  capabilities.extensions = read_list<ExtensionType>(in);
  capabilities.proposals = read_list<ProposalType>(in);
  capabilities.credentials = read_list<CredentialType>(in);
  return capabilities;
}

bool Capabilities::supports(ExtensionType type) const {
  return (type >= ExtensionType::application_id && type <= ExtensionType::external_senders) ||
         contains(extensions, type);
}
bool Capabilities::supports(ProposalType type) const {
  return (type >= ProposalType::add && type <= ProposalType::group_context_extensions) ||
         contains(proposals, type);
}
bool Capabilities::supports(CredentialType type) const { return contains(credentials, type); }

void RequiredCapabilities::write(wire::Writer& out) const {
  write_list(out, extension_types);
  write_list(out, proposal_types);
  write_list(out, credential_types);
}

RequiredCapabilities RequiredCapabilities::read(wire::Reader& in) {
  RequiredCapabilities required;
  required.extension_types = read_list<ExtensionType>(in);
  required.proposal_types = read_list<ProposalType>(in);
  required.credential_types = read_list<CredentialType>(in);
  return required;
}

void ExternalSender::write(wire::Writer& out) const {
  out.opaque(signature_key);
  credential.write(out);
}

ExternalSender ExternalSender::read(wire::Reader& in) {
  ExternalSender sender;
  sender.signature_key = to_bytes(in.opaque(kMaxKeyBytes));
  sender.credential = Credential::read(in);
  return sender;
}

Extension to_extension(const std::vector<ExternalSender>& senders) {
  wire::Writer out;
  out.list(senders, [](wire::Writer& w, const ExternalSender& sender) { sender.write(w); });
  return {ExtensionType::external_senders, std::move(out).take()};
}

Result<std::vector<ExternalSender>> external_senders_from(const Extension& extension) {
  wire::Reader in(extension.data);
  auto senders =
      in.list(kMaxFieldBytes, kMaxListEntries, [](wire::Reader& r) { return ExternalSender::read(r); });
  if (Status done = in.finish(); !done) return std::move(done).error().with("external_senders");
  return senders;
}

Extension to_extension(const RequiredCapabilities& required) {
  return {ExtensionType::required_capabilities, wire::encode(required)};
}

Result<RequiredCapabilities> required_capabilities_from(const Extension& extension) {
  return wire::decode<RequiredCapabilities>(extension.data);
}

}  // namespace sotto::mls
