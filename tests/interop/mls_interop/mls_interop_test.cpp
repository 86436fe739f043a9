// The mls-interop program itself, two processes of it, through every RPC: what one says the other
// understands.
#include "tool.hpp"

namespace sotto::mls::interop {
namespace {

Json described(const char* type, Json fields = Json::object()) {
  fields["proposal_type"] = b64(type);
  return fields;
}
// required_capabilities (type 3) that ask for nothing: a GroupContext extension everybody knows.
Json some_extensions() { return Json::array({{{"extension_type", 3}, {"extension_data", "AAAA"}}}); }

class Interop : public testing::TestWithParam<std::tuple<int, bool>> {
 protected:
  Interop() : script(std::get<0>(GetParam()), std::get<1>(GetParam())) {}

  Script script;
  Member alice = script.member("alice");
  Member bob = script.member("bob");
  Member carol = script.member("carol");
  Member dave = script.member("dave");
  Member erin = script.member("erin");
};

TEST_P(Interop, names_itself_and_its_suites) {
  EXPECT_EQ(script.tool(0).call("Name", Json::object()).at("name"), "sotto");
  EXPECT_EQ(script.tool(1).call("SupportedCiphersuites", Json::object()).at("ciphersuites"), Json({1, 2, 3}));
}

TEST_P(Interop, joins_by_welcome_with_the_tree_inside_and_beside_it) {
  script.create(alice);
  for (const bool external_tree : {false, true}) {
    for (const bool force_path : {false, true}) {
      Member guest = script.member("guest");
      const Json package = script.key_package(guest);
      const Json made =
          script.commit(alice, {},
                        {{"by_value", {described("add", {{"key_package", package.at("key_package")}})}},
                         {"external_tree", external_tree},
                         {"force_path", force_path}});
      EXPECT_EQ(made.at("ratchet_tree").get<std::string>().empty(), !external_tree);
      if (external_tree) {
        // The tree is nowhere else.
        EXPECT_NE(guest.tool->refusal("JoinGroup", {{"transaction_id", package.at("transaction_id")},
                                                    {"welcome", made.at("welcome")}}),
                  "");
      }
      script.join(guest, package, made);
      script.expect_agreement({&alice, &guest});
      script.commit(alice, {}, {{"by_value", {described("remove", {{"removed_id", b64("guest")}})}}});
    }
  }
}

TEST_P(Interop, shows_the_private_keys_of_a_key_package) {
  const Json package = script.key_package(bob);
  for (const char* name : {"init_priv", "encryption_priv", "signature_priv"}) {
    EXPECT_EQ(from_base64(package.at(name).get<std::string>())->size(), 32U) << name;
  }
}

TEST_P(Interop, commits_every_proposal_by_value) {
  script.assemble({&alice, &bob, &carol, &dave});
  for (Member* member : {&alice, &bob, &carol, &dave}) {
    member->tool->call("StorePSK", {{"state_or_transaction_id", member->state},
                                    {"psk_id", b64("psk")},
                                    {"psk_secret", b64("a shared secret")}});
  }
  script.commit(
      bob, {&alice, &carol, &dave},
      {{"by_value",
        {described("externalPSK", {{"psk_id", b64("psk")}}), described("resumptionPSK", {{"epoch_id", "1"}}),
         described("groupContextExtensions", {{"extensions", some_extensions()}})}}});
  script.expect_agreement({&alice, &bob, &carol, &dave});

  const Json package = script.key_package(erin);
  erin.tool->call("StorePSK", {{"state_or_transaction_id", package.at("transaction_id")},
                               {"psk_id", b64("psk")},
                               {"psk_secret", b64("a shared secret")}});
  const Json made = script.commit(alice, {&bob, &dave},
                                  {{"by_value",
                                    {described("remove", {{"removed_id", b64("carol")}}),
                                     described("add", {{"key_package", package.at("key_package")}}),
                                     described("externalPSK", {{"psk_id", b64("psk")}})}}});
  script.join(erin, package, made);
  script.expect_agreement({&alice, &bob, &dave, &erin});
  // Carol sees that she is out, and her old state cannot follow.
  const Json out = carol.call("HandleCommit", {{"commit", made.at("commit")}});
  EXPECT_EQ(out.at("epoch_authenticator"), "");
  carol.enter(out);
  EXPECT_NE(carol.refusal("Protect", {{"plaintext", b64("still here")}}), "");
  EXPECT_NE(carol.refusal("Commit"), "");
  // An empty commit.
  script.commit(erin, {&alice, &bob, &dave}, Json::object());
  script.expect_agreement({&alice, &bob, &dave, &erin});
}

TEST_P(Interop, commits_every_proposal_by_reference) {
  script.assemble({&alice, &bob, &carol, &dave});
  for (Member* member : {&alice, &bob, &carol, &dave}) {
    member->tool->call("StorePSK", {{"state_or_transaction_id", member->state},
                                    {"psk_id", b64("psk")},
                                    {"psk_secret", b64("a shared secret")}});
  }
  const Json package = script.key_package(erin);
  erin.tool->call("StorePSK", {{"state_or_transaction_id", package.at("transaction_id")},
                               {"psk_id", b64("psk")},
                               {"psk_secret", b64("a shared secret")}});
  const std::vector<Json> proposals{
      alice.call("AddProposal", {{"key_package", package.at("key_package")}}).at("proposal"),
      bob.call("UpdateProposal").at("proposal"),
      dave.call("RemoveProposal", {{"removed_id", b64("carol")}}).at("proposal"),
      bob.call("ExternalPSKProposal", {{"psk_id", b64("psk")}}).at("proposal"),
      alice.call("GroupContextExtensionsProposal", {{"extensions", some_extensions()}}).at("proposal"),
  };
  const Json made = script.commit(alice, {&bob, &dave}, {{"external_tree", true}}, proposals);
  script.join(erin, package, made);
  script.expect_agreement({&alice, &bob, &dave, &erin});

  // By somebody who made none of them, one beside it by value, another left out.
  Member* everybody[] = {&alice, &bob, &dave, &erin};
  const Json left_out = bob.call("UpdateProposal").at("proposal");
  const Json resumption = dave.call("ResumptionPSKProposal", {{"epoch_id", "2"}}).at("proposal");
  const Json update = dave.call("UpdateProposal").at("proposal");
  script.commit(erin, {&alice, &bob, &dave},
                {{"by_value", {described("externalPSK", {{"psk_id", b64("psk")}})}}}, {resumption, update});
  script.expect_agreement({everybody[0], everybody[1], everybody[2], everybody[3]});
  EXPECT_NE(erin.refusal("Commit", {{"by_reference", {left_out}}}), "");
}

TEST_P(Interop, a_commit_counts_only_once_it_is_handled_and_the_loser_follows_the_winner) {
  script.assemble({&alice, &bob, &carol});
  const std::string before = alice.authenticator();
  alice.call("Commit", {{"force_path", true}});
  const Json winner = bob.call("Commit", {{"force_path", true}});
  EXPECT_EQ(alice.authenticator(), before);
  bob.enter(bob.call("HandlePendingCommit"));
  script.follow(bob, {&alice, &carol}, winner);
  script.expect_agreement({&alice, &bob, &carol});
  EXPECT_NE(alice.refusal("HandlePendingCommit"), "");
}

TEST_P(Interop, an_old_state_stays_usable_until_it_is_freed) {
  script.assemble({&alice, &bob});
  Member old_alice = alice;
  Member old_bob = bob;
  script.commit(alice, {&bob}, {{"force_path", true}});
  script.expect_agreement({&old_alice, &old_bob});
  old_alice.call("Free");
  EXPECT_NE(old_alice.refusal("StateAuth"), "");
  EXPECT_NE(old_alice.refusal("Free"), "");
  script.expect_agreement({&alice, &bob});
}

TEST_P(Interop, joins_from_outside_with_and_without_the_tree_and_with_keys) {
  script.assemble({&alice, &bob});
  for (Member* member : {&alice, &bob}) {
    member->tool->call("StorePSK", {{"state_or_transaction_id", member->state},
                                    {"psk_id", b64("psk")},
                                    {"psk_secret", b64("a shared secret")}});
  }
  const auto enter = [&](Member& guest, bool external_tree, bool remove_prior, Json psks) {
    const Json info = alice.call("GroupInfo", {{"external_tree", external_tree}});
    EXPECT_EQ(info.at("ratchet_tree").get<std::string>().empty(), !external_tree);
    const Json made = guest.tool->call("ExternalJoin", {{"group_info", info.at("group_info")},
                                                        {"ratchet_tree", info.at("ratchet_tree")},
                                                        {"encrypt_handshake", std::get<1>(GetParam())},
                                                        {"identity", b64(guest.name)},
                                                        {"remove_prior", remove_prior},
                                                        {"psks", std::move(psks)}});
    guest.enter(made);
    EXPECT_EQ(made.at("epoch_authenticator"), guest.authenticator());
    return made;
  };
  script.follow(carol, {&alice, &bob}, enter(carol, false, false, Json::array()));
  script.expect_agreement({&alice, &bob, &carol});
  script.follow(dave, {&alice, &bob, &carol}, enter(dave, true, false, Json::array()));
  script.expect_agreement({&alice, &bob, &carol, &dave});
  carol.tool->call("StorePSK", {{"state_or_transaction_id", carol.state},
                                {"psk_id", b64("psk")},
                                {"psk_secret", b64("a shared secret")}});
  // Dave comes back in his own place.
  const Json keys = Json::array({{{"psk_id", b64("psk")}, {"psk_secret", b64("a shared secret")}}});
  script.follow(dave, {&alice, &bob, &carol}, enter(dave, false, true, keys));
  script.expect_agreement({&alice, &bob, &carol, &dave});
  script.commit(dave, {&alice, &bob, &carol}, {{"force_path", true}});
  script.expect_agreement({&alice, &bob, &carol, &dave});
}

TEST_P(Interop, takes_proposals_from_outside) {
  script.assemble({&alice, &bob, &carol});
  // A client that asks to be added.
  const Json asked =
      dave.tool->call("NewMemberAddProposal",
                      {{"group_info", alice.call("GroupInfo").at("group_info")}, {"identity", b64("dave")}});
  Json made = script.commit(bob, {&alice, &carol}, Json::object(), {asked.at("proposal")});
  script.join(dave, asked, made);
  script.expect_agreement({&alice, &bob, &carol, &dave});

  // A signer whom the group came to know.
  Tool& outside = script.tool(1);
  const Json signer =
      outside.call("CreateExternalSigner", {{"cipher_suite", script.suite()}, {"identity", b64("signer")}});
  const Json second =
      outside.call("CreateExternalSigner", {{"cipher_suite", script.suite()}, {"identity", b64("second")}});
  for (const Json& one : {signer, second}) {
    const Json proposal = carol.call("AddExternalSigner", {{"external_sender", one.at("external_sender")}});
    script.commit(alice, {&bob, &carol, &dave}, Json::object(), {proposal.at("proposal")});
  }
  const auto propose = [&](const Json& by, int index, Json description, bool external_tree = false) {
    const Json info = alice.call("GroupInfo", {{"external_tree", external_tree}});
    return outside
        .call("ExternalSignerProposal", {{"signer_id", by.at("signer_id")},
                                         {"signer_index", index},
                                         {"group_info", info.at("group_info")},
                                         {"ratchet_tree", info.at("ratchet_tree")},
                                         {"description", std::move(description)}})
        .at("proposal");
  };
  const Json package = script.key_package(erin);
  for (Member* member : {&alice, &bob, &dave}) {
    member->tool->call("StorePSK", {{"state_or_transaction_id", member->state},
                                    {"psk_id", b64("psk")},
                                    {"psk_secret", b64("a shared secret")}});
  }
  erin.tool->call("StorePSK", {{"state_or_transaction_id", package.at("transaction_id")},
                               {"psk_id", b64("psk")},
                               {"psk_secret", b64("a shared secret")}});
  made = script.commit(alice, {&bob, &dave}, Json::object(),
                       {propose(signer, 0, described("add", {{"key_package", package.at("key_package")}})),
                        propose(second, 1, described("remove", {{"removed_id", b64("carol")}}), true),
                        propose(second, 1, described("externalPSK", {{"psk_id", b64("psk")}}))});
  script.join(erin, package, made);
  script.expect_agreement({&alice, &bob, &dave, &erin});
  script.commit(bob, {&alice, &dave}, {{"by_value", {described("remove", {{"removed_id", b64("erin")}})}}});
  script.commit(alice, {&bob, &dave}, Json::object(),
                {propose(signer, 0, described("resumptionPSK", {{"epoch_id", "3"}}))});
  // Under another's number nothing counts.
  EXPECT_NE(alice.refusal(
                "Commit",
                {{"by_reference", {propose(signer, 1, described("externalPSK", {{"psk_id", b64("psk")}}))}}}),
            "");
  script.commit(
      alice, {&bob, &dave}, Json::object(),
      {propose(signer, 0, described("groupContextExtensions", {{"extensions", some_extensions()}}))});
  script.expect_agreement({&alice, &bob, &dave});
}

TEST_P(Interop, reinitialises_into_every_suite_by_value_and_by_reference) {
  for (const int suite : {1, 2, 3}) {
    for (const bool by_reference : {false, true}) {
      Member a = script.member("a");
      Member b = script.member("b");
      Member c = script.member("c");
      script.assemble({&a, &b, &c});
      Json request{{"external_tree", by_reference}, {"force_path", by_reference}};
      const Json wanted{
          {"group_id", b64("next")}, {"cipher_suite", suite}, {"extensions", some_extensions()}};
      std::vector<Json> proposals;
      if (by_reference) {
        proposals.push_back(b.call("ReInitProposal", wanted).at("proposal"));
      } else {
        request["by_value"] = {described("reinit", wanted)};
      }
      request["by_reference"] = proposals;
      EXPECT_NE(a.refusal("Commit", request), "");
      const Json made = a.call("ReInitCommit", request);
      EXPECT_NE(a.refusal("HandlePendingCommit"), "");
      EXPECT_NE(b.refusal("HandleCommit", {{"proposal", proposals}, {"commit", made.at("commit")}}), "");
      const Json ended_a = a.call("HandlePendingReInitCommit");
      const Json follow{{"proposal", proposals}, {"commit", made.at("commit")}};
      const Json ended_b = b.call("HandleReInitCommit", follow);
      const Json ended_c = c.call("HandleReInitCommit", follow);
      EXPECT_EQ(ended_b.at("epoch_authenticator"), ended_a.at("epoch_authenticator"));
      EXPECT_EQ(ended_c.at("epoch_authenticator"), ended_a.at("epoch_authenticator"));

      // Not the committer of the end, but another begins anew. Nobody may be left out.
      EXPECT_NE(b.tool->refusal("ReInitWelcome", {{"reinit_id", ended_b.at("reinit_id")},
                                                  {"key_package", {ended_a.at("key_package")}}}),
                "");
      const Json welcome = b.tool->call(
          "ReInitWelcome", {{"reinit_id", ended_b.at("reinit_id")},
                            {"key_package", {ended_a.at("key_package"), ended_c.at("key_package")}},
                            {"force_path", by_reference},
                            {"external_tree", by_reference}});
      b.enter(welcome);
      for (auto [member, ended] : {std::pair{&a, &ended_a}, {&c, &ended_c}}) {
        const Json joined =
            member->tool->call("HandleReInitWelcome", {{"reinit_id", ended->at("reinit_id")},
                                                       {"welcome", welcome.at("welcome")},
                                                       {"ratchet_tree", welcome.at("ratchet_tree")}});
        EXPECT_EQ(joined.at("epoch_authenticator"), welcome.at("epoch_authenticator"));
        member->enter(joined);
      }
      script.expect_agreement({&a, &b, &c});
      script.commit(c, {&a, &b}, {{"force_path", true}});
      script.expect_agreement({&a, &b, &c});
    }
  }
}

TEST_P(Interop, branches_off_a_group_of_some_of_its_members) {
  script.assemble({&alice, &bob, &carol, &dave});
  for (const bool external_tree : {false, true}) {
    Member a = alice;
    Member d = dave;
    Member b = bob;
    const Json package_d = script.key_package(d);
    const Json package_b = script.key_package(b);
    const Json stranger = script.key_package(erin);
    EXPECT_NE(a.refusal("CreateBranch",
                        {{"group_id", b64("branch")}, {"key_packages", {stranger.at("key_package")}}}),
              "");
    const Json branch =
        a.call("CreateBranch", {{"group_id", b64("branch")},
                                {"extensions", some_extensions()},
                                {"key_packages", {package_d.at("key_package"), package_b.at("key_package")}},
                                {"force_path", external_tree},
                                {"external_tree", external_tree}});
    for (auto [member, package] : {std::pair{&d, &package_d}, {&b, &package_b}}) {
      const Json joined = member->call("HandleBranch", {{"transaction_id", package->at("transaction_id")},
                                                        {"welcome", branch.at("welcome")},
                                                        {"ratchet_tree", branch.at("ratchet_tree")}});
      EXPECT_EQ(joined.at("epoch_authenticator"), branch.at("epoch_authenticator"));
      member->enter(joined);
    }
    a.enter(branch);
    script.expect_agreement({&a, &b, &d});
    script.commit(d, {&a, &b}, {{"force_path", true}});
    script.expect_agreement({&a, &b, &d});
  }
  script.expect_agreement({&alice, &bob, &carol, &dave});
}

INSTANTIATE_TEST_SUITE_P(Suites, Interop, testing::Combine(testing::Values(1, 2, 3), testing::Bool()),
                         [](const auto& tested) {
                           return "suite_" + std::to_string(std::get<0>(tested.param)) +
                                  (std::get<1>(tested.param) ? "_private" : "_public");
                         });

}  // namespace
}  // namespace sotto::mls::interop
