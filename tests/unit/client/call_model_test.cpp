// Every sequence of signals that a far side can send, against both roles: no device opens and nothing of ours
// leaves before the local user's word (security.md C-09, C-10).
#include <gtest/gtest.h>

#include <functional>

#include "client/calls.hpp"
#include "client/core.hpp"
#include "client/hpke_sealer.hpp"
#include "sotto/call/call_keys.hpp"
#include "support/client_world/world.hpp"

namespace sotto::testing {
namespace {

using client::Calls;
using client::CallState;
using client::CallView;

// The core of a client that is signed in, whose network then swallows everything it sends: the far side's
// part is played directly.
struct CallModel : ::testing::Test {
  static constexpr int kSignals = 7;

  CallModel() : world(5), alice(world.add("alice")), bob(world.add("bob")) {
    world.sign_up(alice);
    world.sign_up(bob);
    conversation = world.open_direct(alice, bob);
    alice.send(conversation, "hello");
    world.run_for(std::chrono::seconds(5));
    peer_device = alice.store->devices_of(bob.id).at(0).id;
    // A second core over the same profile, driven by hand.
    alice.stop();
    core = std::make_unique<client::Core>(
        client::Client::Parts{*alice.store, alice.channel, alice.files, alice.media, alice.random, alice});
    core->context.moment = world.moment();
    core->account.load();
    proxy = std::make_unique<Proxy>(*core);
    alice.channel.events = proxy.get();
    world.run_until([&] { return core->session.is_online(); });
    EXPECT_TRUE(core->session.is_online());
    peer_key.emplace(crypto::DhPrivateKey::generate(crypto::DhGroup::x25519, world.random));
  }
  ~CallModel() override {
    alice.channel.events = nullptr;
    alice.channel.close();
  }
  struct Proxy final : client::ChannelEvents {
    explicit Proxy(client::Core& c) : core(c) {}
    void on_connected(const client::ServerProof& proof, client::Moment moment) override {
      const client::Outlet::Scope scope(core.context.outlet);
      core.context.moment = moment;
      core.session.on_connected(proof);
    }
    void on_frame(ByteView body, client::Moment moment) override {
      const client::Outlet::Scope scope(core.context.outlet);
      core.context.moment = moment;
      core.session.on_frame(body);
    }
    void on_closed(const Error& error, client::Moment moment) override {
      core.context.moment = moment;
      core.session.on_closed(error);
    }
    void on_writable(client::Moment) override {}
    client::Core& core;
  };

  client::ReceivedSignal make(int which, CallId call) {
    client::ReceivedSignal received;
    received.conversation = conversation;
    received.sender = bob.id;
    received.device = peer_device;
    received.server_time_ms = core->session.server_time().ms;
    proto::CallSignal& signal = received.signal;
    signal.set_call(std::string(as_text(call.bytes())));
    const std::string public_key(as_text(peer_key->public_key()));
    switch (which) {
      case 0: {
        const Bytes commitment = call::commitment_to(call, peer_key->public_key());
        signal.mutable_offer()->set_key_commitment(std::string(as_text(commitment)));
        signal.mutable_offer()->set_video(true);
        break;
      }
      case 1: signal.mutable_ringing(); break;
      case 2: signal.mutable_answer()->set_public_key(public_key); break;
      case 3: signal.mutable_reveal()->set_public_key(public_key); break;
      case 4: signal.mutable_candidates()->add_candidates("candidate"); break;
      case 5: signal.mutable_update()->set_camera(true); break;
      default: signal.mutable_hangup(); break;
    }
    return received;
  }

  // Runs `each` with every sequence of exactly `length` signals.
  void for_all(int length, const std::function<void(const std::vector<int>&)>& each) {
    std::vector<int> sequence(static_cast<std::size_t>(length), 0);
    while (true) {
      each(sequence);
      std::size_t at = 0;
      while (at < sequence.size() && ++sequence[at] == kSignals) sequence[at++] = 0;
      if (at == sequence.size()) return;
    }
  }
  // What a sequence left behind: sessions forgotten, call ended, store small.
  void clean_up() {
    const client::Outlet::Scope scope(core->context.outlet);
    core->context.store.remove_value("call under way");
    core->calls.set_profile(core->account.profile(), core->sealer.get());
    for (const auto& row : core->context.store.outbox(conversation, 100))
      core->context.store.remove_outbox(row.row);
    core->calls.poll();
    alice.media.sessions.clear();
    alice.events.clear();
  }

