// Extensions, credentials and capabilities (RFC 9420 sections 5.3, 7.2, 13).
#pragma once

#include <optional>
#include <vector>

#include "sotto/mls_messages/types.hpp"

namespace sotto::mls {

// struct { ExtensionType extension_type; opaque extension_data<V>; } Extension;
struct Extension {
  ExtensionType type{};
  Bytes data;

  void write(wire::Writer& out) const;
  static Extension read(wire::Reader& in);
  friend bool operator==(const Extension&, const Extension&) = default;
};
using ExtensionList = std::vector<Extension>;
void write_extensions(wire::Writer& out, const ExtensionList& extensions);
// A type that occurs twice is refused (section 13.4: at most one of each).
ExtensionList read_extensions(wire::Reader& in, std::size_t max_bytes = kMaxFieldBytes);
const Extension* find_extension(const ExtensionList& extensions, ExtensionType type);

// struct {
//   CredentialType credential_type;
//   select (credential_type) { case basic: opaque identity<V>; case x509: Certificate certificates<V>; };
// } Credential;
// A type we do not know has no length of its own and cannot be read.
struct Credential {
  CredentialType type = CredentialType::basic;
  Bytes identity;                   // basic
  std::vector<Bytes> certificates;  // x509: DER, leaf first

  static Credential basic(ByteView identity);
  void write(wire::Writer& out) const;
  static Credential read(wire::Reader& in);
  friend bool operator==(const Credential&, const Credential&) = default;
};

// struct { ProtocolVersion versions<V>; CipherSuite cipher_suites<V>; ExtensionType extensions<V>;
//          ProposalType proposals<V>; CredentialType credentials<V>; } Capabilities;
struct Capabilities {
  std::vector<ProtocolVersion> versions;
  std::vector<CipherSuite> cipher_suites;
  std::vector<ExtensionType> extensions;
  std::vector<ProposalType> proposals;
  std::vector<CredentialType> credentials;

  void write(wire::Writer& out) const;
  static Capabilities read(wire::Reader& in);
  bool supports(ExtensionType type) const;  // default types (section 7.2) need not be listed
  bool supports(ProposalType type) const;   // likewise
  bool supports(CredentialType type) const;
  friend bool operator==(const Capabilities&, const Capabilities&) = default;
};

// Extension data of section 11.1.
// struct { ExtensionType extension_types<V>; ProposalType proposal_types<V>; CredentialType
// credential_types<V>; }
struct RequiredCapabilities {
  std::vector<ExtensionType> extension_types;
  std::vector<ProposalType> proposal_types;
  std::vector<CredentialType> credential_types;

  void write(wire::Writer& out) const;
  static RequiredCapabilities read(wire::Reader& in);
  friend bool operator==(const RequiredCapabilities&, const RequiredCapabilities&) = default;
};

// Section 12.1.8.1: who outside the group may propose.
// struct { SignaturePublicKey signature_key; Credential credential; } ExternalSender;
struct ExternalSender {
  Bytes signature_key;
  Credential credential;

  void write(wire::Writer& out) const;
  static ExternalSender read(wire::Reader& in);
  friend bool operator==(const ExternalSender&, const ExternalSender&) = default;
};
Extension to_extension(const std::vector<ExternalSender>& senders);
Result<std::vector<ExternalSender>> external_senders_from(const Extension& extension);
Extension to_extension(const RequiredCapabilities& required);
Result<RequiredCapabilities> required_capabilities_from(const Extension& extension);

}  // namespace sotto::mls
