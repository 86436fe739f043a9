// Resident memory of sottod per idle, logged-in connection: 5,000 accounts, each with one connection.
// Registration happens before the first look, on a server that is then started anew, so that only the
// connections differ.
#include "bench_support.hpp"
#include "crowd.hpp"

int main(int argc, char** argv) {
  using namespace sotto;
  using namespace sotto::bench;
  raise_descriptor_limit();
  const Arguments arguments(argc, argv);
  const int count = arguments.number("connections", 5000);
  Report report("bench_server_memory");
  test::ServerProcess server(arguments.text("sottod", "sottod"));
  net::Loop loop;
  proto::InviteLink link = server.invite(count);
  std::vector<Member> members = enrol(loop, link, count);
  server.restart();
  link.port = server.port();

  // One comes and goes first, so that what every server sets up once is not counted.
  std::vector<Member> first;
  first.push_back(std::move(members.back()));
  members.pop_back();
  log_in(loop, link, first);
  const double before = resident_kib(server.pid());
  const TimePoint start = loop.now();
  log_in(loop, link, members);
  const double seconds = std::chrono::duration<double>(loop.now() - start).count();
  // Each connection has been used once more before it is idle.
  std::size_t answered = 0;
  for (Member& member : members) {
    proto::Envelope ping;
    ping.mutable_ping();
    member.client->request(ping, net::Priority::urgent, [&](Result<proto::Envelope> reply) {
      if (!reply) die(reply.error().message);
      ++answered;
    });
  }
  run_until(
      loop, [&] { return answered == members.size(); }, "pings");
  // Idle: nothing but waiting, for longer than the server takes to tidy up.
  const TimePoint idle_until = loop.now() + std::chrono::seconds(15);
  while (loop.now() < idle_until) loop.run_once(std::chrono::milliseconds(100));
  const double after = resident_kib(server.pid());

  report.add("connections", static_cast<double>(members.size()), "connections");
  report.add("resident_per_connection", (after - before) * 1.024 / static_cast<double>(members.size()), "kB");
  report.add("resident_before", before * 1.024 / 1000, "MB");
  report.add("logins_per_second", static_cast<double>(members.size()) / seconds, "1/s");
  report.print();
  for (Member& member : members) member.client->on_closed_by_server = nullptr;
  first.front().client->on_closed_by_server = nullptr;
  return 0;
}
