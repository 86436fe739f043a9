// RFC 9420 section 6: who a message is from, and whether it is what was sent.
#include "unit/mls/hostile.hpp"

namespace sotto::mls::insider {
namespace {

using MlsHostileFraming = Hostile;

TEST_F(MlsHostileFraming, what_the_insider_frames_is_taken_when_it_is_honest) {
  const Proposal remove{Remove{{3}}};
  EXPECT_TRUE(alice().receive(inside().proposal(remove), cast.env()));
  EXPECT_TRUE(bob().receive(inside().proposal(remove, WireFormat::private_message), cast.env()));
  EXPECT_TRUE(alice().receive(inside().application(as_bytes("hello")), cast.env()));
}

TEST_F(MlsHostileFraming, a_message_of_another_group_is_refused) {
  for (const WireFormat format : {WireFormat::public_message, WireFormat::private_message}) {
    AuthenticatedContent content = inside().content(Proposal{Remove{{3}}}, format);
    content.content.group_id = to_bytes(std::string_view("another group"));
    inside().sign(content);
    expect_refused_and_unchanged(inside().frame(content), "of another group");
  }
}

TEST_F(MlsHostileFraming, a_message_of_an_epoch_to_come_is_ignored) {
  for (const WireFormat format : {WireFormat::public_message, WireFormat::private_message}) {
    AuthenticatedContent content = inside().content(Proposal{Remove{{3}}}, format);
    content.content.epoch += 1;
    inside().sign(content);
    expect_refused_and_unchanged(inside().frame(content), "yet to come", RefusalKind::ignore);
  }
}

TEST_F(MlsHostileFraming, a_handshake_of_a_past_epoch_is_ignored) {
  const MlsMessage open = inside().proposal(Proposal{Remove{{3}}});
  const MlsMessage sealed = inside().proposal(Proposal{Remove{{3}}}, WireFormat::private_message);
  const MlsMessage commit = forge_commit(mallory(), cast, {}).message;
  cast.commit(m, 0);
  for (const MlsMessage* message : {&open, &sealed, &commit}) {
    expect_refused_and_unchanged(*message, "epoch that is over", RefusalKind::ignore);
  }
}

TEST_F(MlsHostileFraming, application_data_in_the_open_is_refused) {
  AuthenticatedContent content = text_of_insider("hello", WireFormat::public_message);
  inside().sign(content);
  expect_refused_and_unchanged(inside().as_public(content), "may not travel unencrypted");
}

TEST_F(MlsHostileFraming, a_handshake_in_the_open_is_refused_where_the_group_encrypts) {
  GroupAccess::impl(alice()).config.encrypt_handshake = true;
  const MlsMessage proposal = inside().proposal(Proposal{Remove{{3}}});
  expect_refused_and_unchanged(alice(), proposal, "handshakes encrypted");
}

TEST_F(MlsHostileFraming, a_member_cannot_speak_in_the_name_of_another) {
  for (const WireFormat format : {WireFormat::public_message, WireFormat::private_message}) {
    AuthenticatedContent content = inside().content(Proposal{Remove{{1}}}, format);
    content.content.sender = Sender::member({3});
    inside().sign(content);
    expect_refused_and_unchanged(inside().frame(content), "signature of the message");
  }
  AuthenticatedContent words = text_of_insider("hello", WireFormat::private_message);
  words.content.sender = Sender::member({3});
  inside().sign(words);
  expect_refused_and_unchanged(inside().as_private(words), "signature of the message");
}

TEST_F(MlsHostileFraming, a_forged_message_does_not_burn_the_key_of_the_genuine_one) {
  // The insider knows everybody's message keys, and spends one that is another's.
  AuthenticatedContent forged = text_of_insider("forged", WireFormat::private_message);
  forged.content.sender = Sender::member({3});
  inside().sign(forged);
  expect_refused_and_unchanged(inside().as_private(forged), "signature of the message");
  const MlsMessage genuine = *m[3].protect(as_bytes("genuine"), {}, cast.env());
  const auto received = alice().receive(genuine, cast.env());
  ASSERT_TRUE(received) << received.refusal().error.message;
  EXPECT_EQ(received->get<ApplicationMessage>()->data, to_bytes(std::string_view("genuine")));
}

TEST_F(MlsHostileFraming, a_refused_proposal_does_not_burn_its_key) {
  // Sealed and signed as it must be, and against the rules.
  expect_refused_and_unchanged(inside().proposal({Remove{{7}}}, WireFormat::private_message), "not a member");
}

TEST_F(MlsHostileFraming, a_copy_with_a_flipped_byte_does_not_burn_the_key_of_the_genuine_message) {
  const MlsMessage genuine = *m[3].protect(as_bytes("genuine"), as_bytes("seen by all"), cast.env());
  const Bytes encoded = genuine.encode();
  const Bytes before = fingerprint(alice());
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    Bytes copy = encoded;
    copy[i] ^= 1;
    const auto message = MlsMessage::decode(copy);
    if (!message) continue;
    EXPECT_FALSE(alice().receive(*message, cast.env())) << "byte " << i;
    ASSERT_TRUE(fingerprint(alice()) == before) << "byte " << i;
  }
  EXPECT_TRUE(alice().receive(genuine, cast.env()));
}

TEST_F(MlsHostileFraming, a_flipped_byte_in_a_public_message_is_refused) {
  const Bytes encoded = inside().proposal(Proposal{Remove{{3}}}).encode();
  const Bytes before = fingerprint(alice());
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    Bytes copy = encoded;
    copy[i] ^= 1;
    const auto message = MlsMessage::decode(copy);
    if (!message) continue;
    EXPECT_FALSE(alice().receive(*message, cast.env())) << "byte " << i;
    ASSERT_TRUE(fingerprint(alice()) == before) << "byte " << i;
  }
}

