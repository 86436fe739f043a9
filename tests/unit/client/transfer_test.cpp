// Files: whole, resumed, refused, tampered with.
#include <gtest/gtest.h>

#include "client/file_crypto.hpp"
#include "sotto/crypto/hash.hpp"
#include "support/client_world/world.hpp"

namespace sotto::testing {
namespace {

using namespace std::chrono_literals;
using client::Client;
using client::Commands;
using client::Done;
using client::MessageKind;
using client::MessageState;
using client::TransferState;
using client::TransferView;

struct Files : ::testing::Test {
  explicit Files(std::uint64_t seed = 77) : world(seed), alice(world.add("alice")), bob(world.add("bob")) {
    world.sign_up(alice);
    world.sign_up(bob);
    conversation = world.open_direct(alice, bob);
  }
  Result<Commands::SentFile> send(const std::string& path) {
    return world.ask<Commands::SentFile>(alice, [&](Client& c, Done<Commands::SentFile> done) {
      c.files_send(conversation, path, "", std::move(done));
    });
  }
  std::optional<client::MessageView> file_at(Person& person) {
    for (const auto& message : person.history(conversation)) {
      if (message.kind == MessageKind::file) return message;
    }
    return std::nullopt;
  }
  Result<TransferView> fetch(MessageId message, const std::string& path = "") {
    return world.ask<TransferView>(
        bob, [&](Client& c, Done<TransferView> done) { c.files_fetch(message, path, std::move(done)); });
  }
  TransferView last_progress(Person& person) { return person.last<client::TransferProgress>()->transfer; }
  Result<TransferView> command(Person& person, void (Client::*what)(TransferId, Done<TransferView>),
                               TransferId id) {
    return world.ask<TransferView>(
        person, [&](Client& c, Done<TransferView> done) { (c.*what)(id, std::move(done)); });
  }

  World world;
  Person& alice;
  Person& bob;
  ConversationId conversation;
};

TEST_F(Files, arrive_whole_under_their_name) {
  const Bytes data = world.random.bytes(3'000'000);
  alice.files.put("/home/alice/holiday.jpg", data);
  const auto sent = send("/home/alice/holiday.jpg");
  ASSERT_TRUE(sent) << sent.error().message;
  EXPECT_EQ(sent->message.state, MessageState::sending);
  ASSERT_TRUE(world.run_until([&] { return file_at(bob).has_value(); }));
  const auto received = *file_at(bob);
  EXPECT_EQ(received.file->name, "holiday.jpg");
  EXPECT_EQ(received.file->size, data.size());
  EXPECT_EQ(received.file->type, "image/jpeg");
  ASSERT_TRUE(fetch(received.id));
  ASSERT_TRUE(world.run_until([&] { return bob.files.files.contains("/downloads/holiday.jpg"); }));
  EXPECT_EQ(bob.files.files["/downloads/holiday.jpg"]->data, data);
  EXPECT_EQ(bob.files.files.size(), 1U) << "no temporary file is left";
  EXPECT_EQ(file_at(bob)->local_path, "/downloads/holiday.jpg");
  world.run_for(1s);
  EXPECT_EQ(last_progress(bob).state, TransferState::done);
  EXPECT_EQ(last_progress(bob).bytes, data.size());
  EXPECT_EQ(last_progress(alice).state, TransferState::done);
}

TEST_F(Files, of_every_awkward_size_arrive) {
  const std::size_t chunk = client::kFileChunkBytes;
  int number = 0;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, chunk - 1, chunk, chunk + 1, 2 * chunk}) {
    const Bytes data = world.random.bytes(size);
    const std::string name = "f" + std::to_string(number++);
    alice.files.put("/" + name, data);
    const auto sent = send("/" + name);
    ASSERT_TRUE(sent);
    ASSERT_TRUE(world.run_until([&] { return bob.store->message(sent->message.id).has_value(); })) << size;
    ASSERT_TRUE(fetch(sent->message.id));
    ASSERT_TRUE(world.run_until([&] { return bob.files.files.contains("/downloads/" + name); })) << size;
    EXPECT_EQ(bob.files.files["/downloads/" + name]->data, data) << size;
  }
}

