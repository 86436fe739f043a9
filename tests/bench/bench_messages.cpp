// CPU time of sottod per delivered message: pairs of accounts, one message of 256 bytes in flight a pair.
// The next one is sent when the sender has the reply (the message is durable) and the receiver has the
// message. Both acknowledge every 16th, as clients acknowledge their own messages too. The server's CPU time
// is of the whole process, kernel included. What the kernel's part costs depends on the host and its hour, so
// relays that do nothing but pass the messages on are measured in the same run.
#include <algorithm>

#include "bench_support.hpp"
#include "crowd.hpp"
#include "reference.hpp"
#include "sotto/crypto/random.hpp"

namespace sotto::bench {
namespace {

constexpr std::size_t kPayloadBytes = 256;
constexpr std::uint64_t kAckEvery = 16;

struct Pair {
  test::RawClient* sender = nullptr;
  test::RawClient* receiver = nullptr;
  std::string conversation;
  Bytes payload = Bytes(kPayloadBytes, 'm');
  bool replied = false;
  bool delivered = false;
  bool idle = true;
  TimePoint sent{};
};

class Bench {
 public:
  Bench(net::Loop& loop, std::vector<Member>& members) : loop_(loop), pairs_(members.size() / 2) {
    for (std::size_t i = 0; i < pairs_.size(); ++i) open(pairs_[i], members[2 * i], members[2 * i + 1]);
  }

  // Delivers `count` messages and notes how long each took from request to push.
  void run(std::size_t count) {
    delivered_ = 0;
    latencies_.clear();
    to_send_ = count;
    for (Pair& pair : pairs_) send(pair);
    run_until(
        loop_,
        [&] {
          return delivered_ == count &&
                 std::all_of(pairs_.begin(), pairs_.end(), [](const Pair& p) { return p.idle; });
        },
        "messages");
  }
  double latency_ms(double quantile) {
    std::sort(latencies_.begin(), latencies_.end());
    return latencies_[static_cast<std::size_t>(quantile * static_cast<double>(latencies_.size() - 1))];
  }

 private:
  void open(Pair& pair, Member& from, Member& to) {
    pair.sender = from.client.get();
    pair.receiver = to.client.get();
    proto::Envelope request;
    request.mutable_open_direct()->set_peer(to_string(to.account->user.bytes()));
    auto reply = pair.sender->ask(request);
    if (!reply) die(reply.error().message);
    pair.conversation = reply->open_direct_reply().conversation().conversation();
    pair.receiver->on_push = [this, &pair](const proto::Envelope& push) {
      if (!push.has_entry() || push.entry().entry().conversation() != pair.conversation) return;
      if (push.entry().entry().payload().size() != kPayloadBytes) die("a message of another size");
      if (push.entry().entry().seq() % kAckEvery == 0)
        acknowledge(pair.receiver, pair, push.entry().entry().seq());
      ++delivered_;
      latencies_.push_back(std::chrono::duration<double, std::milli>(loop_.now() - pair.sent).count());
      pair.delivered = true;
      next(pair);
    };
  }

  void send(Pair& pair) {
    if (to_send_ == 0) return;
    --to_send_;
    pair.idle = pair.replied = pair.delivered = false;
    pair.sent = loop_.now();
    proto::Envelope request;
    auto& body = *request.mutable_append();
    body.set_conversation(pair.conversation);
    body.set_message(to_string(crypto::system_random().id<MessageId>().bytes()));
    body.set_payload(to_string(pair.payload));
    pair.sender->request(request, net::Priority::urgent, [this, &pair](Result<proto::Envelope> reply) {
      if (!reply) die(reply.error().message);
      const std::uint64_t seq = reply->append_reply().seq();
      if (seq % kAckEvery == 0) acknowledge(pair.sender, pair, seq);
      pair.replied = true;
      next(pair);
    });
  }
  void next(Pair& pair) {
    if (!pair.replied || !pair.delivered) return;
    pair.idle = true;
    send(pair);
  }
  void acknowledge(test::RawClient* client, const Pair& pair, std::uint64_t seq) {
    proto::Envelope request;
    request.mutable_ack()->set_conversation(pair.conversation);
    request.mutable_ack()->set_seq(seq);
    client->request(request, net::Priority::urgent, [](Result<proto::Envelope> reply) {
      if (!reply) die(reply.error().message);
    });
  }

  net::Loop& loop_;
  std::vector<Pair> pairs_;
  std::size_t to_send_ = 0;
  std::size_t delivered_ = 0;
  std::vector<double> latencies_;
};

}  // namespace
}  // namespace sotto::bench

int main(int argc, char** argv) {
  using namespace sotto;
  using namespace sotto::bench;
  raise_descriptor_limit();
  const Arguments arguments(argc, argv);
  const int pairs = arguments.number("pairs", 100);
  const auto count = static_cast<std::size_t>(arguments.number("messages", 100'000));
  Report report("bench_messages");
  test::ServerProcess server(arguments.text("sottod", "sottod"));
  net::Loop loop;
  const proto::InviteLink link = server.invite(2 * pairs);
  std::vector<Member> members = enrol(loop, link, 2 * pairs);
  log_in(loop, link, members);
  Bench bench(loop, members);
  bench.run(count / 10);  // warm

  const double cpu_before = cpu_seconds(server.pid());
  const TimePoint start = loop.now();
  bench.run(count);
  const double seconds = std::chrono::duration<double>(loop.now() - start).count();
  const double cpu = cpu_seconds(server.pid()) - cpu_before;

  report.add("pairs", pairs, "pairs");
  report.add("messages", static_cast<double>(count), "messages");
  report.add("cpu_per_million", cpu * 1e6 / static_cast<double>(count), "s");
  for (const auto& [transport, figure] : {std::pair(RelayOver::tcp, "tcp_relay_cpu_per_million"),
                                          std::pair(RelayOver::tls, "tls_relay_cpu_per_million")}) {
    report.add(figure, relay_cpu_per_million(transport, pairs, count), "s");
  }
  report.add("messages_per_second", static_cast<double>(count) / seconds, "1/s");
  report.add("server_cpu_share", cpu / seconds, "cores");
  report.add("delivery_median", bench.latency_ms(0.5), "ms");
  report.add("delivery_99", bench.latency_ms(0.99), "ms");
  report.print();
  for (Member& member : members) member.client->on_closed_by_server = nullptr;
  return 0;
}
