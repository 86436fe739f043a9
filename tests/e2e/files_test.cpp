// Files between real programs: whole, resumed after a crash, and what stops them.
#include <openssl/evp.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <random>

#include "harness/pair.hpp"

namespace sotto::e2e {
namespace {

namespace fs = std::filesystem;
constexpr std::chrono::milliseconds kLong{120000};
constexpr std::size_t kMega = 1000 * 1000;

void write_random(const std::string& path, std::size_t size, unsigned seed) {
  std::mt19937_64 random(seed);
  std::ofstream file(path, std::ios::binary);
  std::vector<std::uint64_t> block(128 * 1024 / 8);
  for (std::size_t written = 0; written < size; written += block.size() * 8) {
    for (auto& word : block) word = random();
    file.write(reinterpret_cast<const char*>(block.data()),
               static_cast<std::streamsize>(std::min(block.size() * 8, size - written)));
  }
}

std::string sha256(const std::string& path) {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_DigestInit_ex(context, EVP_sha256(), nullptr);
  std::ifstream file(path, std::ios::binary);
  std::vector<char> block(1 << 20);
  while (file.read(block.data(), static_cast<std::streamsize>(block.size())) || file.gcount() > 0) {
    EVP_DigestUpdate(context, block.data(), static_cast<std::size_t>(file.gcount()));
  }
  std::string digest(32, '\0');
  EVP_DigestFinal_ex(context, reinterpret_cast<unsigned char*>(digest.data()), nullptr);
  EVP_MD_CTX_free(context);
  return digest;
}

struct Files : PairTest {
  Json send(const std::string& path) {
    return alice.expect("files.send", {{"conversation", conversation}, {"path", path}});
  }
  static RpcClient::Test state_of(const Json& transfer, const std::string& state) {
    return [transfer, state](const Json& p) {
      return p["transfer"] == transfer && (p["state"] == state || p["state"] == "failed");
    };
  }
  // Until the transfer is done; where the file is.
  std::string finish(RpcClient& client, const Json& transfer, std::chrono::milliseconds patience = kLong) {
    const Json end = client.wait("transfer.progress", state_of(transfer, "done"), patience);
    if (!end.is_object()) return "";
    EXPECT_EQ(end["state"], "done") << end;
    EXPECT_EQ(end["bytes"], end["total"]);
    return end["path"];
  }
  Json incoming_file() {
    const Json params = bob.wait(
        "message.added", [](const Json& p) { return p["message"]["kind"] == "file"; }, kLong);
    return params.is_object() ? params["message"] : Json{};
  }
};

TEST_F(Files, of_a_hundred_megabytes_arrive_unchanged) {
  const std::string path = alice.file("holiday.bin");
  write_random(path, 100 * kMega, 1);
  const auto begun = Clock::now();
  const Json sent = send(path);
  finish(alice, sent["transfer"]);
  const auto uploaded = Clock::now();
  const Json message = incoming_file();
  EXPECT_EQ(message["file"]["name"], "holiday.bin");
  EXPECT_EQ(message["file"]["size"], 100 * kMega);
  const auto asked = Clock::now();
  const Json fetched = bob.expect("files.fetch", {{"message", message["id"]}});
  const std::string saved = finish(bob, fetched["transfer"]);
  const auto done = Clock::now();
  EXPECT_EQ(saved, bob.downloads() + "/holiday.bin");
  EXPECT_EQ(sha256(saved), sha256(path));
  const auto rate = [](Clock::duration time) { return 100 / std::chrono::duration<double>(time).count(); };
  std::cout << "upload " << rate(uploaded - begun) << " MB/s, download " << rate(done - asked) << " MB/s\n";
  // Nothing half-finished is left beside it.
  EXPECT_EQ(std::distance(fs::directory_iterator(bob.downloads()), fs::directory_iterator()), 1);
}

TEST_F(Files, messages_do_not_wait_behind_a_file) {
  const std::string path = alice.file("big.bin");
  write_random(path, 60 * kMega, 2);
  const Json sent = send(path);
  alice.wait("transfer.progress",
             [&](const Json& p) { return p["transfer"] == sent["transfer"] && p["bytes"] > 0; });
  std::vector<double> times;
  for (int i = 0; i < 20; ++i) {
    const auto begun = Clock::now();
    alice.send_text(conversation, "message " + std::to_string(i));
    bob.wait_message("message " + std::to_string(i));
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begun).count());
  }
  finish(alice, sent["transfer"]);
  std::ranges::sort(times);
  std::cout << "message beside an upload: median " << times[10] << " ms, worst " << times.back() << " ms\n";
  EXPECT_LT(times[10], 500);
}