// Section 6.3.1: the reuse guard.

TEST_F(MlsHostileFraming, a_key_that_is_used_twice_after_a_rollback_gets_another_nonce) {
  Group restored = alice().copy();
  const MlsMessage one = *alice().protect(as_bytes("the same"), {}, cast.env());
  const MlsMessage other = *restored.protect(as_bytes("the same"), {}, cast.env());
  EXPECT_NE(one.get<PrivateMessage>()->ciphertext, other.get<PrivateMessage>()->ciphertext);
}

TEST_F(MlsHostileFraming, the_reuse_guard_goes_into_the_first_four_bytes_of_the_nonce) {
  SecretTree messages = GroupAccess::impl(alice()).epoch.messages.copy();
  const SecretTree::Sending keys = *messages.send(alice().own_leaf(), RatchetType::application);
  const MlsMessage message = *alice().protect(as_bytes("hello"), {}, cast.env());
  const PrivateMessage& sealed = *message.get<PrivateMessage>();
  const auto sender =
      open_sender_data(suite(), GroupAccess::impl(alice()).epoch.secrets.sender_data_secret.view(), sealed);
  ASSERT_TRUE(sender);
  Bytes nonce = to_bytes(keys.keys.nonce.view());
  for (std::size_t i = 0; i < 4; ++i) nonce[i] ^= sender->reuse_guard[i];
  EXPECT_TRUE(crypto::aead_open(suite().aead_algorithm(), keys.keys.key.view(), nonce, sealed.content_aad(),
                                sealed.ciphertext));
}

TEST_F(MlsHostileFraming, a_repeated_message_is_ignored) {
  const MlsMessage words = *m[3].protect(as_bytes("once"), {}, cast.env());
  const MlsMessage proposal = inside().proposal(Proposal{Remove{{3}}});
  const MlsMessage sealed = inside().proposal(Proposal{Remove{{4}}}, WireFormat::private_message);
  for (const MlsMessage* message : {&words, &proposal, &sealed}) {
    ASSERT_TRUE(alice().receive(*message, cast.env()));
    expect_refused_and_unchanged(alice(), *message, message == &proposal ? "known already" : "used already",
                                 RefusalKind::ignore);
  }
}

// Section 6.1: the four types of sender.

TEST_F(MlsHostileFraming, a_member_signs_its_view_of_the_group) {
  AuthenticatedContent content = inside().content(Proposal{Remove{{3}}}, WireFormat::public_message);
  GroupContext other = mallory().context();
  other.tree_hash[0] ^= 1;
  sign_content(suite(), signing_key(kMallory), other, content);
  expect_refused_and_unchanged(inside().as_public(content), "signature of the message");
  // FramedContentTBS without its GroupContext: mls10, public_message, FramedContent.
  wire::Writer bare;
  bare.u16(1);
  bare.u16(1);
  content.content.write(bare);
  content.auth.signature = suite().sign_with_label(signing_key(kMallory), "FramedContentTBS", bare.view());
  expect_refused_and_unchanged(inside().as_public(content), "signature of the message");
}

