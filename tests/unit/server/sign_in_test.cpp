// Hello, Register, Login, Enroll, ChangePassword, Logout.
#include "server_world.hpp"

namespace sotto::server {
namespace {

class SignIn : public ServerWorld {};

TEST_F(SignIn, registers_enrols_and_recognises_the_device) {
  const Person alice = join("alice");
  Envelope get;
  get.mutable_get_user()->set_user(to_string(alice.user.bytes()));
  const proto::User user = ask(alice.connection, get).user_reply().user();
  EXPECT_EQ(user.username(), "alice");
  EXPECT_EQ(user.display_name(), "alice");
  ASSERT_EQ(user.devices_size(), 1);
  EXPECT_EQ(user.devices(0).name(), "phone");
  EXPECT_TRUE(crypto::verify_device_chain(as_bytes(user.devices(0).certificate()),
                                          as_bytes(user.identity_certificate()), ca_, world_.moment.wall));
  EXPECT_EQ(core_->counts().devices_online, 1U);
}

TEST_F(SignIn, makes_the_first_account_the_administrator) {
  const Person alice = join("alice");
  const Person bob = join("bob");
  EXPECT_TRUE(world_.records.accounts().by_user(alice.user)->administrator);
  EXPECT_FALSE(world_.records.accounts().by_user(bob.user)->administrator);
}

TEST_F(SignIn, refuses_invites_that_are_missing_wrong_spent_or_expired) {
  const ConnectionId id = guest();
  const Person alice = person("alice");
  const auto refusal = [&](ByteView token) {
    const Envelope reply = ask(id, register_request(alice, id, token));
    EXPECT_EQ(reply.error().code(), "denied");
    return reply.error().message();
  };
  EXPECT_EQ(refusal({}), "This server only accepts invited people. Ask for an invite code.");
  EXPECT_EQ(refusal(Bytes(16, 1)), store::kInviteUnknown);
  EXPECT_EQ(refusal(Bytes(500, 1)), store::kInviteUnknown);
  const Bytes once = invite(1);
  Person bob = person("bob");
  accept(bob, ask(id, register_request(bob, id, once)));
  EXPECT_EQ(refusal(once), store::kInviteUsed);
  const Bytes old = invite();
  world_.advance(std::chrono::hours(24 * 7));
  const ConnectionId later = guest();
  EXPECT_EQ(ask(later, register_request(alice, later, old)).error().message(), store::kInviteExpired);
  EXPECT_EQ(world_.hashes, 1U) << "what fails anyway costs no password hash";
}

TEST_F(SignIn, keeps_an_invite_good_when_the_name_was_taken_meanwhile) {
  const Bytes once = invite(1);
  const ConnectionId a = guest();
  const ConnectionId b = guest();
  const Person first = person("alice");
  const Person second = person("alice");
  const std::uint64_t request_a = start_request(a, register_request(first, a, invite(1)));
  const std::uint64_t request_b = start_request(b, register_request(second, b, once));
  world_.run(*core_);
  EXPECT_TRUE(answer(a, request_a).has_register_reply());
  const Envelope refused = answer(b, request_b);
  EXPECT_EQ(refused.error().code(), "conflict");
  EXPECT_EQ(refused.error().message(), store::kNameTaken);
  const Person carol = person("carol");
  EXPECT_TRUE(ask(b, register_request(carol, b, once)).has_register_reply());
}

TEST_F(SignIn, lets_two_people_race_for_the_last_use_of_an_invite_and_one_win) {
  const Bytes once = invite(1);
  const ConnectionId a = guest();
  const ConnectionId b = guest();
  const Person alice = person("alice");
  const Person bob = person("bob");
  const std::uint64_t request_a = start_request(a, register_request(alice, a, once));
  const std::uint64_t request_b = start_request(b, register_request(bob, b, once));
  world_.run(*core_);
  EXPECT_TRUE(answer(a, request_a).has_register_reply());
  EXPECT_EQ(answer(b, request_b).error().message(), store::kInviteUsed);
  EXPECT_FALSE(world_.records.accounts().by_username("bob"));
}

TEST_F(SignIn, asks_for_no_invite_where_registration_is_open_and_takes_nobody_where_it_is_closed) {
  start(Registration::open);
  ConnectionId id = connect();
  EXPECT_TRUE(ask(id, hello()).hello_reply().registration_open());
  EXPECT_TRUE(ask(id, register_request(person("alice"), id, {})).has_register_reply());
  start(Registration::closed);
  id = guest();
  EXPECT_EQ(ask(id, register_request(person("bob"), id, invite())).error().code(), "denied");
}

TEST_F(SignIn, says_what_is_wrong_with_names_and_passwords) {
  const ConnectionId id = guest();
  const Bytes token = invite();
  world_.advance(std::chrono::seconds(1));
  const auto code = [&](const std::string& username, const std::string& password, const std::string& shown) {
    world_.advance(std::chrono::seconds(5));
    Person one = person(username);
    one.password = password;
    Envelope request = register_request(one, id, token);
    request.mutable_register_()->set_display_name(shown);
    return ask(id, request).error().code();
  };
  for (const std::string bad : {"", "a", "Alice", "-alice", "al ice", "al/ice", "ä", "alice\n"}) {
    EXPECT_EQ(code(bad, "a long password", ""), "invalid_argument") << bad;
  }
  EXPECT_EQ(code(std::string(33, 'a'), "a long password", ""), "invalid_argument");
  EXPECT_EQ(code("alice", "too short", ""), "invalid_argument");
  EXPECT_EQ(code("alice", "äöüäöüäöü", ""), "invalid_argument") << "characters count, not bytes";
  EXPECT_EQ(code("alice", std::string(2000, 'x'), ""), "too_large");
  EXPECT_EQ(code("alice", "a long password", "Al\nice"), "invalid_argument");
  EXPECT_EQ(code("alice", "a long password",
                 "\xe2\x80\xae"
                 "ecila"),
            "invalid_argument");
  EXPECT_EQ(code("alice", "a long password", "\xc2\x85"), "invalid_argument");
  EXPECT_EQ(code("alice", "a long password", "alice\xd8\x9c"), "invalid_argument") << "ARABIC LETTER MARK";
  EXPECT_EQ(code("alice", "a long password", std::string(65, 'x')), "too_large");
  EXPECT_EQ(code("alice", "a long password", "  Alice Ünal  "), "");
  EXPECT_EQ(world_.records.accounts().by_username("alice")->display_name, "Alice Ünal");
}

TEST_F(SignIn, accepts_a_proof_of_this_connection_this_name_and_this_key_alone) {
  const ConnectionId id = guest();
  const ConnectionId other = guest();
  const Person alice = person("alice");
  const Bytes token = invite();
  const auto with_proof = [&](const Bytes& made) {
    Envelope request = register_request(alice, id, token);
    request.mutable_register_()->set_identity_proof(to_string(made));
    return ask(id, request).error().code();
  };
  EXPECT_EQ(with_proof(proof(alice, other)), "untrusted");
  EXPECT_EQ(with_proof(person("alice").identity_key.sign(identity_proof_input(exporter_of(id), "alice"))),
            "untrusted");
  EXPECT_EQ(with_proof(alice.identity_key.sign(identity_proof_input(exporter_of(id), "bob"))), "untrusted");
  EXPECT_EQ(with_proof({}), "untrusted");
  Envelope short_key = register_request(alice, id, token);
  short_key.mutable_register_()->set_identity_key("short");
  EXPECT_EQ(ask(id, short_key).error().code(), "untrusted");
  EXPECT_EQ(with_proof(proof(alice, id)), "");
}

TEST_F(SignIn, answers_an_unknown_user_and_a_wrong_password_alike_and_at_the_same_cost) {
  join("alice");
  world_.hashes = 0;
  Person wrong = person("alice");
  wrong.password = "another password";
  const Person unknown = person("nobody");
  const ConnectionId a = guest();
  const ConnectionId b = guest();
  Envelope first = ask(a, login_request(wrong, a));
  EXPECT_EQ(world_.hashes, 1U);
  Envelope second = ask(b, login_request(unknown, b));
  EXPECT_EQ(world_.hashes, 2U);
  first.set_id(0);
  second.set_id(0);
  EXPECT_EQ(first.error().code(), "denied");
  EXPECT_EQ(first.SerializeAsString(), second.SerializeAsString());
}

TEST_F(SignIn, limits_guesses_per_source_and_per_name) {
  join("alice");
  Person guesser = person("alice");
  guesser.password = "wrong password";
  int refused = 0;
  for (int i = 0; i < 12; ++i) {
    const ConnectionId id = guest("source " + std::to_string(i));
    const Envelope reply = ask(id, login_request(guesser, id));
    if (reply.error().code() != "rate_limited") continue;
    ++refused;
    EXPECT_GT(reply.error().retry_after_ms(), 0U);
    EXPECT_LE(reply.error().retry_after_ms(), 30'001U);
  }
  EXPECT_EQ(refused, 2) << "ten tries for one name, wherever they come from";
  refused = 0;
  for (int i = 0; i < 22; ++i) {
    const ConnectionId id = guest("one source");
    refused += ask(id, login_request(person("user" + std::to_string(i)), id)).error().code() == "rate_limited"
                   ? 1
                   : 0;
    core_->on_disconnected(id, world_.moment);
  }
  EXPECT_EQ(refused, 2);
  world_.advance(std::chrono::minutes(5));
  const ConnectionId id = guest("source 1");
  EXPECT_EQ(ask(id, login_request(guesser, id)).error().code(), "denied");
}

TEST_F(SignIn, replaces_a_device_with_another_identity_only_when_told_to) {
  Person alice = join("alice");
  Person bob = join("bob");
  open(bob, alice);
  (void)pushes(bob.connection);
  Person again = person("alice");
  const ConnectionId id = guest();
  EXPECT_EQ(ask(id, login_request(again, id)).error().code(), "conflict");
  EXPECT_FALSE(world_.lines[alice.connection].closed);

  accept(again, ask(id, login_request(again, id, true)));
  EXPECT_EQ(again.user, alice.user);
  expect_goodbye(alice.connection, "revoked");
  const std::vector<Envelope> told = pushes(bob.connection);
  EXPECT_EQ(std::ranges::count_if(told, [](const Envelope& e) { return e.has_devices_changed(); }), 1);
  EXPECT_EQ(std::ranges::count_if(told, [](const Envelope& e) { return e.has_presence(); }), 1);

  EXPECT_TRUE(ask(id, enroll_request(again)).has_enroll_reply());
  come_online(again);
  const ConnectionId old = connect_device(alice);
  EXPECT_EQ(ask(old, hello()).error().code(), "denied");
  expect_goodbye(old, "revoked");
}

TEST_F(SignIn, takes_a_new_device_of_the_same_identity_for_the_old_one) {
  Person alice = join("alice");
  const ConnectionId old = alice.connection;
  const ConnectionId id = guest();
  accept(alice, ask(id, login_request(alice, id)));
  EXPECT_FALSE(world_.lines[old].closed) << "only enrolling replaces";
  EXPECT_TRUE(ask(id, enroll_request(alice)).has_enroll_reply());
  expect_goodbye(old, "revoked");
  EXPECT_EQ(world_.records.devices().of_user(alice.user)->size(), 1U);
}

TEST_F(SignIn, enrols_only_devices_of_the_account_that_signed_in) {
  Person alice = join("alice");
  Person mallory = person("mallory");
  const ConnectionId id = guest();
  EXPECT_EQ(ask(id, enroll_request(alice)).error().code(), "denied") << "nobody signed in yet";
  accept(mallory, ask(id, register_request(mallory, id, invite())));
  EXPECT_EQ(ask(id, enroll_request(alice)).error().code(), "untrusted") << "another account's certificate";

  Envelope bad_signature = enroll_request(mallory);
  bad_signature.mutable_enroll()->mutable_sealing_key()->set_signature(std::string(64, 'x'));
  EXPECT_EQ(ask(id, bad_signature).error().code(), "untrusted");
  Envelope garbage = enroll_request(mallory);
  garbage.mutable_enroll()->set_device_certificate("not a certificate");
  const Envelope refused = ask(id, garbage);
  EXPECT_TRUE(refused.has_error());
  EXPECT_TRUE(ask(id, enroll_request(mallory)).has_enroll_reply());
  EXPECT_EQ(ask(id, enroll_request(mallory)).error().code(), "denied") << "once per sign-in";
}

TEST_F(SignIn, takes_a_renewed_certificate_for_the_same_key) {
  Person alice = join("alice");
  core_->on_disconnected(alice.connection, world_.moment);
  const crypto::Certificate identity = *crypto::Certificate::from_der(alice.identity_certificate);
  const auto issue = [&](const crypto::SigningKey& key) {
    return crypto::issue_device_certificate(alice.identity_key, identity, alice.user, alice.device,
                                            key.public_key(), crypto::validity_from(world_.moment.wall, 60),
                                            random_)
        ->der();
  };
  alice.device_certificate = issue(alice.device_key);
  come_online(alice);
  EXPECT_EQ(world_.records.devices().by_device(alice.device)->certificate, alice.device_certificate);
  alice.device_key = new_key();
  alice.device_certificate = issue(alice.device_key);
  const ConnectionId other = connect_device(alice);
  EXPECT_EQ(ask(other, hello()).error().code(), "denied");
}

TEST_F(SignIn, lets_nobody_do_anything_before_hello_or_before_signing_in) {
  const ConnectionId rude = connect();
  Envelope ping;
  ping.mutable_ping();
  ping.set_id(1);
  feed(rude, ping);
  expect_goodbye(rude, "protocol");

  const ConnectionId id = guest();
  for (auto set : {+[](Envelope& e) { e.mutable_find_user()->set_username("alice"); },
                   +[](Envelope& e) { e.mutable_append(); }, +[](Envelope& e) { e.mutable_get_blob(); },
                   +[](Envelope& e) { e.mutable_logout(); }}) {
    EXPECT_EQ(ask(id, simple(set)).error().code(), "denied");
  }
  EXPECT_EQ(ask(id, hello()).error().code(), "conflict");
  EXPECT_FALSE(world_.lines[id].closed);

  const ConnectionId future = connect();
  Envelope version = hello();
  version.mutable_hello()->set_protocol(2);
  const Envelope reply = ask(future, version);
  EXPECT_EQ(reply.error().code(), "invalid_argument");
  EXPECT_TRUE(world_.lines[future].closed);
}

TEST_F(SignIn, makes_requests_wait_while_hello_is_answered) {
  Person alice = join("alice");
  core_->on_disconnected(alice.connection, world_.moment);
  const ConnectionId id = connect_device(alice);
  Bytes both;
  Envelope first = hello();
  first.set_id(1);
  Envelope second;
  second.mutable_list_conversations();
  second.set_id(2);
  ASSERT_TRUE(proto::append_frame(first, both));
  ASSERT_TRUE(proto::append_frame(second, both));
  core_->on_bytes(id, both, world_.moment);
  EXPECT_TRUE(world_.lines[id].paused);
  world_.run(*core_);
  EXPECT_FALSE(world_.lines[id].paused);
  const std::vector<Envelope> replies = world_.take(id);
  ASSERT_EQ(replies.size(), 2U);
  EXPECT_TRUE(replies[0].has_hello_reply());
  EXPECT_TRUE(replies[1].has_list_conversations_reply());
}

TEST_F(SignIn, closes_guests_that_do_nothing_and_never_devices) {
  const ConnectionId silent = connect();
  const ConnectionId idle = guest();
  const Person alice = join("alice");
  const auto pass = [&](Duration time) {
    world_.advance(time);
    ASSERT_GE(world_.moment.now, core_->next_deadline());
    core_->on_deadline(world_.moment);
  };
  pass(kHelloDeadline);
  expect_goodbye(silent, "protocol");
  EXPECT_FALSE(world_.lines[idle].closed);
  pass(kGuestDeadline);
  expect_goodbye(idle, "protocol");
  pass(kHousekeeping);
  world_.run(*core_);
  EXPECT_FALSE(world_.lines[alice.connection].closed);
}

TEST_F(SignIn, bounds_the_guests_of_one_source_but_not_devices) {
  const Person alice = join("alice");
  for (std::size_t i = 0; i < kMaxGuestsPerSource; ++i) EXPECT_FALSE(world_.lines[connect()].closed);
  const ConnectionId one_more = connect();
  EXPECT_TRUE(world_.lines[one_more].closed);
  EXPECT_FALSE(world_.lines[connect("elsewhere")].closed);
  EXPECT_FALSE(world_.lines[come_online(alice)].closed);
}

TEST_F(SignIn, bounds_the_password_hashes_that_wait) {
  world_.hold_passwords = true;
  std::size_t refused = 0;
  for (std::size_t i = 0; i < kMaxPasswordJobs + 5; ++i) {
    const ConnectionId id = guest("source " + std::to_string(i));
    start_request(id, login_request(person("user" + std::to_string(i)), id));
    world_.run(*core_);
    for (const Envelope& one : world_.take(id)) refused += one.error().code() == "rate_limited" ? 1U : 0U;
  }
  EXPECT_EQ(refused, 5U);
  EXPECT_EQ(world_.waiting_passwords(), kMaxPasswordJobs);
}

TEST_F(SignIn, changes_the_password_for_who_knows_the_old_one) {
  const Person alice = join("alice");
  const auto change = [&](const std::string& before, const std::string& after) {
    Envelope envelope;
    envelope.mutable_change_password()->set_old_password(before);
    envelope.mutable_change_password()->set_new_password(after);
    return ask(alice.connection, envelope);
  };
  EXPECT_EQ(change("not the password", "a new password").error().message(), "Wrong current password.");
  EXPECT_EQ(change(alice.password, "short").error().code(), "invalid_argument");
  EXPECT_TRUE(change(alice.password, "a new password").has_ok());
  const ConnectionId id = guest();
  EXPECT_EQ(ask(id, login_request(alice, id)).error().code(), "denied");
}

TEST_F(SignIn, refuses_an_old_password_that_was_changed_while_it_was_checked) {
  const Person alice = join("alice");
  Envelope change;
  change.mutable_change_password()->set_old_password(alice.password);
  change.mutable_change_password()->set_new_password("a new password");
  const ConnectionId id = guest();
  Person thief = person("alice");
  world_.hold_passwords = true;
  const std::uint64_t changing = start_request(alice.connection, change);
  world_.run(*core_);
  world_.hold_store = true;
  const std::uint64_t signing_in = start_request(id, login_request(thief, id, true));
  world_.hold_passwords = false;
  world_.run(*core_);  // the account is to be read, then the new hash to be written
  world_.hold_passwords = true;
  world_.hold_store = false;
  world_.run(*core_);
  EXPECT_TRUE(answer(alice.connection, changing).has_ok());
  world_.hold_passwords = false;
  world_.run(*core_);
  EXPECT_EQ(answer(id, signing_in).error().code(), "denied");
  EXPECT_FALSE(world_.lines[alice.connection].closed);
}

TEST_F(SignIn, ends_the_device_with_logout) {
  Person alice = join("alice");
  Person bob = join("bob");
  open(bob, alice);
  (void)pushes(bob.connection);
  Envelope logout;
  logout.mutable_logout();
  EXPECT_TRUE(ask(alice.connection, logout).has_ok());
  expect_goodbye(alice.connection, "revoked");
  EXPECT_EQ(pushes(bob.connection).size(), 2U) << "offline, and devices changed";
  EXPECT_EQ(ask(connect_device(alice), hello()).error().code(), "denied");
  // Signing in again with a new identity needs no replacing: no device is left.
  Person again = person("alice");
  const ConnectionId id = guest();
  EXPECT_TRUE(ask(id, login_request(again, id)).has_register_reply());
}

TEST_F(SignIn, tells_of_a_full_disk_and_signs_nobody_in) {
  const Bytes token = invite();
  world_.records.full = true;
  const ConnectionId id = guest();
  const Person alice = person("alice");
  EXPECT_EQ(ask(id, register_request(alice, id, token)).error().code(), "storage");
  world_.records.full = false;
  EXPECT_TRUE(ask(id, register_request(alice, id, token)).has_register_reply());
}

TEST_F(SignIn, survives_the_connection_ending_at_every_step) {
  const Bytes token = invite();
  for (int steps = 0; steps < 6; ++steps) {
    world_.hold_passwords = true;
    world_.hold_store = true;
    const ConnectionId id = guest();
    Person one = person("user" + std::to_string(steps));
    start_request(id, register_request(one, id, token));
    for (int i = 0; i < steps; ++i) {
      world_.hold_store = i % 2 == 1;
      world_.hold_passwords = i % 2 == 0;
      world_.run(*core_);
    }
    core_->on_disconnected(id, world_.moment);
    world_.hold_store = world_.hold_passwords = false;
    world_.run(*core_);
    world_.take(id);
    // Whatever was done by then, the person can sign in or register.
    const ConnectionId again = guest();
    const bool exists = world_.records.accounts().by_username(one.username).ok();
    EXPECT_TRUE(ask(again, exists ? login_request(one, again) : register_request(one, again, token))
                    .has_register_reply());
  }
}

}  // namespace
}  // namespace sotto::server
