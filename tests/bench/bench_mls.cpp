// What MLS costs in groups of 2 to 1000: CPU time (median), bytes on the wire, bytes written to keep the
// state, beside what one signature, one verification and one X25519 agreement cost in the same run. "On two
// threads" is the time on the clock, with a second thread for what can be spread.
//
// "Sparse": straight after adding everybody, when the tree has hardly a parent node. "Warm": when every node
// that the committer encrypts to has a key.
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "sotto/crypto/random.hpp"
#include "sotto/mls/group.hpp"

namespace {

using namespace sotto;
using namespace sotto::mls;

constexpr CipherSuite kSuite = CipherSuite::x25519_aes128gcm_sha256_ed25519;

double cpu_us() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return 1e6 * static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e3;
}

double clock_us() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return 1e6 * static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e3;
}

class TwoThreads final : public Parallel {
 public:
  void run(std::size_t count, const std::function<void(std::size_t)>& work) const override {
    std::atomic<std::size_t> next = 0;
    const auto some = [&] {
      constexpr std::size_t kChunk = 16;
      for (std::size_t from = 0; (from = next.fetch_add(kChunk)) < count;) {
        for (std::size_t i = from; i < std::min(count, from + kChunk); ++i) work(i);
      }
    };
    std::thread other(some);
    some();
    other.join();
  }
};

double median_us(int runs, const std::function<void()>& operation, double (*now)() = cpu_us) {
  std::vector<double> times;
  for (int i = 0; i < runs; ++i) {
    const double start = now();
    operation();
    times.push_back(now() - start);
  }
  std::ranges::nth_element(times, times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2));
  return times[times.size() / 2];
}

template <class T>
T must(Outcome<T> outcome, const char* what) {
  if (!outcome) {
    std::fprintf(stderr, "%s: %s\n", what, outcome.refusal().error.message.c_str());
    std::exit(1);
  }
  return *std::move(outcome);
}

ClientIdentity identity_of(int number) {
  return {Credential::basic(as_bytes("member " + std::to_string(number))),
          crypto::SigningKey::generate(crypto::SignatureAlgorithm::ed25519, crypto::system_random()),
          default_capabilities(),
          {}};
}

void print(const std::string& name, int members, double value, const char* unit) {
  std::printf("{\"bench\": \"mls/%s\", \"members\": %d, \"%s\": %.1f}\n", name.c_str(), members, unit, value);
  std::fflush(stdout);
}

