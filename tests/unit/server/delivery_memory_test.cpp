// More conversations than delivery remembers the members of. By way of requests it would take too long to
// have so many, so this drives the part alone.
#include "delivery.hpp"
#include "server_world.hpp"

namespace sotto::server {
namespace {

class ManyConversations : public ServerWorld {};

TEST_F(ManyConversations, push_a_message_although_its_conversation_was_forgotten_meanwhile) {
  const Person alice = join("alice");
  const Person bob = join("bob");
  const Person carol = join("carol");
  const Bytes with_bob = to_bytes(open(alice, bob));
  const Bytes with_carol = to_bytes(open(alice, carol));
  (void)pushes(bob.connection);

  Hub hub(config(), world_, random_, world_.moment);
  Directory directory(hub);
  Delivery delivery(hub, directory, /*remembered=*/1);
  hub.on_room = [](Connection&) {};
  hub.before_ask = [&] { delivery.submit_appends(); };
  const auto online = [&](const Person& person) -> Connection& {
    Connection& one = hub.add(person.connection);
    one.user = person.user;
    one.device = person.device;
    hub.set_online(one);
    return one;
  };
  Connection& from = online(alice);
  online(bob);
  const Bytes message(16, 1);
  delivery.append(from, Request{from.id, 1}, {1, with_bob, message, as_bytes("hi")});
  delivery.append(from, Request{from.id, 2}, {2, with_carol, message, as_bytes("hi")});
  world_.run(*core_);
  delivery.submit_appends();
  world_.run(*core_);
  const std::vector<Envelope> got = pushes(bob.connection);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].entry().entry().payload(), "hi");
}

}  // namespace
}  // namespace sotto::server