TEST_F(MlsHostileFraming, a_newcomer_signs_its_view_of_the_group) {
  ClientIdentity outsider = cast.identity("outsider");
  GroupInfo info = *alice().group_info(true, true);
  const Forged honest = forge_external_commit(info, alice().ratchet_tree(), outsider, cast, {});
  EXPECT_TRUE(alice().copy().receive(honest.message, cast.env()));
  AuthenticatedContent content = honest.content;
  GroupContext other = alice().context();
  other.tree_hash[0] ^= 1;
  sign_content(suite(), outsider.signing_key, other, content);
  expect_refused_and_unchanged({PublicMessage{content.content, content.auth, {}}},
                               "signature of the message");
}

TEST_F(MlsHostileFraming, a_content_signed_for_one_wire_format_is_refused_in_the_other) {
  AuthenticatedContent content = inside().content(Proposal{Remove{{3}}}, WireFormat::private_message);
  inside().sign(content);
  content.wire_format = WireFormat::public_message;
  expect_refused_and_unchanged(inside().as_public(content), "signature of the message");
  content.wire_format = WireFormat::public_message;
  inside().sign(content);
  content.wire_format = WireFormat::private_message;
  expect_refused_and_unchanged(inside().as_private(content), "signature of the message");
}

TEST_F(MlsHostileFraming, nothing_comes_from_outside_where_the_group_names_nobody) {
  const auto key = crypto::SigningKey::generate(suite().signature_algorithm(), cast.random);
  const MlsMessage message = *propose_externally(alice().context(), 0, key, Proposal{Remove{{3}}});
  expect_refused_and_unchanged(message, "takes nothing from outside");
}

class MlsHostileExternalSender : public Hostile {
 protected:
  MlsHostileExternalSender() {
    m = cast.warm_group_of(
        5,
        {to_extension(std::vector{ExternalSender{key.public_key(), Credential::basic(as_bytes("server"))}})});
  }
  crypto::SigningKey key = crypto::SigningKey::generate(crypto::SignatureAlgorithm::ed25519, cast.random);
};

TEST_F(MlsHostileExternalSender, is_heard_when_honest) {
  EXPECT_TRUE(
      alice().receive(*propose_externally(alice().context(), 0, key, Proposal{Remove{{3}}}), cast.env()));
}

TEST_F(MlsHostileExternalSender, beyond_the_list_is_refused) {
  expect_refused_and_unchanged(*propose_externally(alice().context(), 1, key, Proposal{Remove{{3}}}),
                               "external sender is unknown");
  expect_refused_and_unchanged(*propose_externally(alice().context(), UINT32_MAX, key, Proposal{Remove{{3}}}),
                               "external sender is unknown");
}

TEST_F(MlsHostileExternalSender, with_another_key_is_refused) {
  expect_refused_and_unchanged(
      *propose_externally(alice().context(), 0, signing_key(kMallory), Proposal{Remove{{3}}}),
      "signature of the message");
}

TEST_F(MlsHostileExternalSender, signs_no_group_context) {
  AuthenticatedContent content = inside().content(Proposal{Remove{{3}}}, WireFormat::public_message);
  content.content.sender = Sender::external(0);
  // FramedContentTBS, spelled out: mls10, public_message, FramedContent.
  wire::Writer signed_bytes;
  signed_bytes.u16(1);
  signed_bytes.u16(1);
  content.content.write(signed_bytes);
  content.auth.signature = suite().sign_with_label(key, "FramedContentTBS", signed_bytes.view());
  EXPECT_TRUE(alice().copy().receive({PublicMessage{content.content, content.auth, {}}}, cast.env()));
  alice().context().write(signed_bytes);
  content.auth.signature = suite().sign_with_label(key, "FramedContentTBS", signed_bytes.view());
  expect_refused_and_unchanged({PublicMessage{content.content, content.auth, {}}},
                               "signature of the message");
}

TEST_F(MlsHostileExternalSender, may_not_commit) {
  // The external sender has an insider beside it who gives it the secrets of the epoch.
  CommitPlan plan;
  plan.sender = Sender::external(0);
  plan.foreign_sender = true;
  plan.message_signer = &key;
  plan.path = false;
  plan.proposals.push_back(by_value(psk("known")));
  cast.psks.give("known", as_bytes("secret"));
  expect_commit_refused(std::move(plan), "external sender may only propose");
}