TEST_F(Files, survive_cuts_and_restarts_on_both_sides) {
  SeededRandom chaos(5);
  const Bytes data = world.random.bytes(9'000'000);
  alice.files.put("/big.bin", data);
  world.longest = 60ms;
  ASSERT_TRUE(send("/big.bin"));
  const auto shake = [&](Person& person) {
    world.run_for(std::chrono::milliseconds(20 + chaos.below(150)));
    if (chaos.below(2) == 0) {
      person.cut();
    } else {
      person.restart();
    }
    world.run_for(std::chrono::milliseconds(1500));
  };
  for (int i = 0; i < 8; ++i) shake(alice);
  ASSERT_TRUE(world.run_until([&] { return file_at(bob).has_value(); }));
  ASSERT_TRUE(fetch(file_at(bob)->id));
  for (int i = 0; i < 8; ++i) shake(bob);
  ASSERT_TRUE(world.run_until([&] { return bob.files.files.contains("/downloads/big.bin"); }));
  EXPECT_EQ(bob.files.files["/downloads/big.bin"]->data, data);
  int files = 0;
  for (const auto& message : bob.history(conversation)) files += message.kind == MessageKind::file ? 1 : 0;
  EXPECT_EQ(files, 1);
}

TEST_F(Files, a_server_that_lost_the_end_of_a_blob_gets_it_again) {
  const Bytes data = world.random.bytes(2'000'000);
  alice.files.put("/a.bin", data);
  ASSERT_TRUE(send("/a.bin"));
  ASSERT_TRUE(world.run_until([&] {
    return !world.server.blobs.empty() && world.server.blobs.begin()->second.data.size() > 700'000;
  }));
  // As after a crash without a sync.
  auto& blob = world.server.blobs.begin()->second;
  blob.data.resize(3 * (client::kFileChunkBytes + 16));
  alice.cut();
  ASSERT_TRUE(world.run_until([&] { return file_at(bob).has_value(); }));
  ASSERT_TRUE(fetch(file_at(bob)->id));
  ASSERT_TRUE(world.run_until([&] { return bob.files.files.contains("/downloads/a.bin"); }));
  EXPECT_EQ(bob.files.files["/downloads/a.bin"]->data, data);
}

TEST_F(Files, pause_and_resume_keep_what_was_done) {
  const Bytes data = world.random.bytes(20'000'000);
  alice.files.put("/a.bin", data);
  const auto sent = send("/a.bin");
  ASSERT_TRUE(world.run_until([&] { return last_progress(alice).bytes > 3'000'000; }));
  const auto paused = command(alice, &Client::files_pause, sent->transfer.id);
  ASSERT_TRUE(paused);
  EXPECT_EQ(paused->state, TransferState::paused);
  EXPECT_GE(paused->bytes, 3'000'000u);
  world.run_for(30s);
  const std::size_t stored = world.server.blobs.begin()->second.data.size();
  EXPECT_LT(stored, data.size());
  world.run_for(30s);
  EXPECT_EQ(world.server.blobs.begin()->second.data.size(), stored);
  alice.events.clear();
  alice.restart();
  world.run_for(10s);
  EXPECT_EQ(world.server.blobs.begin()->second.data.size(), stored) << "paused stays paused over a restart";
  EXPECT_EQ(alice.count<client::TransferProgress>(), 1) << "and is shown";
  EXPECT_EQ(last_progress(alice).state, TransferState::paused);
  EXPECT_GE(last_progress(alice).bytes, 3'000'000u);
  ASSERT_TRUE(command(alice, &Client::files_resume, sent->transfer.id));
  ASSERT_TRUE(world.run_until([&] { return file_at(bob).has_value(); }));
  ASSERT_TRUE(fetch(file_at(bob)->id));
  ASSERT_TRUE(world.run_until([&] { return bob.files.files.contains("/downloads/a.bin"); }));
  EXPECT_EQ(bob.files.files["/downloads/a.bin"]->data, data);
}

TEST_F(Files, a_server_that_is_slow_to_write_what_it_has_is_given_time) {
  const Bytes data = world.random.bytes(2'000'000);
  alice.files.put("/a.bin", data);
  const TimePoint until = world.moment().now + 4s;
  world.server.refuse = [&](const proto::Envelope& request) -> std::optional<Error> {
    if (!request.has_put_blob() || request.put_blob().offset() == 0 || world.moment().now > until) return {};
    return fail(ErrorCode::conflict, "The file goes on at another byte.");
  };
  ASSERT_TRUE(send("/a.bin"));
  ASSERT_TRUE(world.run_until([&] { return file_at(bob).has_value(); }));
  ASSERT_TRUE(fetch(file_at(bob)->id));
  ASSERT_TRUE(world.run_until([&] { return bob.files.files.contains("/downloads/a.bin"); }));
  EXPECT_EQ(bob.files.files["/downloads/a.bin"]->data, data);
}

