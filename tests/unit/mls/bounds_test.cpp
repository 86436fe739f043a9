// The bounds of GroupConfig, GREASE, and work spread over threads.
#include <gtest/gtest.h>

#include <thread>

#include "sotto/crypto/random.hpp"
#include "sotto/mls/group.hpp"

namespace sotto::mls {
namespace {

constexpr CipherSuite kSuite = CipherSuite::x25519_aes128gcm_sha256_ed25519;

class Bounds : public testing::Test {
 protected:
  ClientIdentity identity(const std::string& name) {
    return {Credential::basic(as_bytes(name)),
            crypto::SigningKey::generate(crypto::SignatureAlgorithm::ed25519, crypto::system_random()),
            with_grease(default_capabilities(), crypto::system_random()),
            {}};
  }
  OwnKeyPackage package(const std::string& name) {
    return *make_key_package(kSuite, identity(name), {0, 1'000'000}, {}, crypto::system_random());
  }
  Proposal add(const OwnKeyPackage& own) { return Proposal{Add{own.package}}; }
  // Two members, both with `config`.
  std::pair<Group, Group> pair_of(GroupConfig config) {
    auto founder = Group::create(kSuite, as_bytes("group"), identity("a"), {}, config, env_);
    const OwnKeyPackage own = package("b");
    CommitOptions options;
    options.by_value.push_back(add(own));
    auto made = founder->commit(options, env_);
    EXPECT_TRUE(made) << made.refusal().error.message;
    EXPECT_TRUE(founder->merge_pending_commit());
    auto joined = Group::join(*made->welcome->get<Welcome>(), own, nullptr, config, env_);
    EXPECT_TRUE(joined) << joined.refusal().error.message;
    return {*std::move(founder), *std::move(joined)};
  }