TEST_F(MlsHostileExternalSender, may_not_commit_in_the_place_of_the_first_leaf) {
  const Group& first = m[0];
  CommitPlan plan;
  plan.sender = Sender::external(0);
  plan.foreign_sender = true;
  plan.message_signer = &key;
  const MlsMessage message = forge_commit(first, cast, std::move(plan)).message;
  expect_refused_and_unchanged(bob(), message, "external sender may only propose");
}

TEST_F(MlsHostileExternalSender, may_not_send_application_data) {
  AuthenticatedContent content = text_of_insider("hello", WireFormat::public_message);
  content.content.sender = Sender::external(0);
  sign_content(suite(), key, alice().context(), content);
  expect_refused_and_unchanged({PublicMessage{content.content, content.auth, {}}},
                               "may not travel unencrypted");
}

TEST_F(MlsHostileExternalSender, may_propose_what_section_12_1_8_lists_and_nothing_else) {
  const auto send = [&](Proposal proposal) {
    return *propose_externally(alice().context(), 0, key, std::move(proposal));
  };
  expect_refused_and_unchanged(send({Update{update_leaf(3)}}), "what only members may");
  expect_refused_and_unchanged(send({ExternalInit{Bytes(32, 9)}}), "what only members may");
  expect_refused_and_unchanged(send({CustomProposal{static_cast<ProposalType>(0x0A0A), {}}}),
                               "what only members may");
  for (const Proposal& allowed :
       {Proposal{Add{cast.package("new").package}}, Proposal{Remove{{3}}}, Proposal{psk("any")},
        Proposal{ReInit{{1}, ProtocolVersion::mls10, cast.suite(), {}}},
        Proposal{GroupContextExtensions{}}}) {
    EXPECT_TRUE(alice().receive(send(allowed), cast.env()));
  }
}

TEST_F(MlsHostileFraming, a_client_asks_to_be_added_with_its_own_key_only) {
  const OwnKeyPackage own = cast.package("new");
  ASSERT_TRUE(alice().copy().receive(*propose_own_add(alice().context(), own), cast.env()));
  AuthenticatedContent content = inside().content(Proposal{Add{own.package}}, WireFormat::public_message);
  content.content.sender = {SenderType::new_member_proposal, {}, 0};
  inside().sign(content);
  expect_refused_and_unchanged({PublicMessage{content.content, content.auth, {}}},
                               "signature of the message");
}

TEST_F(MlsHostileFraming, a_client_that_asks_to_be_added_signs_no_group_context) {
  const OwnKeyPackage own = cast.package("new");
  AuthenticatedContent content = inside().content(Proposal{Add{own.package}}, WireFormat::public_message);
  content.content.sender = {SenderType::new_member_proposal, {}, 0};
  wire::Writer signed_bytes;
  signed_bytes.u16(1);
  signed_bytes.u16(1);
  content.content.write(signed_bytes);
  const crypto::SigningKey& key = own.identity.signing_key;
  content.auth.signature = suite().sign_with_label(key, "FramedContentTBS", signed_bytes.view());
  EXPECT_TRUE(alice().copy().receive({PublicMessage{content.content, content.auth, {}}}, cast.env()));
  alice().context().write(signed_bytes);
  content.auth.signature = suite().sign_with_label(key, "FramedContentTBS", signed_bytes.view());
  expect_refused_and_unchanged({PublicMessage{content.content, content.auth, {}}},
                               "signature of the message");
}

TEST_F(MlsHostileFraming, a_client_outside_may_propose_nothing_but_its_own_add) {
  for (const std::variant<Bytes, Proposal, Commit>& body :
       {std::variant<Bytes, Proposal, Commit>(Proposal{Remove{{3}}}),
        std::variant<Bytes, Proposal, Commit>(Commit{})}) {
    AuthenticatedContent content = inside().content(body, WireFormat::public_message);
    content.content.sender = {SenderType::new_member_proposal, {}, 0};
    inside().sign(content);
    content.auth.confirmation_tag = Bytes(32, 1);
    if (content.content.content_type() != ContentType::commit) content.auth.confirmation_tag.clear();
    expect_refused_and_unchanged({PublicMessage{content.content, content.auth, {}}},
                                 "may only ask to be added");
  }
}