TEST_F(Files, unfinished_ones_are_told_at_the_next_start_before_there_is_a_connection) {
  alice.files.put("/a.bin", world.random.bytes(20'000'000));
  const auto sent = send("/a.bin");
  ASSERT_TRUE(world.run_until([&] { return last_progress(alice).bytes > 12'000'000; }));
  alice.stop();
  alice.channel.reachable = false;
  alice.events.clear();
  alice.start();
  ASSERT_EQ(alice.count<client::TransferProgress>(), 1);
  EXPECT_EQ(last_progress(alice).id, sent->transfer.id);
  EXPECT_EQ(last_progress(alice).state, TransferState::queued);
  EXPECT_GT(last_progress(alice).bytes, 1'000'000u) << "what the server has counts";
  EXPECT_EQ(last_progress(alice).total, 20'000'000u);
  alice.channel.reachable = true;
  ASSERT_TRUE(world.run_until([&] { return last_progress(alice).state == TransferState::active; }));
  ASSERT_TRUE(world.run_until([&] { return file_at(bob).has_value(); }));
  // What is done is over.
  alice.events.clear();
  alice.restart();
  world.run_for(10s);
  EXPECT_EQ(alice.count<client::TransferProgress>(), 0);
}

TEST_F(Files, a_cancelled_download_leaves_nothing) {
  alice.files.put("/a.bin", world.random.bytes(20'000'000));
  ASSERT_TRUE(send("/a.bin"));
  ASSERT_TRUE(world.run_until([&] { return file_at(bob).has_value(); }));
  const auto transfer = fetch(file_at(bob)->id);
  ASSERT_TRUE(world.run_until([&] { return bob.count<client::TransferProgress>() > 3; }));
  const auto cancelled = command(bob, &Client::files_cancel, transfer->id);
  ASSERT_TRUE(cancelled);
  EXPECT_EQ(cancelled->state, TransferState::cancelled);
  world.run_for(20s);
  EXPECT_TRUE(bob.files.files.empty());
}

TEST_F(Files, a_cancelled_one_is_sent_after_all_by_sending_it_again) {
  const Bytes data = world.random.bytes(8'000'000);
  alice.files.put("/a.bin", data);
  const auto sent = send("/a.bin");
  ASSERT_TRUE(sent);
  ASSERT_TRUE(world.run_until([&] { return last_progress(alice).bytes > 1'000'000; }));
  ASSERT_TRUE(command(alice, &Client::files_cancel, sent->transfer.id));
  ASSERT_EQ(file_at(alice)->state, MessageState::failed);
  world.run_for(5s);
  world.server.blobs.clear();  // released
  const auto again = world.ask<client::MessageView>(alice, [&](Client& c, Done<client::MessageView> done) {
    c.messages_retry(sent->message.id, std::move(done));
  });
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->state, MessageState::sending);
  ASSERT_TRUE(world.run_until([&] { return file_at(bob).has_value(); }));
  ASSERT_TRUE(fetch(file_at(bob)->id));
  ASSERT_TRUE(world.run_until([&] { return bob.files.files.contains("/downloads/a.bin"); }));
  EXPECT_EQ(bob.files.files["/downloads/a.bin"]->data, data);
}

TEST_F(Files, a_tampered_chunk_never_becomes_a_file) {
  alice.files.put("/a.bin", world.random.bytes(1'000'000));
  ASSERT_TRUE(send("/a.bin"));
  ASSERT_TRUE(world.run_until([&] { return file_at(bob).has_value(); }));
  auto& data = world.server.blobs.begin()->second.data;
  data[500'000] = static_cast<char>(data[500'000] ^ 1);
  ASSERT_TRUE(fetch(file_at(bob)->id));
  ASSERT_TRUE(world.run_until([&] { return last_progress(bob).state == TransferState::failed; }));
  EXPECT_EQ(last_progress(bob).failure, "The file failed its integrity check and was discarded.");
  EXPECT_TRUE(bob.files.files.empty());
}

TEST_F(Files, a_truncated_or_reordered_blob_never_becomes_a_file) {
  const std::size_t sealed = client::kFileChunkBytes + 16;
  for (const bool reorder : {false, true}) {
    world.server.blobs.clear();
    bob.events.clear();
    alice.files.put("/a.bin", world.random.bytes(4 * client::kFileChunkBytes));
    const auto sent = send("/a.bin");
    ASSERT_TRUE(world.run_until([&] { return bob.store->message(sent->message.id).has_value(); }));
    auto& data = world.server.blobs.begin()->second.data;
    if (reorder) {
      data = data.substr(sealed, sealed) + data.substr(0, sealed) + data.substr(2 * sealed);
    } else {
      data.resize(3 * sealed);
    }
    ASSERT_TRUE(fetch(sent->message.id));
    ASSERT_TRUE(world.run_until([&] {
      return bob.last<client::TransferProgress>() != nullptr &&
             last_progress(bob).state == TransferState::failed;
    }));
    EXPECT_TRUE(bob.files.files.empty());
  }
}

