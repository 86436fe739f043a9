// People and groups for tests: a seeded source of everything, so that a run repeats to the bit.
//
//   Cast cast;
//   auto members = cast.group_of({"alice", "bob", "carol"});   // bob and carol joined by Welcome
//   cast.commit(members, 0, {.force_path = true});             // committed by alice, merged by all
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sotto/base/random.hpp"
#include "sotto/mls/group.hpp"

namespace sotto::mls::insider {

// What the tests hand out, by name.
class TestPsks final : public PskSource {
 public:
  void give(std::string_view id, ByteView secret) { external_[to_bytes(id)] = to_bytes(secret); }
  void take(std::string_view id) { external_.erase(to_bytes(id)); }
  std::optional<SecretBytes> external_psk(ByteView id) const override;
  std::optional<SecretBytes> resumption_psk(ByteView, std::uint64_t) const override { return std::nullopt; }

 private:
  std::map<Bytes, Bytes> external_;
};

// Accepts any credential but those named; one client may have several names ("bob", "bob#2").
class TestPolicy final : public CredentialPolicy {
 public:
  void forbid(std::string_view identity) { forbidden_.push_back(std::string(identity)); }
  void allow_all() { forbidden_.clear(); }
  Status validate(const Credential& credential, ByteView signature_key) const override;
  bool is_same_client(const Credential& a, const Credential& b) const override;

 private:
  std::vector<std::string> forbidden_;
};

class Cast {
 public:
  explicit Cast(CipherSuite suite = CipherSuite::x25519_aes128gcm_sha256_ed25519, std::uint64_t seed = 1);

  CipherSuite suite() const { return suite_; }
  Environment env() { return {random, policy, &psks, now_s}; }

  // A new signature key each time.
  ClientIdentity identity(std::string_view name);
  OwnKeyPackage package(std::string_view name);
  OwnKeyPackage package(ClientIdentity identity, Lifetime lifetime = {0, UINT64_MAX});

  // In the order of the names, which is that of the leaves. Every leaf of the last commit is unmerged: add a
  // commit with a path for a populated tree.
  std::vector<Group> group_of(const std::vector<std::string>& names, ExtensionList extensions = {});
  std::vector<Group> group_of(std::size_t count, ExtensionList extensions = {});
  // A tree with parents: every second member committed once with a path.
  std::vector<Group> warm_group_of(std::size_t count, ExtensionList extensions = {});

  // The member commits, all others receive and merge. Members that the commit removes leave the vector;
  // `joiners` enter at its end.
  MadeCommit commit(std::vector<Group>& members, std::size_t committer, const CommitOptions& options = {},
                    const std::vector<const OwnKeyPackage*>& joiners = {});
  // Sent by one, received by all others.
  void deliver(std::vector<Group>& members, std::size_t sender, const MlsMessage& message);

  SeededRandom random;
  TestPolicy policy;
  TestPsks psks;
  std::uint64_t now_s = 1'700'000'000;
  GroupConfig config;  // handshakes unencrypted, so that both formats are taken
  // Capabilities of identities made from now on.
  Capabilities capabilities;

 private:
  CipherSuite suite_;
};

// Whether the refusal was what was meant, for whoever must go on only if so: throws with both texts.
void require(bool condition, const std::string& what);

}  // namespace sotto::mls::insider