TEST_F(MlsHostileFraming, a_newcomer_commits_with_the_key_of_its_path_only) {
  ClientIdentity outsider = cast.identity("outsider");
  ExternalPlan plan;
  plan.message_signer = &signing_key(kMallory);
  const GroupInfo info = *alice().group_info(true, true);
  expect_refused_and_unchanged(
      forge_external_commit(info, alice().ratchet_tree(), outsider, cast, std::move(plan)).message,
      "signature of the message");
}

TEST_F(MlsHostileFraming, a_newcomer_may_not_send_proposals) {
  AuthenticatedContent content = inside().content(Proposal{Remove{{3}}}, WireFormat::public_message);
  content.content.sender = {SenderType::new_member_commit, {}, 0};
  inside().sign(content);
  expect_refused_and_unchanged({PublicMessage{content.content, content.auth, {}}}, "needs an update path");
}

TEST_F(MlsHostileFraming, a_member_that_is_gone_is_not_heard) {
  Group gone = m[3].copy();
  std::vector<Group> rest;
  for (std::size_t i = 0; i < m.size(); ++i) rest.push_back(m[i].copy());
  // Leaf 3 goes. It is given the new epoch's keys by the insider, and still is nobody.
  cast.commit(rest, 0, {.by_value = {Proposal{Remove{{3}}}}});
  Group& receiver = rest[0];
  AuthenticatedContent content =
      Insider(rest[kMallory], cast).content(to_bytes(std::string_view("hello")), WireFormat::private_message);
  content.content.sender = Sender::member({3});
  sign_content(suite(), signing_key(3), receiver.context(), content);
  expect_refused_and_unchanged(receiver, Insider(rest[kMallory], cast).as_private(content), "not a member");
  AuthenticatedContent proposal =
      Insider(rest[kMallory], cast).content(Proposal{Remove{{1}}}, WireFormat::public_message);
  proposal.content.sender = Sender::member({3});
  sign_content(suite(), signing_key(3), receiver.context(), proposal);
  expect_refused_and_unchanged(receiver, Insider(rest[kMallory], cast).as_public(proposal), "not a member");
}

TEST_F(MlsHostileFraming, a_leaf_outside_the_tree_is_nobody) {
  for (const std::uint32_t leaf : {8U, 0x7FFFFFFFU, 0x80000000U, UINT32_MAX}) {
    AuthenticatedContent content = text_of_insider("hello", WireFormat::private_message);
    content.content.sender = Sender::member({leaf});
    inside().sign(content);
    expect_refused_and_unchanged(inside().as_private(content), "not a member");
    AuthenticatedContent proposal = inside().content(Proposal{Remove{{1}}}, WireFormat::public_message);
    proposal.content.sender = Sender::member({leaf});
    inside().sign(proposal);
    expect_refused_and_unchanged(inside().as_public(proposal), "not a member");
  }
}

TEST_F(MlsHostileFraming, a_message_in_ones_own_name_is_ignored) {
  AuthenticatedContent content = text_of_insider("hello", WireFormat::private_message);
  content.content.sender = Sender::member({0});
  sign_content(suite(), signing_key(0), alice().context(), content);
  expect_refused_and_unchanged(alice(), inside().as_private(content), "this member's own",
                               RefusalKind::ignore);
}

// Section 6.2: the membership tag.

TEST_F(MlsHostileFraming, a_membership_tag_that_is_wrong_short_or_missing_is_refused) {
  const PublicMessage genuine = *inside().proposal(Proposal{Remove{{3}}}).get<PublicMessage>();
  PublicMessage wrong = genuine;
  wrong.membership_tag[7] ^= 1;
  PublicMessage missing = genuine;
  missing.membership_tag.clear();
  PublicMessage cut = genuine;
  cut.membership_tag.resize(16);
  for (const PublicMessage& message : {wrong, missing, cut}) {
    expect_refused_and_unchanged({message}, "membership tag");
  }
}

TEST_F(MlsHostileFraming, the_membership_tag_covers_signature_and_confirmation_tag) {
  PublicMessage commit = *forge_commit(mallory(), cast, {}).message.get<PublicMessage>();
  commit.auth.confirmation_tag[0] ^= 1;
  expect_refused_and_unchanged({commit}, "membership tag");
  PublicMessage proposal = *inside().proposal(Proposal{Remove{{3}}}).get<PublicMessage>();
  proposal.auth.signature[0] ^= 1;
  expect_refused_and_unchanged({proposal}, "membership tag");
}

