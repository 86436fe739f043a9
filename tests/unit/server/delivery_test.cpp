// Conversations, logs, pushes, acknowledgements, presence and look-ups.
#include "server_world.hpp"

namespace sotto::server {
namespace {

class Delivery : public ServerWorld {
 protected:
  void SetUp() override {
    start();
    alice_ = join("alice");
    bob_ = join("bob");
    talk_ = open(alice_, bob_);
    (void)pushes(alice_.connection);
    (void)pushes(bob_.connection);
  }
  std::vector<std::uint64_t> pushed(const Person& to) {
    std::vector<std::uint64_t> seqs;
    for (const Envelope& one : pushes(to.connection)) {
      if (one.has_entry()) seqs.push_back(one.entry().entry().seq());
    }
    return seqs;
  }
  std::vector<std::string> fetched(const Person& by, std::uint64_t after = 0) {
    std::vector<std::string> out;
    const Envelope page = ask(by.connection, fetch_request(talk_, after));
    for (const proto::Entry& e : page.fetch_reply().entries()) out.push_back(e.payload());
    return out;
  }
  Person alice_{person("x")}, bob_{person("x")};
  std::string talk_;
};
using Seqs = std::vector<std::uint64_t>;
using Texts = std::vector<std::string>;

TEST_F(Delivery, answers_when_durable_and_pushes_to_the_others_alone) {
  world_.hold_store = true;
  const std::uint64_t request = start_request(alice_.connection, append_request(talk_, "hi"));
  world_.run(*core_);
  EXPECT_TRUE(world_.take(alice_.connection).empty());
  EXPECT_TRUE(world_.take(bob_.connection).empty());
  world_.hold_store = false;
  world_.run(*core_);
  const Envelope reply = answer(alice_.connection, request);
  EXPECT_EQ(reply.append_reply().seq(), 1U);
  EXPECT_EQ(reply.append_reply().time_ms(), world_.moment.wall.ms);
  EXPECT_TRUE(pushes(alice_.connection).empty());
  const std::vector<Envelope> got = pushes(bob_.connection);
  ASSERT_EQ(got.size(), 1U);
  const proto::Entry& entry = got[0].entry().entry();
  EXPECT_EQ(got[0].id(), 0U);
  EXPECT_EQ(entry.payload(), "hi");
  EXPECT_EQ(entry.sender_user(), to_string(alice_.user.bytes()));
  EXPECT_EQ(entry.sender_device(), to_string(alice_.device.bytes()));
  EXPECT_EQ(entry.conversation(), talk_);
}

TEST_F(Delivery, keeps_one_order_for_everyone_when_both_write_at_once) {
  for (int i = 0; i < 20; ++i) {
    start_request(alice_.connection, append_request(talk_, "a" + std::to_string(i)));
    start_request(bob_.connection, append_request(talk_, "b" + std::to_string(i)));
  }
  world_.run(*core_);
  Seqs all = pushed(alice_);
  EXPECT_TRUE(std::ranges::is_sorted(all));
  const Seqs others = pushed(bob_);
  EXPECT_TRUE(std::ranges::is_sorted(others));
  all.insert(all.end(), others.begin(), others.end());
  std::ranges::sort(all);
  EXPECT_EQ(all.size(), 40U);
  EXPECT_EQ(all.back(), 40U);
  EXPECT_EQ(fetched(alice_), fetched(bob_));
}

TEST_F(Delivery, gives_a_repeated_message_its_first_place_and_pushes_it_once) {
  const MessageId message = random_.id<MessageId>();
  const Envelope first = ask(alice_.connection, append_request(talk_, "hi", message));
  world_.advance(std::chrono::seconds(10));
  const Envelope again = ask(alice_.connection, append_request(talk_, "hi", message));
  EXPECT_EQ(again.append_reply().seq(), first.append_reply().seq());
  EXPECT_EQ(again.append_reply().time_ms(), first.append_reply().time_ms());
  EXPECT_EQ(pushed(bob_), (Seqs{1}));
  EXPECT_EQ(fetched(bob_), (Texts{"hi"}));
}

TEST_F(Delivery, keeps_what_an_absent_device_missed) {
  core_->on_disconnected(bob_.connection, world_.moment);
  EXPECT_TRUE(ask(alice_.connection, append_request(talk_, "one")).has_append_reply());
  EXPECT_TRUE(ask(alice_.connection, append_request(talk_, "two")).has_append_reply());
  bob_.connection = come_online(bob_);
  Envelope list;
  list.mutable_list_conversations();
  const Envelope reply = ask(bob_.connection, list);
  ASSERT_EQ(reply.list_conversations_reply().conversations_size(), 1);
  EXPECT_EQ(reply.list_conversations_reply().conversations(0).last_seq(), 2U);
  EXPECT_EQ(reply.list_conversations_reply().conversations(0).acked_seq(), 0U);
  EXPECT_EQ(fetched(bob_), (Texts{"one", "two"}));
  EXPECT_EQ(fetched(bob_, 1), (Texts{"two"}));
  EXPECT_TRUE(fetched(bob_, 2).empty());
}

TEST_F(Delivery, shows_a_conversation_to_its_members_alone) {
  const Person eve = join("eve");
  const Envelope refused = ask(eve.connection, append_request(talk_, "let me in"));
  const Envelope unknown = ask(eve.connection, append_request(std::string(16, 'x'), "hello?"));
  EXPECT_EQ(refused.error().code(), "not_found");
  EXPECT_EQ(refused.error().message(), unknown.error().message()) << "one cannot probe for conversations";
  EXPECT_EQ(ask(eve.connection, fetch_request(talk_)).error().code(), "not_found");
  EXPECT_EQ(ask(eve.connection, ack_request(talk_, 1)).error().code(), "not_found");
  EXPECT_TRUE(pushed(bob_).empty());
  EXPECT_TRUE(fetched(alice_).empty());
}

TEST_F(Delivery, refuses_malformed_requests_one_by_one) {
  const ConnectionId id = alice_.connection;
  const MessageId message = random_.id<MessageId>();
  Envelope short_message = append_request(talk_, "x", message);
  short_message.mutable_append()->set_message("short");
  EXPECT_EQ(ask(id, short_message).error().code(), "invalid_argument");
  EXPECT_EQ(ask(id, append_request("short", "x")).error().code(), "invalid_argument");
  EXPECT_EQ(ask(id, append_request(talk_, "")).error().code(), "invalid_argument");
  EXPECT_EQ(ask(id, append_request(talk_, std::string(proto::kMaxAppendBytes + 1, 'x'))).error().code(),
            "too_large");
  EXPECT_TRUE(ask(id, append_request(talk_, std::string(proto::kMaxAppendBytes, 'x'))).has_append_reply());
  EXPECT_EQ(ask(id, fetch_request("")).error().code(), "invalid_argument");
  EXPECT_EQ(ask(id, ack_request("", 1)).error().code(), "invalid_argument");
  Envelope open;
  open.mutable_open_direct()->set_peer("short");
  EXPECT_EQ(ask(id, open).error().code(), "invalid_argument");
  open.mutable_open_direct()->set_peer(to_string(alice_.user.bytes()));
  EXPECT_EQ(ask(id, open).error().code(), "invalid_argument") << "with oneself";
  open.mutable_open_direct()->set_peer(std::string(16, 'x'));
  EXPECT_EQ(ask(id, open).error().code(), "not_found");
  EXPECT_FALSE(world_.lines[id].closed);
}

TEST_F(Delivery, fetches_within_its_bounds_however_much_is_asked_for) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(ask(alice_.connection, append_request(talk_, std::string(200'000, 'x'))).has_append_reply());
  }
  const Envelope page = ask(bob_.connection, fetch_request(talk_, 0, 1'000'000));
  EXPECT_EQ(page.fetch_reply().entries_size(), 2) << "512 KiB";
  EXPECT_TRUE(page.fetch_reply().more());
  EXPECT_EQ(ask(bob_.connection, fetch_request(talk_, 0, 0)).fetch_reply().entries_size(), 1);
}

TEST_F(Delivery, reads_a_few_pages_at_a_time_and_waits_for_a_slow_network) {
  EXPECT_TRUE(ask(alice_.connection, append_request(talk_, "hi")).has_append_reply());
  const ConnectionId bob = bob_.connection;
  (void)pushes(bob);
  const auto answered = [&] {
    world_.run(*core_);
    return world_.take(bob).size();
  };
  world_.hold_store = true;
  for (std::uint32_t i = 0; i < 3 * kMaxFetchesInFlight; ++i) start_request(bob, fetch_request(talk_));
  start_request(bob, fetch_request(std::string(16, 'x')));
  start_request(bob, fetch_request(talk_));
  EXPECT_EQ(world_.waiting_tasks(), kMaxFetchesInFlight);
  world_.lines[bob].queued.urgent = kMaxQueuedUrgent + 1;
  world_.hold_store = false;
  EXPECT_EQ(answered(), kMaxFetchesInFlight);
  EXPECT_EQ(core_->next_deadline(), world_.moment.now + kLookAgain);
  world_.advance(kLookAgain);
  core_->on_deadline(world_.moment);
  EXPECT_EQ(answered(), 0U);
  EXPECT_EQ(core_->next_deadline(), world_.moment.now + kLookAgain);
  EXPECT_TRUE(ask(bob, append_request(talk_, "still here")).has_append_reply());
  world_.lines[bob].queued.urgent = 0;
  world_.advance(kLookAgain);
  core_->on_deadline(world_.moment);
  EXPECT_EQ(answered(), 2 * kMaxFetchesInFlight + 2);
  EXPECT_GT(core_->next_deadline(), world_.moment.now + kLookAgain);
}

TEST_F(Delivery, writes_acknowledgements_later_together_and_then_drops_what_everyone_has) {
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(ask(alice_.connection, append_request(talk_, "x")).has_append_reply());
  world_.hold_store = true;
  EXPECT_TRUE(ask(bob_.connection, ack_request(talk_, 2)).has_ok());
  EXPECT_TRUE(ask(alice_.connection, ack_request(talk_, 3)).has_ok());
  EXPECT_TRUE(ask(bob_.connection, ack_request(talk_, 1)).has_ok());
  EXPECT_EQ(world_.waiting_tasks(), 0U);
  EXPECT_EQ(core_->next_deadline(), world_.moment.now + kAckDelay);
  world_.advance(kAckDelay);
  core_->on_deadline(world_.moment);
  EXPECT_EQ(world_.waiting_tasks(), 1U);
  world_.hold_store = false;
  world_.run(*core_);
  EXPECT_EQ(fetched(bob_).size(), 1U);
}

TEST_F(Delivery, remembers_acknowledgements_that_a_full_disk_refused) {
  EXPECT_TRUE(ask(alice_.connection, append_request(talk_, "x")).has_append_reply());
  EXPECT_TRUE(ask(bob_.connection, ack_request(talk_, 1)).has_ok());
  EXPECT_TRUE(ask(alice_.connection, ack_request(talk_, 1)).has_ok());
  world_.records.full = true;
  world_.advance(kAckDelay);
  core_->on_deadline(world_.moment);
  world_.run(*core_);
  world_.records.full = false;
  EXPECT_EQ(core_->next_deadline(), world_.moment.now + kAckRetry);
  world_.advance(kAckRetry);
  core_->on_deadline(world_.moment);
  world_.run(*core_);
  EXPECT_TRUE(fetched(bob_).empty());
}

TEST_F(Delivery, refuses_messages_on_a_full_disk_shows_what_is_there_and_recovers) {
  EXPECT_TRUE(ask(alice_.connection, append_request(talk_, "before")).has_append_reply());
  world_.records.full = true;
  const MessageId message = random_.id<MessageId>();
  EXPECT_EQ(ask(alice_.connection, append_request(talk_, "during", message)).error().code(), "storage");
  EXPECT_EQ(pushed(bob_), (Seqs{1}));
  EXPECT_EQ(fetched(bob_), (Texts{"before"}));
  world_.records.full = false;
  EXPECT_EQ(ask(alice_.connection, append_request(talk_, "during", message)).append_reply().seq(), 2U);
  EXPECT_EQ(pushed(bob_), (Seqs{2}));
}

TEST_F(Delivery, acknowledges_nothing_when_the_commit_fails) {
  world_.hold_store = true;
  const std::uint64_t first = start_request(alice_.connection, append_request(talk_, "a"));
  const std::uint64_t second = start_request(bob_.connection, append_request(talk_, "b"));
  world_.records.broken = true;
  world_.hold_store = false;
  world_.run(*core_);
  EXPECT_EQ(answer(alice_.connection, first).error().code(), "storage");
  EXPECT_EQ(answer(bob_.connection, second).error().code(), "storage");
  EXPECT_TRUE(pushed(alice_).empty());
  EXPECT_TRUE(pushed(bob_).empty());
}

TEST_F(Delivery, gives_the_messages_of_a_turn_to_the_store_together_and_lets_nothing_overtake_them) {
  world_.hold_store = true;
  start_request(alice_.connection, append_request(talk_, "a"));
  start_request(bob_.connection, append_request(talk_, "b"));
  EXPECT_EQ(world_.waiting_tasks(), 0U);
  const std::uint64_t look = start_request(bob_.connection, fetch_request(talk_));
  EXPECT_EQ(world_.waiting_tasks(), 2U);
  world_.hold_store = false;
  world_.run(*core_);
  EXPECT_EQ(answer(bob_.connection, look).fetch_reply().entries_size(), 2);
}

TEST_F(Delivery, keeps_the_order_of_a_conversation_whose_members_it_has_yet_to_look_up) {
  start();  // knows nothing any more
  alice_.connection = come_online(alice_);
  bob_.connection = come_online(bob_);
  start_request(alice_.connection, append_request(talk_, "first"));
  world_.run(*core_);
  start_request(alice_.connection, append_request(talk_, "second"));
  start_request(alice_.connection, append_request(talk_, "third"));
  world_.run(*core_);
  EXPECT_EQ(fetched(bob_), (Texts{"first", "second", "third"}));
}

TEST_F(Delivery, keeps_that_order_when_an_early_answer_makes_room_for_further_requests) {
  start();
  alice_.connection = come_online(alice_);
  Envelope first = ack_request(talk_, 0);
  first.set_id(1000);
  Bytes flood = *proto::to_frame(first);
  Texts expected;
  for (std::uint32_t i = 0; i < kMaxInFlight + 10; ++i) {
    expected.push_back(std::to_string(i));
    Envelope one = append_request(talk_, expected.back());
    one.set_id(1001 + i);
    ASSERT_TRUE(proto::append_frame(one, flood));
  }
  core_->on_bytes(alice_.connection, flood, world_.moment);
  world_.run(*core_);
  EXPECT_EQ(fetched(alice_), expected);
}

TEST_F(Delivery, stops_reading_from_a_device_with_too_much_under_way) {
  world_.hold_store = true;
  Bytes flood;
  for (std::uint32_t i = 0; i < kMaxInFlight + 10; ++i) {
    Envelope one = append_request(talk_, "x");
    one.set_id(1000 + i);
    ASSERT_TRUE(proto::append_frame(one, flood));
  }
  core_->on_bytes(alice_.connection, flood, world_.moment);
  core_->end_turn();
  EXPECT_EQ(world_.waiting_tasks(), 1U) << "together";
  EXPECT_TRUE(world_.lines[alice_.connection].paused);
  EXPECT_TRUE(ask(bob_.connection, ack_request(talk_, 0)).has_ok()) << "others go on";
  world_.hold_store = false;
  world_.run(*core_);
  EXPECT_FALSE(world_.lines[alice_.connection].paused);
  EXPECT_EQ(world_.take(alice_.connection).size(), kMaxInFlight + 10);
  EXPECT_EQ(pushed(bob_).size(), kMaxInFlight + 10);
}

TEST_F(Delivery, limits_how_fast_one_device_writes) {
  int limited = 0;
  for (int i = 0; i < 5100; ++i) {
    start_request(alice_.connection, append_request(talk_, "x"));
    if (i % 32 == 0) world_.run(*core_);
  }
  world_.run(*core_);
  for (const Envelope& one : world_.take(alice_.connection))
    limited += one.error().code() == "rate_limited" ? 1 : 0;
  EXPECT_EQ(limited, 100);
}

TEST_F(Delivery, replaces_an_older_connection_of_the_same_device) {
  const ConnectionId before = bob_.connection;
  (void)pushes(alice_.connection);
  bob_.connection = come_online(bob_);
  expect_goodbye(before, "replaced");
  EXPECT_TRUE(pushes(alice_.connection).empty()) << "bob was there all the time";
  core_->on_disconnected(before, world_.moment);
  EXPECT_TRUE(ask(alice_.connection, append_request(talk_, "x")).has_append_reply());
  EXPECT_EQ(pushed(bob_), (Seqs{1}));
}

TEST_F(Delivery, tells_contacts_and_nobody_else_who_comes_and_goes) {
  const Person eve = join("eve");
  (void)pushes(eve.connection);
  const auto presence = [&](const Person& of) {
    std::vector<bool> seen;
    for (const Envelope& one : pushes(of.connection)) {
      if (one.has_presence()) seen.push_back(one.presence().online());
    }
    return seen;
  };
  core_->on_disconnected(bob_.connection, world_.moment);
  EXPECT_EQ(presence(alice_), (std::vector<bool>{false}));
  bob_.connection = come_online(bob_);
  EXPECT_EQ(presence(alice_), (std::vector<bool>{true}));
  EXPECT_EQ(presence(bob_), (std::vector<bool>{true})) << "the newcomer learns that alice is there";
  Envelope hide;
  hide.mutable_set_presence()->set_visible(false);
  EXPECT_TRUE(ask(bob_.connection, hide).has_ok());
  EXPECT_EQ(presence(alice_), (std::vector<bool>{false}));
  core_->on_disconnected(bob_.connection, world_.moment);
  EXPECT_TRUE(presence(alice_).empty());
  EXPECT_TRUE(presence(eve).empty());

  Envelope find;
  find.mutable_find_user()->set_username("alice");
  EXPECT_FALSE(ask(eve.connection, find).user_reply().user().online())
      << "eve shares no conversation with alice";
  bob_.connection = come_online(bob_);
  EXPECT_TRUE(ask(bob_.connection, find).user_reply().user().online());
}

TEST_F(Delivery, tells_contacts_when_it_closes_a_devices_connection_itself) {
  world_.advance(std::chrono::minutes(1));
  core_->on_bytes(bob_.connection, Bytes{0, 0, 0, 0}, world_.moment);
  expect_goodbye(bob_.connection, "protocol");
  const std::vector<Envelope> told = pushes(alice_.connection);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].presence().user(), to_string(bob_.user.bytes()));
  EXPECT_FALSE(told[0].presence().online());
  EXPECT_EQ(world_.records.devices().by_device(bob_.device)->last_seen, world_.moment.wall);
}

TEST_F(Delivery, does_not_call_a_device_gone_that_came_back_before_its_old_connection_ended) {
  world_.hold_store = true;
  const ConnectionId before = bob_.connection;
  bob_.connection = connect_device(bob_);
  const std::uint64_t greeting = start_request(bob_.connection, hello());
  core_->on_disconnected(before, world_.moment);
  world_.hold_store = false;
  world_.run(*core_);
  EXPECT_TRUE(answer(bob_.connection, greeting).has_hello_reply());
  const std::vector<Envelope> told = pushes(alice_.connection);
  ASSERT_FALSE(told.empty());
  EXPECT_TRUE(told.back().presence().online());
}

TEST_F(Delivery, does_not_say_when_somebody_who_hides_was_there) {
  const auto seen = [&] { return world_.records.devices().by_device(bob_.device)->last_seen; };
  world_.advance(std::chrono::minutes(1));
  const WallTime hidden_since = world_.moment.wall;
  Envelope hide;
  hide.mutable_set_presence()->set_visible(false);
  EXPECT_TRUE(ask(bob_.connection, hide).has_ok());
  EXPECT_EQ(seen(), hidden_since);
  world_.advance(std::chrono::minutes(1));
  core_->on_disconnected(bob_.connection, world_.moment);
  world_.run(*core_);
  EXPECT_EQ(seen(), hidden_since);
}

TEST_F(Delivery, shows_new_acquaintances_at_once_whether_the_other_is_there) {
  const auto told = [&](const Person& of) {
    std::vector<std::pair<std::string, bool>> seen;
    for (const Envelope& one : pushes(of.connection)) {
      if (one.has_presence()) seen.emplace_back(one.presence().user(), one.presence().online());
    }
    return seen;
  };
  using Told = std::vector<std::pair<std::string, bool>>;
  const auto id_of = [](const Person& person) { return to_string(person.user.bytes()); };
  const Person eve = join("eve");
  Envelope open;
  open.mutable_open_direct()->set_peer(id_of(eve));
  EXPECT_TRUE(ask(alice_.connection, open).has_open_direct_reply());
  EXPECT_EQ(told(alice_), (Told{{id_of(eve), true}}));
  EXPECT_EQ(told(eve), (Told{{id_of(alice_), true}}));
  EXPECT_TRUE(told(bob_).empty());
  EXPECT_TRUE(ask(alice_.connection, open).has_open_direct_reply());
  EXPECT_TRUE(told(alice_).empty()) << "opened again: they know each other";
  EXPECT_TRUE(told(eve).empty());

  // Who hides stays hidden.
  Envelope hide;
  hide.mutable_set_presence()->set_visible(false);
  EXPECT_TRUE(ask(bob_.connection, hide).has_ok());
  (void)pushes(alice_.connection);
  open.mutable_open_direct()->set_peer(id_of(bob_));
  EXPECT_TRUE(ask(eve.connection, open).has_open_direct_reply());
  EXPECT_TRUE(told(eve).empty());
  EXPECT_EQ(told(bob_), (Told{{id_of(eve), true}}));
}

TEST_F(Delivery, limits_how_many_names_an_account_looks_up) {
  Envelope find;
  find.mutable_find_user()->set_username("nobody");
  int limited = 0;
  for (int i = 0; i < 40; ++i)
    limited += ask(alice_.connection, find).error().code() == "rate_limited" ? 1 : 0;
  EXPECT_EQ(limited, 10);
  core_->on_disconnected(alice_.connection, world_.moment);
  alice_.connection = come_online(alice_);
  EXPECT_EQ(ask(alice_.connection, find).error().code(), "rate_limited") << "connecting again helps nobody";
  Envelope get;
  get.mutable_get_user()->set_user(to_string(bob_.user.bytes()));
  EXPECT_TRUE(ask(alice_.connection, get).has_user_reply());
}

TEST_F(Delivery, closes_on_what_is_no_request) {
  const auto breaks = [&](Bytes bytes) {
    const ConnectionId id = come_online(alice_);
    core_->on_bytes(id, bytes, world_.moment);
    expect_goodbye(id, "protocol");
    core_->on_bytes(id, bytes, world_.moment);  // the socket may still hold some
    core_->on_disconnected(id, world_.moment);
  };
  breaks({0xff, 0xff, 0xff, 0xff});        // a frame of 4 GiB
  breaks({0, 0x10, 0, 1});                 // one byte over 1 MiB
  breaks({0, 0, 0, 0});                    // empty
  breaks({0, 0, 0, 3, 0xff, 0xff, 0xff});  // not protobuf
  breaks({0, 0, 0, 2, 0x08, 0x01});        // no body
  Envelope no_id;
  no_id.mutable_ping();
  breaks(*proto::to_frame(no_id));
  Envelope reply;
  reply.set_id(1);
  reply.mutable_ok();
  breaks(*proto::to_frame(reply));
  Envelope push;
  push.set_id(1);
  push.mutable_entry();
  breaks(*proto::to_frame(push));
}

TEST_F(Delivery, does_nothing_with_a_frame_that_is_cut_at_any_byte) {
  const Bytes frame = [&] {
    Envelope one = append_request(talk_, "whole");
    one.set_id(1);
    return *proto::to_frame(one);
  }();
  for (std::size_t cut = 0; cut < frame.size(); ++cut) {
    const ConnectionId id = come_online(alice_);
    core_->on_bytes(id, ByteView(frame).first(cut), world_.moment);
    core_->on_disconnected(id, world_.moment);
    world_.run(*core_);
  }
  EXPECT_TRUE(fetched(bob_).empty());
}

TEST_F(Delivery, says_goodbye_to_everyone_and_writes_what_was_put_off) {
  EXPECT_TRUE(ask(alice_.connection, append_request(talk_, "x")).has_append_reply());
  EXPECT_TRUE(ask(bob_.connection, ack_request(talk_, 1)).has_ok());
  const ConnectionId waiting = guest();
  core_->shut_down(world_.moment);
  world_.run(*core_);
  for (const ConnectionId id : {alice_.connection, bob_.connection, waiting}) expect_goodbye(id, "restart");
  EXPECT_EQ(core_->counts().connections, 0U);
  const auto mine = world_.records.conversations().of_user(bob_.user, bob_.device);
  EXPECT_EQ(mine->front().acked_seq, 1U);
}

TEST_F(Delivery, survives_every_answer_of_the_store_coming_after_the_connection_has_gone) {
  for (auto set :
       {+[](Envelope& e) { e.mutable_list_conversations(); }, +[](Envelope& e) { e.mutable_logout(); },
        +[](Envelope& e) { e.mutable_find_user()->set_username("bob"); },
        +[](Envelope& e) { e.mutable_get_user()->set_user(std::string(16, 'x')); },
        +[](Envelope& e) { e.mutable_open_direct()->set_peer(std::string(16, 'x')); }}) {
    Person carol = join("carol" + std::to_string(next_connection_));
    world_.hold_store = true;
    start_request(carol.connection, simple(set));
    start_request(carol.connection, append_request(talk_, "x"));
    start_request(carol.connection, fetch_request(talk_));
    core_->on_disconnected(carol.connection, world_.moment);
    (void)world_.take(carol.connection);
    world_.hold_store = false;
    world_.run(*core_);
    EXPECT_TRUE(world_.take(carol.connection).empty());
  }
}

}  // namespace
}  // namespace sotto::server