  World world;
  Person& alice;
  Person& bob;
  ConversationId conversation;
  DeviceId peer_device;
  std::optional<crypto::DhPrivateKey> peer_key;
  std::unique_ptr<client::Core> core;
  std::unique_ptr<Proxy> proxy;
};

TEST_F(CallModel, no_sequence_of_signals_makes_a_session_for_someone_who_did_not_accept) {
  // Sequences that do not begin with the offer find no call; those of length 6 with it in any place are all
  // covered, because without a call every signal but the offer is ignored.
  int sequences = 0;
  for (int length = 1; length <= 5; ++length) {
    for_all(length, [&](const std::vector<int>& rest) {
      const CallId call = world.random.id<CallId>();
      core->calls.on_signals({make(0, call)});
      for (const int signal : rest) core->calls.on_signals({make(signal, call)});
      ++sequences;
      ASSERT_TRUE(alice.media.sessions.empty());
      clean_up();
    });
  }
  EXPECT_EQ(sequences, 7 + 49 + 343 + 2401 + 16807);
}

TEST_F(CallModel, a_signal_without_a_call_does_nothing) {
  for_all(3, [&](const std::vector<int>& sequence) {
    const CallId call = world.random.id<CallId>();
    for (const int signal : sequence) {
      if (signal != 0) core->calls.on_signals({make(signal, call)});
    }
    ASSERT_TRUE(alice.media.sessions.empty());
    ASSERT_EQ(core->calls.next_deadline(), kNever);
  });
}

TEST_F(CallModel, a_caller_opens_nothing_before_an_answer) {
  for (int length = 1; length <= 4; ++length) {
    for_all(length, [&](const std::vector<int>& sequence) {
      const auto call = core->calls.start(conversation, true);
      ASSERT_TRUE(call) << call.error().message;
      bool answered = false, over = false;
      for (const int signal : sequence) {
        core->calls.on_signals({make(signal, call->id)});
        over = over || signal == 6;
        answered = answered || (signal == 2 && !over);
        ASSERT_EQ(alice.media.newest()->started, answered);
      }
      clean_up();
    });
  }
}

TEST_F(CallModel, a_callee_opens_devices_only_after_accept_and_a_true_reveal) {
  for (int length = 2; length <= 4; ++length) {
    for_all(length, [&](const std::vector<int>& sequence) {
      for (std::size_t accept_at = 0; accept_at < sequence.size(); ++accept_at) {
        const CallId call = world.random.id<CallId>();
        core->calls.on_signals({make(0, call)});
        bool accepted = false, revealed = false, over = false;
        for (std::size_t i = 0; i < sequence.size(); ++i) {
          if (i == accept_at && !over) {
            ASSERT_TRUE(core->calls.accept(call, true));
            accepted = true;
          }
          core->calls.on_signals({make(sequence[i], call)});
          over = over || sequence[i] == 6;
          revealed = revealed || (accepted && !over && sequence[i] == 3);
          const FakeSession* session = alice.media.newest();
          ASSERT_EQ(session != nullptr && session->started, revealed);
        }
        clean_up();
      }
    });
  }
}

TEST_F(CallModel, a_key_that_was_not_promised_ends_the_call) {
  const CallId call = world.random.id<CallId>();
  core->calls.on_signals({make(0, call)});
  ASSERT_TRUE(core->calls.accept(call, true));
  peer_key.emplace(crypto::DhPrivateKey::generate(crypto::DhGroup::x25519, world.random));
  core->calls.on_signals({make(3, call)});
  EXPECT_FALSE(alice.media.newest()->started);
  EXPECT_TRUE(alice.media.newest()->closed);
}

TEST_F(CallModel, signals_of_a_stranger_or_another_conversation_change_nothing) {
  const CallId call = world.random.id<CallId>();
  core->calls.on_signals({make(0, call)});
  auto hang_up = make(6, call);
  hang_up.sender = world.random.id<UserId>();
  core->calls.on_signals({hang_up});
  hang_up = make(6, call);
  hang_up.conversation = world.random.id<ConversationId>();
  core->calls.on_signals({hang_up});
  hang_up = make(6, call);
  hang_up.device = world.random.id<DeviceId>();
  core->calls.on_signals({hang_up});
  EXPECT_TRUE(core->calls.accept(call, false)) << "still ringing";
}

}  // namespace
}  // namespace sotto::testing