void measure_group(int size) {
  const BasicCredentialPolicy policy;
  const Environment env{crypto::system_random(), policy, nullptr, 1'000'000};
  const TwoThreads threads;
  Environment threaded = env;
  threaded.parallel = &threads;
  std::vector<OwnKeyPackage> packages;
  for (int i = 1; i < size; ++i) {
    packages.push_back(
        *make_key_package(kSuite, identity_of(i), {0, UINT64_MAX}, {}, crypto::system_random()));
  }
  Group founder = must(Group::create(kSuite, as_bytes("bench"), identity_of(0), {}, {}, env), "create");

  CommitOptions add_all;
  for (const OwnKeyPackage& own : packages) add_all.by_value.push_back(Proposal{Add{own.package}});
  std::optional<MadeCommit> made;
  print("create and add", size,
        median_us(size >= 1000 ? 3 : 9,
                  [&] {
                    founder.discard_pending_commit();
                    made = must(founder.commit(add_all, env), "add");
                  }),
        "cpu_us");
  print("create and add on two threads", size,
        median_us(
            3,
            [&] {
              founder.discard_pending_commit();
              made = must(founder.commit(add_all, threaded), "add");
            },
            clock_us),
        "clock_us");
  print("add commit size", size, static_cast<double>(made->commit.encode().size()), "bytes");
  print("welcome size", size, static_cast<double>(made->welcome->encode().size()), "bytes");
  must(founder.merge_pending_commit(), "merge");

  const Bytes welcome_bytes = made->welcome->encode();
  print("join", size,
        median_us(size >= 1000 ? 3 : 9,
                  [&] {
                    const auto welcome = MlsMessage::decode(welcome_bytes);
                    (void)must(Group::join(*welcome->get<Welcome>(), packages.back(), nullptr, {}, env),
                               "join");
                  }),
        "cpu_us");

  print("join on two threads", size,
        median_us(
            3,
            [&] {
              const auto welcome = MlsMessage::decode(welcome_bytes);
              (void)must(Group::join(*welcome->get<Welcome>(), packages.back(), nullptr, {}, threaded),
                         "join");
            },
            clock_us),
        "clock_us");

  // Who takes part: the committer measured, a receiver, and one member in every subtree off the committer's
  // path. Once each of those has committed, every node that the committer encrypts to has a key of its own,
  // as in a tree where everybody has; the other members change nothing in what is measured.
  const auto last = static_cast<std::uint32_t>(size - 1);
  std::vector<std::uint32_t> leaves{last, 0};
  for (std::uint32_t bit = 1; bit < 2 * last; bit *= 2) {
    const std::uint32_t leaf = last ^ bit;
    if (leaf < last && leaf != 0) leaves.push_back(leaf);
  }
  std::vector<Group> members;
  for (const std::uint32_t leaf : leaves) {
    if (leaf == 0) {
      members.push_back(std::move(founder));
    } else {
      members.push_back(
          must(Group::join(*made->welcome->get<Welcome>(), packages[leaf - 1], nullptr, {}, env), "join"));
    }
  }

  // Taken as a program would: the whole state once, then what each operation changed.
  const auto written = [&](Group& group, const std::string& what) {
    print("written " + what, size, static_cast<double>(group.take_changes().bytes()), "bytes");
  };
  written(members[0], "for the whole state");
  const StateRecords records = members[0].state_records();
  print("restore", size,
        median_us(3,
                  [&] {
                    if (!Group::restore(records, {})) std::exit(1);
                  }),
        "cpu_us");
  (void)members[1].take_changes();

  // Everybody merges one commit of `committer`; measured on one receiver.
  const auto commit_by = [&](std::size_t committer, const char* label, bool measured) {
    for (Group& member : members) (void)member.take_changes();
    CommitOptions options;
    options.force_path = true;
    std::optional<MadeCommit> commit;
    const double commit_us = median_us(measured ? 9 : 1, [&] {
      members[committer].discard_pending_commit();
      commit = must(members[committer].commit(options, env), "commit");
    });
    const Bytes bytes = commit->commit.encode();
    if (measured) {
      print(std::string("commit ") + label, size, commit_us, "cpu_us");
      print(std::string("commit ") + label + " size", size, static_cast<double>(bytes.size()), "bytes");
      const std::size_t receiver = committer == 0 ? 1 : 0;
      std::vector<Group> copies;  // receiving spends a message key, so each run has a group of its own
      for (int i = 0; i < 9; ++i) copies.push_back(members[receiver].copy());
      auto copy = copies.begin();
      print(std::string("process ") + label, size,
            median_us(9,
                      [&] {
                        const auto message = MlsMessage::decode(bytes);
                        (void)must((copy++)->receive(*message, env), "process");
                      }),
            "cpu_us");
    }
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i == committer) {
        if (measured) written(members[i], std::string("for a commit ") + label);
        must(members[i].merge_pending_commit(), "merge own");
        if (measured) written(members[i], std::string("for merging it ") + label);
      } else {
        auto received = must(members[i].receive(commit->commit, env), "receive");
        must(members[i].merge(std::move(*received.get<StagedCommit>())), "merge");
        if (measured && i == (committer == 0 ? 1U : 0U)) {
          double take_us = cpu_us();
          written(members[i], std::string("for processing a commit ") + label);
          take_us = cpu_us() - take_us;
          print(std::string("changes of processing ") + label, size, take_us, "cpu_us");
        }
      }
    }
  };
  commit_by(0, "sparse", true);
  for (std::size_t i = 1; i < members.size(); ++i) commit_by(i, "", false);
  commit_by(0, "warm", true);

  const Bytes text(1024, 'x');
  std::vector<Bytes> sent;
  for (const char* which : {"first", "next"}) {
    const MlsMessage message = must(members[0].protect(text, {}, env), "protect");
    written(members[0], std::string("for the ") + which + " message sent");
    (void)must(members[1].receive(message, env), "receive");
    written(members[1], std::string("for the ") + which + " message received");
  }
  print("protect 1 KiB", size,
        median_us(200, [&] { sent.push_back(must(members[0].protect(text, {}, env), "protect").encode()); }),
        "cpu_us");
  print("protected 1 KiB size", size, static_cast<double>(sent.front().size()), "bytes");
  std::size_t next = 0;
  print("unprotect 1 KiB", size,
        median_us(200,
                  [&] {
                    const auto message = MlsMessage::decode(sent[next++]);
                    (void)must(members[1].receive(*message, env), "unprotect");
                  }),
        "cpu_us");
}

void measure_primitives() {
  Random& random = crypto::system_random();
  const auto key = crypto::SigningKey::generate(crypto::SignatureAlgorithm::ed25519, random);
  const Bytes text(1024, 'x');
  Bytes signature;
  print("ed25519 sign 1 KiB", 0, median_us(200, [&] { signature = key.sign(text); }), "cpu_us");
  print("ed25519 verify 1 KiB", 0,
        median_us(200,
                  [&] {
                    (void)crypto::verify(crypto::SignatureAlgorithm::ed25519, key.public_key(), text,
                                         signature);
                  }),
        "cpu_us");
  const auto a = crypto::DhPrivateKey::generate(crypto::DhGroup::x25519, random);
  const auto b = crypto::DhPrivateKey::generate(crypto::DhGroup::x25519, random);
  print("x25519 agree", 0, median_us(200, [&] { (void)a.agree(b.public_key()); }), "cpu_us");
}

}  // namespace

int main(int argc, char** argv) {
  measure_primitives();
  std::vector<int> sizes;
  for (int i = 1; i < argc; ++i) sizes.push_back(std::atoi(argv[i]));
  if (sizes.empty()) sizes = {2, 10, 100, 1000};
  std::ranges::sort(sizes);  // so that each peak is that of its size
  for (const int size : sizes) {
    measure_group(size);
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    print("peak memory, the measured members in one process", size, static_cast<double>(usage.ru_maxrss),
          "kib");
  }
}
