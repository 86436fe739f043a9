#include "support/mls_insider/cast.hpp"

#include <algorithm>
#include <stdexcept>

namespace sotto::mls::insider {
namespace {

// The first certificate of a chain stands for itself.
std::string name_of(const Credential& credential) {
  if (credential.type == CredentialType::basic) return to_string(ByteView(credential.identity));
  return credential.certificates.empty() ? std::string()
                                         : to_string(ByteView(credential.certificates.front()));
}

std::string client_of(const Credential& credential) {
  const std::string name = name_of(credential);
  return name.substr(0, name.find('#'));
}

crypto::SignatureAlgorithm signature_of(CipherSuite suite) {
  return suite == CipherSuite::p256_aes128gcm_sha256_p256 ? crypto::SignatureAlgorithm::ecdsa_p256_sha256
                                                          : crypto::SignatureAlgorithm::ed25519;
}

template <class T>
T must(Outcome<T> outcome, const char* what) {
  if (!outcome) throw std::runtime_error(std::string(what) + ": " + outcome.refusal().error.message);
  return *std::move(outcome);
}

}  // namespace

void require(bool condition, const std::string& what) {
  if (!condition) throw std::runtime_error(what);
}

std::optional<SecretBytes> TestPsks::external_psk(ByteView id) const {
  const auto at = external_.find(to_bytes(id));
  if (at == external_.end()) return std::nullopt;
  return SecretBytes(ByteView(at->second));
}

Status TestPolicy::validate(const Credential& credential, ByteView) const {
  const std::string name = name_of(credential);
  if (std::ranges::find(forbidden_, name) != forbidden_.end()) {
    return fail(ErrorCode::untrusted, "The authentication service does not know this credential.");
  }
  return ok_status();
}

bool TestPolicy::is_same_client(const Credential& a, const Credential& b) const {
  return client_of(a) == client_of(b);
}

Cast::Cast(CipherSuite suite, std::uint64_t seed)
    : random(seed), capabilities(default_capabilities()), suite_(suite) {
  config.encrypt_handshake = false;
}

ClientIdentity Cast::identity(std::string_view name) {
  return {Credential::basic(as_bytes(name)),
          crypto::SigningKey::generate(signature_of(suite_), random),
          capabilities,
          {}};
}

OwnKeyPackage Cast::package(std::string_view name) { return package(identity(name)); }

OwnKeyPackage Cast::package(ClientIdentity who, Lifetime lifetime) {
  auto made = make_key_package(suite_, std::move(who), lifetime, {}, random);
  require(made.ok(), "making a key package");
  return *std::move(made);
}

std::vector<Group> Cast::group_of(const std::vector<std::string>& names, ExtensionList extensions) {
  std::vector<Group> members;
  members.push_back(must(Group::create(suite_, as_bytes("the group"), identity(names.at(0)),
                                       std::move(extensions), config, env()),
                         "creating"));
  if (names.size() == 1) return members;
  std::vector<OwnKeyPackage> packages;
  CommitOptions options;
  for (std::size_t i = 1; i < names.size(); ++i) {
    packages.push_back(package(names[i]));
    options.by_value.push_back({Add{packages.back().package}});
  }
  std::vector<const OwnKeyPackage*> joiners;
  for (const OwnKeyPackage& own : packages) joiners.push_back(&own);
  commit(members, 0, options, joiners);
  return members;
}

std::vector<Group> Cast::group_of(std::size_t count, ExtensionList extensions) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back("member-" + std::to_string(i));
  return group_of(names, std::move(extensions));
}

std::vector<Group> Cast::warm_group_of(std::size_t count, ExtensionList extensions) {
  std::vector<Group> members = group_of(count, std::move(extensions));
  for (std::size_t i = 0; i < count; i += 2) commit(members, i, {.force_path = true});
  return members;
}

MadeCommit Cast::commit(std::vector<Group>& members, std::size_t committer, const CommitOptions& options,
                        const std::vector<const OwnKeyPackage*>& joiners) {
  MadeCommit made = must(members.at(committer).commit(options, env()), "committing");
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i == committer) continue;
    Received received = must(members[i].receive(made.commit, env()), "receiving a commit");
    auto* staged = received.get<StagedCommit>();
    require(staged != nullptr, "a commit became something else");
    must(members[i].merge(std::move(*staged)), "merging");
  }
  must(members[committer].merge_pending_commit(), "merging one's own");
  const RatchetTreeNodes tree = members[committer].ratchet_tree();
  for (const OwnKeyPackage* own : joiners) {
    members.push_back(
        must(Group::join(*made.welcome->get<Welcome>(), *own, &tree, config, env()), "joining"));
  }
  std::erase_if(members, [](const Group& member) { return !member.is_active() && !member.pending_reinit(); });
  return made;
}

void Cast::deliver(std::vector<Group>& members, std::size_t sender, const MlsMessage& message) {
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i != sender) must(members[i].receive(message, env()), "receiving");
  }
}

}  // namespace sotto::mls::insider
