// Registering, signing in, and the life of the connection.
#include <gtest/gtest.h>

#include "support/client_world/world.hpp"

namespace sotto::testing {
namespace {

using namespace std::chrono_literals;
using client::AccountView;
using client::Client;
using client::ConnectionState;
using client::Done;

client::RegisterParams registration(const World& world, const std::string& name) {
  client::RegisterParams params;
  params.server = world.server.invite_link();
  params.username = name;
  params.password = SecretBytes::from_text("secret of " + name);
  return params;
}

TEST(Account, registers_with_an_invite_link_and_goes_online) {
  World world(1);
  Person& alice = world.add("alice");
  const auto account = world.ask<AccountView>(alice, [&](Client& c, Done<AccountView> done) {
    c.account_register(registration(world, "Alice"), std::move(done));
  });
  ASSERT_TRUE(account) << account.error().message;
  EXPECT_EQ(account->user.username, "alice");
  EXPECT_EQ(account->server, "server.test:7443");
  EXPECT_TRUE(alice.online());
}

TEST(Account, does_not_trust_an_unknown_server_without_a_fingerprint) {
  World world(2);
  Person& alice = world.add("alice");
  auto params = registration(world, "alice");
  params.server = "server.test:7443";
  const auto account = world.ask<AccountView>(alice, [&](Client& c, Done<AccountView> done) {
    c.account_register(std::move(params), std::move(done));
  });
  ASSERT_FALSE(account);
  EXPECT_EQ(account.error().code, ErrorCode::untrusted);
  EXPECT_NE(account.error().message.find(to_hex(world.server.fingerprint())), std::string::npos);
  EXPECT_TRUE(world.server.users.empty());
}

TEST(Account, refuses_a_server_with_another_fingerprint) {
  World world(3);
  World other(4);
  Person& alice = world.add("alice");
  auto params = registration(other, "alice");
  const auto account = world.ask<AccountView>(alice, [&](Client& c, Done<AccountView> done) {
    c.account_register(std::move(params), std::move(done));
  });
  ASSERT_FALSE(account);
  EXPECT_EQ(account.error().code, ErrorCode::untrusted);
  EXPECT_TRUE(world.server.users.empty());
}

TEST(Account, says_what_the_server_said_when_a_name_is_taken) {
  World world(5);
  Person& alice = world.add("alice");
  world.sign_up(alice);
  Person& other = world.add("alice");
  const auto account = world.ask<AccountView>(other, [&](Client& c, Done<AccountView> done) {
    c.account_register(registration(world, "alice"), std::move(done));
  });
  ASSERT_FALSE(account);
  EXPECT_EQ(account.error(), fail(ErrorCode::conflict, "This user name is taken."));
}

TEST(Account, a_registration_cut_at_any_moment_is_completed_by_signing_in) {
  // Every number of milliseconds after the start is a cut point; with these latencies 0..300 covers the whole
  // flow.
  for (int cut_ms = 0; cut_ms <= 300; cut_ms += 6) {
    World world(100 + static_cast<std::uint64_t>(cut_ms));
    Person& alice = world.add("alice");
    alice.client->advance_to(world.moment());
    alice.client->account_register(registration(world, "alice"), [](const Result<AccountView>&) {});
    world.run_for(std::chrono::milliseconds(cut_ms));
    alice.restart();
    world.run_for(5s);
    if (!alice.online()) {
      const auto account = world.ask<AccountView>(alice, [&](Client& c, Done<AccountView> done) {
        client::LoginParams params;
        params.server = world.server.invite_link();
        params.username = "alice";
        params.password = SecretBytes::from_text("secret of alice");
        c.account_login(std::move(params), std::move(done));
      });
      if (!account) {
        // The server never heard of it: then registering works.
        ASSERT_TRUE(world.server.users.empty()) << cut_ms << ": " << account.error().message;
        world.sign_up(alice);
      }
    }
    ASSERT_TRUE(world.run_until([&] { return alice.online(); })) << cut_ms;
    ASSERT_EQ(world.server.users.size(), 1U);
  }
}

TEST(Account, a_new_device_needs_the_wish_to_replace_the_old_one_which_is_then_turned_away) {
  World world(6);
  Person& laptop = world.add("alice");
  world.sign_up(laptop);
  Person& desktop = world.add("alice");
  const auto sign_in = [&](bool replace) {
    return world.ask<AccountView>(desktop, [&](Client& c, Done<AccountView> done) {
      client::LoginParams params;
      params.server = world.server.invite_link();
      params.username = "alice";
      params.password = SecretBytes::from_text("password of alice");
      params.replace_device = replace;
      c.account_login(std::move(params), std::move(done));
    });
  };
  const auto refused = sign_in(false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_TRUE(sign_in(true));
  EXPECT_TRUE(world.run_until([&] { return desktop.online(); }));
  ASSERT_TRUE(world.run_until([&] { return laptop.connection.code == ErrorCode::denied; }));
  EXPECT_EQ(laptop.connection.state, ConnectionState::offline);
  // Turned away for good: no further attempts.
  const std::uint64_t connects = laptop.channel.connects;
  world.run_for(10min);
  EXPECT_EQ(laptop.channel.connects, connects);
}

TEST(Account, signing_out_forgets_everything) {
  World world(7);
  Person& alice = world.add("alice");
  world.sign_up(alice);
  const auto done =
      world.ask<Unit>(alice, [](Client& c, Done<Unit> answer) { c.account_logout(std::move(answer)); });
  ASSERT_TRUE(done);
  EXPECT_TRUE(alice.store->users().empty());
  EXPECT_FALSE(alice.store->value("profile"));
  alice.restart();
  world.run_for(10s);
  EXPECT_FALSE(alice.online());
}

TEST(Connection, comes_back_with_growing_jittered_delays_and_never_gives_up) {
  World world(8);
  Person& alice = world.add("alice");
  world.sign_up(alice);
  alice.channel.reachable = false;
  const std::uint64_t before = alice.channel.connects;
  alice.cut();
  world.run_for(90s);
  // 1 + 2 + 4 + 8 + 15 + 30 + 30 s, each a quarter more or less.
  EXPECT_GE(alice.channel.connects - before, 5U);
  EXPECT_LE(alice.channel.connects - before, 8U);
  EXPECT_EQ(alice.connection.state, ConnectionState::offline);
  EXPECT_GT(alice.connection.retry_in_ms, 0);
  alice.channel.reachable = true;
  EXPECT_TRUE(world.run_until([&] { return alice.online(); }, 40s));
}

TEST(Connection, try_now_does_not_wait_for_the_next_attempt) {
  World world(9);
  Person& alice = world.add("alice");
  world.sign_up(alice);
  alice.channel.reachable = false;
  alice.cut();
  world.run_for(200s);
  alice.channel.reachable = true;
  alice.client->advance_to(world.moment());
  alice.client->reconnect_now();
  EXPECT_TRUE(world.run_until([&] { return alice.online(); }, 1s));
}

TEST(Connection, a_silent_server_is_noticed_within_thirty_seconds) {
  World world(10);
  Person& alice = world.add("alice");
  world.sign_up(alice);
  world.run_for(60s);
  ASSERT_TRUE(alice.online()) << "pings keep an idle connection alive";
  alice.channel.swallow_replies = true;
  EXPECT_TRUE(world.run_until([&] { return !alice.online(); }, 31s));
}

TEST(Connection, a_server_with_another_identity_is_untrusted_and_gets_nothing) {
  World world(11);
  Person& alice = world.add("alice");
  world.sign_up(alice);
  world.server.change_identity();
  alice.cut();
  ASSERT_TRUE(world.run_until([&] { return alice.connection.code == ErrorCode::untrusted; }));
  EXPECT_FALSE(alice.connection.reason.empty());
}

TEST(Connection, the_device_certificate_is_renewed_before_it_ends) {
  World world(13);
  Person& alice = world.add("alice");
  world.sign_up(alice);
  world.wall_offset_ms = 70LL * 24 * 3600 * 1000;  // 20 of its 90 days are left
  alice.cut();
  ASSERT_TRUE(world.run_until([&] { return alice.online(); }));
  world.wall_offset_ms = 120LL * 24 * 3600 * 1000;  // the first one is long expired
  alice.restart();
  EXPECT_TRUE(world.run_until([&] { return alice.online(); }));
}

}  // namespace
}  // namespace sotto::testing