  BasicCredentialPolicy policy_;
  Environment env_{crypto::system_random(), policy_, nullptr, 1000};
};

TEST_F(Bounds, members_with_grease_in_their_capabilities_form_a_group) {
  auto [a, b] = pair_of({});
  EXPECT_TRUE(equal(a.epoch_authenticator(), b.epoch_authenticator()));
  const auto capabilities = with_grease(default_capabilities(), crypto::system_random());
  EXPECT_TRUE(is_grease(static_cast<std::uint16_t>(capabilities.extensions.back())));
  EXPECT_TRUE(is_grease(static_cast<std::uint16_t>(capabilities.proposals.back())));
  EXPECT_TRUE(is_grease(static_cast<std::uint16_t>(capabilities.credentials.back())));
  EXPECT_TRUE(is_grease(static_cast<std::uint16_t>(capabilities.cipher_suites.back())));
}

TEST_F(Bounds, a_message_further_ahead_than_allowed_is_refused) {
  GroupConfig config;
  config.max_generation_skip = 3;
  auto [a, b] = pair_of(config);
  std::vector<MlsMessage> sent;
  for (int i = 0; i < 5; ++i) sent.push_back(*a.protect(as_bytes("x"), {}, env_));
  const auto refused = b.receive(sent[4], env_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.refusal().error.code, ErrorCode::too_large);
  EXPECT_TRUE(b.receive(sent[3], env_));
  EXPECT_TRUE(b.receive(sent[4], env_));
}

TEST_F(Bounds, no_more_skipped_keys_are_kept_than_allowed) {
  GroupConfig config;
  config.max_skipped_keys = 2;
  auto [a, b] = pair_of(config);
  std::vector<MlsMessage> sent;
  for (int i = 0; i < 5; ++i) sent.push_back(*a.protect(as_bytes("x"), {}, env_));
  ASSERT_TRUE(b.receive(sent[4], env_));
  EXPECT_FALSE(b.receive(sent[1], env_));
  EXPECT_TRUE(b.receive(sent[2], env_));
  EXPECT_TRUE(b.receive(sent[3], env_));
}

TEST_F(Bounds, messages_larger_than_allowed_are_neither_sent_nor_received) {
  GroupConfig small;
  small.max_message_bytes = 300;
  auto [a, b] = pair_of(small);
  EXPECT_FALSE(a.protect(Bytes(301), {}, env_));
  EXPECT_FALSE(a.protect(Bytes(200), Bytes(101), env_));
  const auto fits = a.protect(Bytes(100), {}, env_);
  ASSERT_TRUE(fits);
  EXPECT_TRUE(b.receive(*fits, env_));
  const auto too_large = a.protect(Bytes(299), {}, env_);
  ASSERT_TRUE(too_large);
  EXPECT_EQ(b.receive(*too_large, env_).refusal().error.code, ErrorCode::too_large);
}

TEST_F(Bounds, commits_with_more_proposals_and_groups_with_more_members_than_allowed_are_refused) {
  GroupConfig config;
  config.max_proposals_per_commit = 2;
  config.max_members = 4;
  auto [a, b] = pair_of(config);
  const OwnKeyPackage c = package("c");
  CommitOptions three;
  for (const char* name : {"d", "e", "f"}) three.by_value.push_back(add(package(name)));
  const auto too_many = a.commit(three, env_);
  ASSERT_FALSE(too_many);
  EXPECT_EQ(too_many.refusal().error.code, ErrorCode::too_large);
  EXPECT_NE(too_many.refusal().error.message.find("more proposals"), std::string::npos);
  CommitOptions two;
  two.by_value = {add(c), add(package("d"))};
  const auto made = a.commit(two, env_);
  ASSERT_TRUE(made);
  ASSERT_TRUE(a.merge_pending_commit());
  CommitOptions one;
  one.by_value = {add(package("e"))};
  EXPECT_EQ(a.commit(one, env_).refusal().error.code, ErrorCode::too_large);
  config.max_members = 3;
  EXPECT_EQ(Group::join(*made->welcome->get<Welcome>(), c, nullptr, config, env_).refusal().error.code,
            ErrorCode::too_large);
}

TEST_F(Bounds, keys_of_past_epochs_are_forgotten_when_asked) {
  auto [a, b] = pair_of({});
  const auto late = a.protect(as_bytes("late"), {}, env_);
  CommitOptions options;
  options.force_path = true;
  const auto made = a.commit(options, env_);
  auto received = b.receive(made->commit, env_);
  ASSERT_TRUE(b.merge(std::move(*received->get<StagedCommit>())));
  EXPECT_TRUE(b.copy().receive(*late, env_));
  b.forget_past_epochs();
  EXPECT_EQ(b.receive(*late, env_).refusal().kind, RefusalKind::ignore);
}

// Every other piece of work on a thread of its own.
class TwoThreads final : public Parallel {
 public:
  void run(std::size_t count, const std::function<void(std::size_t)>& work) const override {
    const auto each_second = [&](std::size_t from) {
      for (std::size_t i = from; i < count; i += 2) work(i);
    };
    std::thread odd(each_second, 1);
    each_second(0);
    odd.join();
  }
};

TEST_F(Bounds, a_group_made_and_joined_on_two_threads_is_the_same) {
  const TwoThreads threads;
  env_.parallel = &threads;
  auto founder = Group::create(kSuite, as_bytes("group"), identity("a"), {}, {}, env_);
  std::vector<OwnKeyPackage> packages;
  CommitOptions options;
  for (int i = 0; i < 20; ++i) {
    packages.push_back(package(std::to_string(i)));
    options.by_value.push_back(add(packages.back()));
  }
  const auto made = founder->commit(options, env_);
  ASSERT_TRUE(made);
  ASSERT_TRUE(founder->merge_pending_commit());
  for (const OwnKeyPackage& own : packages) {
    const auto joined = Group::join(*made->welcome->get<Welcome>(), own, nullptr, {}, env_);
    ASSERT_TRUE(joined) << joined.refusal().error.message;
    EXPECT_TRUE(equal(joined->epoch_authenticator(), founder->epoch_authenticator()));
  }
}

}  // namespace
}  // namespace sotto::mls