TEST_F(Files, a_full_disk_is_said_and_the_download_goes_on_when_there_is_room) {
  const Bytes data = world.random.bytes(5'000'000);
  alice.files.put("/a.bin", data);
  ASSERT_TRUE(send("/a.bin"));
  ASSERT_TRUE(world.run_until([&] { return file_at(bob).has_value(); }));
  bob.files.disk_bytes_left = 1'000'000;
  const auto transfer = fetch(file_at(bob)->id);
  ASSERT_TRUE(world.run_until([&] { return last_progress(bob).state == TransferState::failed; }));
  EXPECT_EQ(last_progress(bob).failure, "The disk is full.");
  bob.files.disk_bytes_left = ~std::uint64_t{0};
  ASSERT_TRUE(command(bob, &Client::files_resume, transfer->id));
  ASSERT_TRUE(world.run_until([&] { return bob.files.files.contains("/downloads/a.bin"); }));
  EXPECT_EQ(bob.files.files["/downloads/a.bin"]->data, data);
}

TEST_F(Files, a_file_changed_while_sending_is_not_sent) {
  alice.files.put("/a.bin", world.random.bytes(20'000'000));
  const auto sent = send("/a.bin");
  ASSERT_TRUE(world.run_until([&] { return last_progress(alice).bytes > 1'000'000; }));
  alice.files.files["/a.bin"]->modified_ns += 1;
  ASSERT_TRUE(world.run_until([&] { return last_progress(alice).state == TransferState::failed; }));
  EXPECT_EQ(last_progress(alice).failure, "The file was changed while sending. Send it again.");
  EXPECT_EQ(alice.history(conversation).back().state, MessageState::failed);
  world.run_for(10s);
  EXPECT_FALSE(file_at(bob));
}

TEST_F(Files, what_cannot_be_sent_is_said_at_once) {
  const auto missing = send("/nowhere");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
  alice.files.put("/secret", Bytes(10));
  alice.files.unreadable.insert("/secret");
  EXPECT_EQ(send("/secret").error().code, ErrorCode::denied);
  world.server.max_blob_bytes = 1'000'000;
  alice.cut();
  ASSERT_TRUE(world.run_until([&] { return alice.online(); }));
  alice.files.put("/huge", Bytes(1'000'001));
  const auto huge = send("/huge");
  ASSERT_FALSE(huge);
  EXPECT_EQ(huge.error(), fail(ErrorCode::too_large, "This server accepts files up to 1.0 MB."));
  EXPECT_TRUE(alice.history(conversation).empty());
}

TEST_F(Files, two_files_of_one_name_do_not_replace_each_other) {
  for (int i = 0; i < 2; ++i) {
    alice.files.put("/note.txt", world.random.bytes(100));
    const auto sent = send("/note.txt");
    ASSERT_TRUE(world.run_until([&] { return bob.store->message(sent->message.id).has_value(); }));
    ASSERT_TRUE(fetch(sent->message.id));
    world.run_for(5s);
  }
  EXPECT_TRUE(bob.files.files.contains("/downloads/note.txt"));
  EXPECT_TRUE(bob.files.files.contains("/downloads/note (1).txt"));
}

TEST_F(Files, several_at_once_take_turns_and_messages_do_not_wait) {
  for (int i = 0; i < 3; ++i) {
    alice.files.put("/f" + std::to_string(i), world.random.bytes(6'000'000));
    ASSERT_TRUE(send("/f" + std::to_string(i)));
  }
  world.run_for(200ms);
  alice.send(conversation, "meanwhile");
  ASSERT_TRUE(world.run_until([&] { return bob.texts(conversation).size() == 1; }, 2s));
  ASSERT_EQ(world.server.blobs.size(), 3U);
  std::vector<std::size_t> sizes;
  for (const auto& [id, blob] : world.server.blobs) sizes.push_back(blob.data.size());
  const auto [least, most] = std::ranges::minmax(sizes);
  EXPECT_LE(most - least, 3 * (client::kFileChunkBytes + 16));
}

TEST_F(Files, progress_is_told_at_most_ten_times_a_second) {
  alice.files.put("/a.bin", world.random.bytes(40'000'000));
  const TimePoint before = world.moment().now;
  ASSERT_TRUE(send("/a.bin"));
  ASSERT_TRUE(world.run_until([&] { return last_progress(alice).state == TransferState::done; }));
  const double seconds = std::chrono::duration<double>(world.moment().now - before).count();
  EXPECT_LE(alice.count<client::TransferProgress>(), static_cast<int>(seconds * 10) + 4);
  EXPECT_GE(alice.count<client::TransferProgress>(), 3);
}

}  // namespace
}  // namespace sotto::testing