TEST_F(Files, uploads_go_on_where_they_were_when_the_server_was_killed) {
  const std::string path = alice.file("movie.bin");
  write_random(path, 100 * kMega, 3);
  const Json sent = send(path);
  alice.wait(
      "transfer.progress",
      [&](const Json& p) {
        return p["transfer"] == sent["transfer"] && p["bytes"].get<std::size_t>() > 40 * kMega;
      },
      kLong);
  server.kill_hard();
  alice.wait("connection.state", [](const Json& p) { return p["state"] == "offline"; });
  alice.forget();
  server.start();
  alice.expect("account.reconnect");
  const Json resumed = alice.wait(
      "transfer.progress",
      [&](const Json& p) { return p["transfer"] == sent["transfer"] && p["state"] == "active"; }, kLong);
  EXPECT_GT(resumed["bytes"].get<std::size_t>(), 20 * kMega) << "it began anew";
  finish(alice, sent["transfer"]);
  bob.expect("account.reconnect");
  const Json message = incoming_file();
  const Json fetched = bob.expect("files.fetch", {{"message", message["id"]}});
  EXPECT_EQ(sha256(finish(bob, fetched["transfer"])), sha256(path));
}

TEST_F(Files, downloads_go_on_when_server_or_client_were_killed) {
  const std::string path = alice.file("movie.bin");
  write_random(path, 100 * kMega, 4);
  finish(alice, send(path)["transfer"]);
  const Json message = incoming_file();
  const Json fetched = bob.expect("files.fetch", {{"message", message["id"]}});
  const auto beyond = [&](std::size_t bytes) {
    return [&, bytes](const Json& p) {
      return p["transfer"] == fetched["transfer"] && p["bytes"].get<std::size_t>() > bytes;
    };
  };
  bob.wait("transfer.progress", beyond(20 * kMega), kLong);
  server.kill_hard();
  server.start();
  bob.expect("account.reconnect");
  bob.wait("transfer.progress", beyond(50 * kMega), kLong);
  EXPECT_TRUE(!fs::exists(bob.downloads() + "/movie.bin")) << "the final name before it is complete";
  bob.kill_hard();
  bob.start();
  EXPECT_EQ(sha256(finish(bob, fetched["transfer"])), sha256(path));
}

TEST_F(Files, are_paused_resumed_and_cancelled) {
  const std::string path = alice.file("movie.bin");
  write_random(path, 60 * kMega, 5);
  const Json first = send(path);
  alice.wait("transfer.progress",
             [&](const Json& p) { return p["transfer"] == first["transfer"] && p["bytes"] > 0; });
  EXPECT_EQ(alice.expect("files.pause", {{"transfer", first["transfer"]}})["state"], "paused");
  alice.send_text(conversation, "paused");
  bob.wait_message("paused");
  alice.expect("files.resume", {{"transfer", first["transfer"]}});
  finish(alice, first["transfer"]);
  incoming_file();

  const Json second = send(path);
  EXPECT_EQ(alice.expect("files.cancel", {{"transfer", second["transfer"]}})["state"], "cancelled");
  alice.send_text(conversation, "cancelled");
  bob.wait_message("cancelled");
  EXPECT_FALSE(bob.seen("message.added", [](const Json& p) { return p["message"]["kind"] == "file"; }));
}

TEST_F(Files, empty_and_oddly_named_ones_arrive_without_leading_elsewhere) {
  for (const std::string name : {"empty", "ünïcode 🙂.txt", ".hidden", "-rf", "a b\tc.txt"}) {
    const std::string path = alice.file(name);
    std::ofstream(path) << (name == "empty" ? "" : "content");
    const Json sent = send(path);
    const Json message = incoming_file();
    const Json fetched = bob.expect("files.fetch", {{"message", message["id"]}});
    const std::string saved = finish(bob, fetched["transfer"]);
    EXPECT_EQ(fs::path(saved).parent_path(), bob.downloads()) << saved;
    EXPECT_EQ(read_file(saved), read_file(path)) << name;
  }
}

TEST_F(Files, never_replace_what_is_there) {
  fs::create_directories(bob.downloads());
  std::ofstream(bob.downloads() + "/notes.txt") << "mine";
  const std::string path = alice.file("notes.txt");
  std::ofstream(path) << "theirs";
  send(path);
  const Json fetched = bob.expect("files.fetch", {{"message", incoming_file()["id"]}});
  const std::string saved = finish(bob, fetched["transfer"]);
  EXPECT_NE(saved, bob.downloads() + "/notes.txt");
  EXPECT_EQ(read_file(bob.downloads() + "/notes.txt"), "mine");
  EXPECT_EQ(read_file(saved), "theirs");
}

TEST_F(Files, are_fetched_by_somebody_who_was_offline) {
  bob.stop();
  const std::string path = alice.file("letter.txt");
  std::ofstream(path) << "Dear Bob";
  finish(alice, send(path)["transfer"]);
  bob.start();
  const Json fetched =
      bob.expect("files.fetch", {{"message", incoming_file()["id"]}, {"path", bob.file("read.txt")}});
  EXPECT_EQ(finish(bob, fetched["transfer"]), bob.file("read.txt"));
  EXPECT_EQ(read_file(bob.file("read.txt")), "Dear Bob");
}

}  // namespace
}  // namespace sotto::e2e