TEST_F(MlsHostileFraming, a_membership_tag_on_a_message_from_outside_is_not_even_read) {
  const MlsMessage genuine = *propose_own_add(alice().context(), cast.package("new"));
  Bytes encoded = genuine.encode();
  ASSERT_TRUE(MlsMessage::decode(encoded));
  encoded.push_back(32);
  append(encoded, Bytes(32, 1));
  EXPECT_FALSE(MlsMessage::decode(encoded));
}

// Section 6.3: encrypted messages.

TEST_F(MlsHostileFraming, padding_that_is_not_zero_is_refused) {
  EXPECT_TRUE(
      alice().copy().receive(inside().application(as_bytes("x"), {.padding = Bytes(100, 0)}), cast.env()));
  for (const std::size_t at : {0, 50, 99}) {
    Bytes padding(100, 0);
    padding[at] = 1;
    expect_refused_and_unchanged(inside().application(as_bytes("x"), {.padding = padding}), "padding");
  }
}

TEST_F(MlsHostileFraming, padding_of_any_length_up_to_64_KiB_is_taken) {
  for (const std::size_t size : {1, 255, 256, 16383, 16384, 65536}) {
    Group receiver = alice().copy();
    const auto received =
        receiver.receive(inside().application(as_bytes("x"), {.padding = Bytes(size, 0)}), cast.env());
    ASSERT_TRUE(received) << size;
    EXPECT_EQ(received->get<ApplicationMessage>()->data.size(), 1U);
  }
}

TEST_F(MlsHostileFraming, data_beside_the_message_cannot_be_exchanged) {
  MlsMessage message = *m[3].protect(as_bytes("words"), as_bytes("to alice"), cast.env());
  PrivateMessage changed = *message.get<PrivateMessage>();
  changed.authenticated_data = to_bytes(std::string_view("to the press"));
  expect_refused_and_unchanged({changed}, "does not decrypt");
  changed = *message.get<PrivateMessage>();
  changed.content_type = ContentType::proposal;
  expect_refused_and_unchanged({changed}, "does not decrypt");
}

TEST_F(MlsHostileFraming, authenticated_data_is_signed_and_not_only_encrypted) {
  // Whoever holds the message key can seal other data beside the same signed content.
  AuthenticatedContent content = text_of_insider("words", WireFormat::private_message);
  content.content.authenticated_data = to_bytes(std::string_view("to alice"));
  inside().sign(content);
  content.content.authenticated_data = to_bytes(std::string_view("to the press"));
  expect_refused_and_unchanged(inside().as_private(content), "signature of the message");
}

TEST_F(MlsHostileFraming, sender_data_of_the_wrong_size_is_refused) {
  const Insider insider = inside();
  PrivateMessage message = *insider.application(as_bytes("x")).get<PrivateMessage>();
  const MessageKeys keys =
      sender_data_keys(suite(), insider.impl().epoch.secrets.sender_data_secret.view(), message.ciphertext);
  for (const std::size_t size : {0, 11, 13}) {
    message.encrypted_sender_data =
        crypto::aead_seal(suite().aead_algorithm(), keys.key.view(), keys.nonce.view(),
                          message.sender_data_aad(), Bytes(size, 0));
    const Bytes before = fingerprint(alice());
    EXPECT_FALSE(alice().receive({message}, cast.env()));
    EXPECT_TRUE(fingerprint(alice()) == before);
  }
}

TEST_F(MlsHostileFraming, a_ciphertext_shorter_than_its_own_sample_is_refused) {
  PrivateMessage message = *m[3].protect(as_bytes("x"), {}, cast.env())->get<PrivateMessage>();
  for (const std::size_t size : {0, 1, 15, 16, 31}) {
    message.ciphertext.resize(size);
    expect_refused_and_unchanged({message}, "does not decrypt");
  }
}

TEST_F(MlsHostileFraming, messages_that_are_for_no_group_are_refused) {
  expect_refused_and_unchanged({cast.package("new").package}, "not for a group");
  expect_refused_and_unchanged({*alice().group_info(true, true)}, "not for a group");
}

}  // namespace
}  // namespace sotto::mls::insider
