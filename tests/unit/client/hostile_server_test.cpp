// A server that lies: about devices, identities, senders, and the log.
#include <gtest/gtest.h>

#include "sotto/crypto/identity_chain.hpp"
#include "support/client_world/world.hpp"

namespace sotto::testing {
namespace {

using namespace std::chrono_literals;
using client::AccountView;
using client::Client;
using client::Done;
using client::MessageKind;
using client::MessageState;
using client::UserView;

struct HostileServer : ::testing::Test {
  HostileServer() : world(91), alice(world.add("alice")), bob(world.add("bob")) {
    world.sign_up(alice);
    world.sign_up(bob);
    conversation = world.open_direct(alice, bob);
    alice.send(conversation, "first");
    world.run_until([&] { return bob.texts(conversation).size() == 1; });
    world.run_for(2s);
  }
  std::vector<std::string> events_at(Person& person) {
    std::vector<std::string> out;
    for (const auto& message : person.history(conversation)) {
      if (message.kind == MessageKind::event) out.push_back(message.text);
    }
    return out;
  }
  FakeServer::Log& log() { return world.server.logs.at(conversation); }
  // Bob loses his computer and signs in anew.
  Person& replace_bob() {
    Person& again = world.add("bob");
    const auto account = world.ask<AccountView>(again, [&](Client& c, Done<AccountView> done) {
      client::LoginParams params;
      params.server = world.server.invite_link();
      params.username = "bob";
      params.password = SecretBytes::from_text("password of bob");
      params.replace_device = true;
      c.account_login(std::move(params), std::move(done));
    });
    EXPECT_TRUE(account);
    world.run_for(3s);
    return again;
  }
  Result<UserView> verify(UserId user, bool verified) {
    auto digits = world.ask<std::string>(
        alice, [&](Client& c, Done<std::string> done) { c.contacts_safety_number(user, std::move(done)); });
    return world.ask<UserView>(alice, [&](Client& c, Done<UserView> done) {
      c.contacts_verify(user, verified, digits ? *digits : "", std::move(done));
    });
  }

  World world;
  Person& alice;
  Person& bob;
  ConversationId conversation;
};

TEST_F(HostileServer, a_device_that_the_person_did_not_sign_gets_nothing) {
  SeededRandom random(1);
  auto& user = world.server.users.at(bob.id);
  proto::Device ghost = user.devices.front();
  const DeviceId ghost_id = random.id<DeviceId>();
  ghost.set_device(std::string(as_text(ghost_id.bytes())));
  user.devices.push_back(ghost);  // bob's certificate under another id
  // And with the CA's own key: an identity certificate for bob over a key of the server's, and a device below
  // it.
  const auto server_key = crypto::SigningKey::generate(crypto::SignatureAlgorithm::ed25519, random);
  const auto identity = world.server.certify_identity(bob.id, server_key.public_key());
  const DeviceId second_ghost = random.id<DeviceId>();
  const auto device_key = crypto::SigningKey::generate(crypto::SignatureAlgorithm::ed25519, random);
  const auto certificate =
      crypto::issue_device_certificate(server_key, identity, bob.id, second_ghost, device_key.public_key(),
                                       crypto::validity_from(world.moment().wall, 90), random);
  ASSERT_TRUE(certificate);
  ghost.set_device(std::string(as_text(second_ghost.bytes())));
  ghost.set_certificate(std::string(as_text(certificate->der())));
  user.devices.push_back(ghost);
  world.server.push_devices_changed(bob.id);
  world.run_for(2s);
  EXPECT_FALSE(alice.store->device(ghost_id));
  EXPECT_FALSE(alice.store->device(second_ghost));
  alice.send(conversation, "second");
  ASSERT_TRUE(world.run_until([&] { return bob.texts(conversation).size() == 2; }));
}

TEST_F(HostileServer, both_sides_compare_the_same_safety_number) {
  const auto number = [&](Person& person, UserId user) {
    return world
        .ask<std::string>(
            person,
            [&](Client& c, Done<std::string> done) { c.contacts_safety_number(user, std::move(done)); })
        .value();
  };
  EXPECT_EQ(number(alice, bob.id), number(bob, alice.id));
  const auto stale = world.ask<UserView>(alice, [&](Client& c, Done<UserView> done) {
    c.contacts_verify(bob.id, true, std::string(60, '1'), std::move(done));
  });
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().code, ErrorCode::conflict);
  ASSERT_TRUE(verify(bob.id, true));
  EXPECT_TRUE(alice.last<client::ContactUpdated>()->user.verified);
}

TEST_F(HostileServer, a_changed_identity_of_an_unverified_contact_is_shown_and_the_chat_goes_on) {
  Person& again = replace_bob();
  EXPECT_EQ(alice.count<client::IdentityChanged>(), 1);
  ASSERT_EQ(events_at(alice).size(), 1U);
  EXPECT_EQ(events_at(alice)[0], "The safety number with bob has changed.");
  alice.send(conversation, "welcome back");
  ASSERT_TRUE(world.run_until([&] { return again.texts(conversation).size() == 1; }));
  EXPECT_EQ(again.texts(conversation)[0], "welcome back");
  again.send(conversation, "thanks");
  ASSERT_TRUE(world.run_until([&] { return alice.texts(conversation).back() == "thanks"; }));
}

TEST_F(HostileServer, a_changed_identity_of_a_verified_contact_holds_messages_until_the_user_decides) {
  ASSERT_TRUE(verify(bob.id, true));
  Person& again = replace_bob();
  EXPECT_TRUE(alice.last<client::IdentityChanged>()->user.identity_changed);
  EXPECT_FALSE(alice.last<client::IdentityChanged>()->user.verified);
  alice.send(conversation, "is it you?");
  world.run_for(60s);
  EXPECT_TRUE(again.texts(conversation).empty());
  EXPECT_EQ(alice.history(conversation).back().state, MessageState::sending);
  alice.restart();
  world.run_for(30s);
  EXPECT_TRUE(again.texts(conversation).empty()) << "held over a restart too";
  ASSERT_TRUE(verify(bob.id, true));
  ASSERT_TRUE(world.run_until([&] { return again.texts(conversation).size() == 1; }));
}

// Alice calls the Bob whom she has verified. While it rings, the server hands his name to another identity,
// which calls Alice: two who call each other meet in one call without a further question, but not with a
// stranger.
TEST_F(HostileServer, nobody_with_a_changed_identity_gets_into_a_call_that_rings) {
  ASSERT_TRUE(verify(bob.id, true));
  bob.stop();
  const auto start = [&](Person& person) {
    return world.ask<client::CallView>(person, [&](Client& c, Done<client::CallView> done) {
      c.calls_start(conversation, true, std::move(done));
    });
  };
  const auto call = start(alice);
  ASSERT_TRUE(call);
  Person& stranger = replace_bob();
  ASSERT_TRUE(alice.last<client::IdentityChanged>()->user.identity_changed);
  // The lower id wins: the stranger calls until theirs is lower.
  bool lower = false;
  for (int round = 0; round < 32 && !lower; ++round) {
    const auto theirs = start(stranger);
    ASSERT_TRUE(theirs);
    lower = theirs->id < call->id;
    world.run_for(1s);
    (void)world.ask<client::CallView>(stranger, [&](Client& c, Done<client::CallView> done) {
      c.calls_hangup(theirs->id, std::move(done));
    });
  }
  ASSERT_TRUE(lower);
  world.run_for(5s);
  EXPECT_EQ(alice.last<client::CallChanged>()->call.state, client::CallState::ended);
  EXPECT_EQ(alice.last<client::CallChanged>()->call.failure.substr(0, 31), "The safety number has changed. ");
  ASSERT_EQ(alice.media.sessions.size(), 1U) << "no path is tried with the stranger";
  EXPECT_FALSE(alice.media.newest()->started);
  EXPECT_FALSE(start(alice)) << "held until the user has decided";
}

TEST_F(HostileServer, a_time_outside_of_all_calendars_is_moved_into_one) {
  for (const std::int64_t claimed : {INT64_MIN, INT64_MAX}) {
    world.server.claimed_time_ms = claimed;
    bob.cut();
    alice.send(conversation, "when?");
    const std::size_t texts = bob.texts(conversation).size() + 1;
    world.run_until([&] { return bob.texts(conversation).size() == texts; });
    for (Person* person : {&alice, &bob}) {
      const std::int64_t shown = person->history(conversation).back().time.ms;
      EXPECT_GE(shown, 0);
      EXPECT_LT(shown, 253'402'300'800'000) << "the year 10000";
    }
  }
}

TEST_F(HostileServer, an_entry_given_twice_is_shown_once) {
  const auto before = bob.history(conversation).size();
  proto::Entry copy = log().entries.front();
  copy.set_seq(log().entries.size() + 1);
  log().entries.push_back(copy);
  world.server.push(copy);
  world.run_for(3s);
  EXPECT_EQ(bob.history(conversation).size(), before);
}

TEST_F(HostileServer, an_entry_of_another_sender_or_conversation_is_never_shown_as_genuine) {
  Person& carol = world.add("carol");
  world.sign_up(carol);
  const ConversationId with_carol = world.open_direct(alice, carol);
  alice.send(with_carol, "for carol");
  world.run_for(3s);
  // Carol's message moved to bob, and alice's message said to be carol's.
  proto::Entry moved = world.server.logs.at(with_carol).entries.front();
  moved.set_conversation(std::string(as_text(conversation.bytes())));
  moved.set_seq(log().entries.size() + 1);
  log().entries.push_back(moved);
  world.server.push(moved);
  world.run_for(3s);
  proto::Entry renamed = log().entries.front();
  renamed.set_sender_user(std::string(as_text(carol.id.bytes())));
  renamed.set_seq(log().entries.size() + 1);
  log().entries.push_back(renamed);
  world.server.push(renamed);
  world.run_for(3s);
  EXPECT_EQ(bob.texts(conversation), std::vector<std::string>{"first"});
  EXPECT_GE(events_at(bob).size(), 1U) << "but not silently";
}

TEST_F(HostileServer, a_withheld_message_leaves_a_visible_gap) {
  bob.stop();
  alice.send(conversation, "two");
  world.run_for(2s);
  // The server drops it and gives its place to the next.
  log().entries.pop_back();
  alice.send(conversation, "three");
  world.run_for(2s);
  bob.start();
  world.run_for(10s);
  EXPECT_EQ(bob.texts(conversation), (std::vector<std::string>{"first", "three"}));
  ASSERT_EQ(events_at(bob).size(), 1U);
  EXPECT_EQ(events_at(bob)[0], "One or more messages are missing here.");
}

TEST_F(HostileServer, garbage_in_the_log_is_a_placeholder_and_the_rest_arrives) {
  proto::Entry garbage = log().entries.front();
  garbage.set_seq(log().entries.size() + 1);
  garbage.set_message(std::string(16, 'x'));
  garbage.set_payload("garbage");
  log().entries.push_back(garbage);
  world.server.push(garbage);
  alice.send(conversation, "after");
  ASSERT_TRUE(world.run_until([&] { return bob.texts(conversation).size() == 2; }));
  ASSERT_EQ(events_at(bob).size(), 1U);
  EXPECT_EQ(events_at(bob)[0], "A message could not be checked and is not shown.");
}

TEST_F(HostileServer, members_of_a_conversation_are_not_the_servers_to_change) {
  Person& carol = world.add("carol");
  world.sign_up(carol);
  log().members.push_back(carol.id);
  alice.cut();
  ASSERT_TRUE(world.run_until([&] { return alice.online(); }));
  world.run_for(3s);
  const auto members = alice.store->conversation(conversation)->members;
  EXPECT_EQ(members.size(), 2U);
}

// The window shows the name of one person; whoever else is sealed to would read along unseen.
TEST_F(HostileServer, a_third_person_in_a_new_conversation_is_refused) {
  Person& carol = world.add("carol");
  Person& mallory = world.add("mallory");
  world.sign_up(carol);
  world.sign_up(mallory);
  const auto ghosted = world.random.id<ConversationId>();
  world.server.logs[ghosted].members = {alice.id, carol.id, mallory.id};
  const auto opened =
      world.ask<client::ConversationView>(alice, [&](Client& c, Done<client::ConversationView> done) {
        c.conversations_direct(carol.id, std::move(done));
      });
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::untrusted);
  // Nor when it is merely listed.
  alice.cut();
  ASSERT_TRUE(world.run_until([&] { return alice.online(); }));
  world.run_for(5s);
  EXPECT_FALSE(alice.store->conversation(ghosted));
  EXPECT_FALSE(carol.store->conversation(ghosted));
}

// Bob writes from a new device while the server does not say whose it is.
TEST_F(HostileServer, a_message_of_an_unknown_device_waits_for_its_keys) {
  bool busy = true;
  const std::string bob_bytes(as_text(bob.id.bytes()));
  world.server.refuse = [&](const proto::Envelope& request) -> std::optional<Error> {
    if (busy && request.has_get_user() && request.get_user().user() == bob_bytes)
      return fail(ErrorCode::rate_limited, "Too many questions.");
    return std::nullopt;
  };
  Person& again = replace_bob();
  again.send(conversation, "it is me");
  world.run_for(20s);
  EXPECT_EQ(alice.texts(conversation), std::vector<std::string>{"first"});
  EXPECT_TRUE(events_at(alice).empty());
  busy = false;
  ASSERT_TRUE(world.run_until([&] { return alice.texts(conversation).size() == 2; }, 30s));
  EXPECT_EQ(alice.texts(conversation)[1], "it is me");
}

}  // namespace
}  // namespace sotto::testing
