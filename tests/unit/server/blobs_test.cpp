// Sealed files on the server: upload, resume, fetch, release, quota, a bad disk.
#include "server_world.hpp"

namespace sotto::server {
namespace {

class BlobTransfer : public ServerWorld {
 protected:
  void SetUp() override {
    start();
    alice_ = join("alice");
    bob_ = join("bob");
    talk_ = open(alice_, bob_);
  }
  Envelope put_request(std::uint64_t offset, std::string data) {
    Envelope envelope;
    envelope.mutable_put_blob()->set_blob(to_string(blob_.bytes()));
    envelope.mutable_put_blob()->set_conversation(talk_);
    envelope.mutable_put_blob()->set_offset(offset);
    envelope.mutable_put_blob()->set_data(std::move(data));
    return envelope;
  }
  Envelope put(const Person& by, std::uint64_t offset, std::string data) {
    return ask(by.connection, put_request(offset, std::move(data)));
  }
  Envelope finish(const Person& by, std::uint64_t size) {
    Envelope envelope;
    envelope.mutable_finish_blob()->set_blob(to_string(blob_.bytes()));
    envelope.mutable_finish_blob()->set_size(size);
    return ask(by.connection, envelope);
  }
  Envelope status(const Person& by) {
    Envelope envelope;
    envelope.mutable_blob_status()->set_blob(to_string(blob_.bytes()));
    return ask(by.connection, envelope);
  }
  Envelope get_request(std::uint64_t offset, std::uint32_t length) {
    Envelope envelope;
    envelope.mutable_get_blob()->set_blob(to_string(blob_.bytes()));
    envelope.mutable_get_blob()->set_offset(offset);
    envelope.mutable_get_blob()->set_length(length);
    return envelope;
  }
  Envelope get(const Person& by, std::uint64_t offset, std::uint32_t length) {
    return ask(by.connection, get_request(offset, length));
  }
  Envelope release(const Person& by) {
    Envelope envelope;
    envelope.mutable_release_blob()->set_blob(to_string(blob_.bytes()));
    return ask(by.connection, envelope);
  }
  // What was not asked with ask(), in the order in which it was answered.
  std::vector<Envelope> answers(const Person& to) {
    std::vector<Envelope> all = pushes(to.connection);
    std::erase_if(all, [](const Envelope& one) { return one.id() == 0; });
    return all;
  }
  // The server is started anew on the same store and files.
  void restart() {
    Config again = config();
    core_ = std::make_unique<Core>(std::move(again), world_, random_, world_.moment);
    alice_.connection = come_online(alice_);
    bob_.connection = come_online(bob_);
  }
  Person alice_{person("x")}, bob_{person("x")};
  std::string talk_;
  BlobId blob_ = random_.id<BlobId>();
};

TEST_F(BlobTransfer, goes_up_front_to_back_and_down_in_any_pieces) {
  EXPECT_EQ(put(alice_, 0, "hello ").blob_status_reply().size(), 6U);
  EXPECT_EQ(put(alice_, 6, "world").blob_status_reply().size(), 11U);
  EXPECT_EQ(get(bob_, 0, 5).error().code(), "conflict") << "not complete";
  EXPECT_FALSE(status(bob_).blob_status_reply().complete());
  EXPECT_TRUE(finish(alice_, 11).blob_status_reply().complete());
  EXPECT_TRUE(status(bob_).blob_status_reply().complete());
  EXPECT_EQ(get(bob_, 0, 5).get_blob_reply().data(), "hello");
  const Envelope tail = get(bob_, 6, 1'000'000);
  EXPECT_EQ(tail.get_blob_reply().data(), "world");
  EXPECT_EQ(tail.get_blob_reply().size(), 11U);
  EXPECT_EQ(get(bob_, 11, 5).get_blob_reply().data(), "");
  EXPECT_EQ(get(bob_, ~0ULL, 5).get_blob_reply().data(), "");
  EXPECT_TRUE(finish(alice_, 11).blob_status_reply().complete()) << "a repeated request gets the same answer";
  EXPECT_EQ(put(alice_, 11, "more").error().code(), "conflict");
}

TEST_F(BlobTransfer, takes_pieces_that_come_before_the_file_is_open) {
  std::vector<std::uint64_t> requests;
  for (std::uint64_t i = 0; i < 10; ++i) {
    requests.push_back(start_request(alice_.connection, put_request(i * 4, "abcd")));
  }
  world_.run(*core_);
  const std::vector<Envelope> replies = world_.take(alice_.connection);
  ASSERT_EQ(replies.size(), 10U);
  for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(replies[i].blob_status_reply().size(), (i + 1) * 4);
  EXPECT_TRUE(finish(alice_, 40).blob_status_reply().complete());
}

TEST_F(BlobTransfer, sends_pieces_of_files_behind_messages) {
  EXPECT_TRUE(put(alice_, 0, "data").has_blob_status_reply());
  EXPECT_TRUE(finish(alice_, 4).has_blob_status_reply());
  start_request(bob_.connection, get_request(0, 4));
  world_.run(*core_);
  EXPECT_EQ(world_.lines[bob_.connection].bulk.size(), 1U);
}

TEST_F(BlobTransfer, refuses_pieces_at_the_wrong_place_and_says_where_to_go_on) {
  EXPECT_EQ(put(alice_, 5, "x").error().code(), "conflict");
  EXPECT_EQ(put(alice_, 0, "12345").blob_status_reply().size(), 5U);
  EXPECT_EQ(put(alice_, 0, "12345").error().code(), "conflict");
  EXPECT_EQ(put(alice_, 6, "x").error().message(), "The file goes on at byte 5.");
  EXPECT_EQ(finish(alice_, 6).error().code(), "conflict");
  EXPECT_EQ(status(alice_).blob_status_reply().size(), 5U);
  EXPECT_TRUE(finish(alice_, 5).blob_status_reply().complete());
}

// Who goes on after a pause asks while pieces sent before it are still being written.
TEST_F(BlobTransfer, says_its_length_when_the_pieces_under_way_are_written) {
  const auto length_behind = [&](const std::vector<Envelope>& requests) {
    std::vector<std::uint64_t> ids;
    for (const Envelope& request : requests) ids.push_back(start_request(alice_.connection, request));
    Envelope ask_status;
    ask_status.mutable_blob_status()->set_blob(to_string(blob_.bytes()));
    ids.push_back(start_request(alice_.connection, ask_status));
    world_.run(*core_);
    proto::BlobStatusReply length;
    for (const Envelope& reply : world_.take(alice_.connection)) {
      if (reply.id() == ids.back()) length = reply.blob_status_reply();
    }
    return length;
  };
  EXPECT_EQ(length_behind({put_request(0, "abcd"), put_request(4, "efgh")}).size(), 8U) << "being opened";
  EXPECT_EQ(length_behind({put_request(8, "ij"), put_request(10, "kl")}).size(), 12U) << "being written";
  Envelope whole;
  whole.mutable_finish_blob()->set_blob(to_string(blob_.bytes()));
  whole.mutable_finish_blob()->set_size(12);
  EXPECT_TRUE(length_behind({whole}).complete()) << "being finished";
}

TEST_F(BlobTransfer, belongs_to_its_uploader_and_its_conversation) {
  const Person eve = join("eve");
  EXPECT_EQ(put(eve, 0, "x").error().code(), "not_found") << "not eve's conversation";
  EXPECT_TRUE(put(alice_, 0, "secret").has_blob_status_reply());
  EXPECT_EQ(put(bob_, 6, "x").error().code(), "not_found");
  EXPECT_EQ(finish(bob_, 6).error().code(), "not_found");
  EXPECT_EQ(get(eve, 0, 6).error().code(), "not_found") << "nor that it is not complete yet";
  EXPECT_TRUE(finish(alice_, 6).has_blob_status_reply());
  EXPECT_EQ(get(eve, 0, 6).error().code(), "not_found");
  EXPECT_EQ(status(eve).error().code(), "not_found");
  EXPECT_EQ(release(eve).error().code(), "not_found");
  EXPECT_EQ(get(bob_, 0, 6).get_blob_reply().data(), "secret");
}

TEST_F(BlobTransfer, goes_on_after_a_restart_from_what_was_synced) {
  const std::string piece(100'000, 'p');
  start(Registration::invite);
  Config big = config();
  big.blob_quota_bytes = 0;
  core_ = std::make_unique<Core>(std::move(big), world_, random_, world_.moment);
  alice_.connection = come_online(alice_);
  std::uint64_t at = 0;
  while (at < kBlobSyncBytes + 500'000) {
    ASSERT_EQ(put(alice_, at, piece).blob_status_reply().size(), at + piece.size());
    at += piece.size();
  }
  const std::uint64_t synced = world_.records.blobs().get(blob_)->size;
  EXPECT_GE(synced, kBlobSyncBytes);
  EXPECT_LT(synced, at);
  Config again = config();
  again.blob_quota_bytes = 0;
  core_ = std::make_unique<Core>(std::move(again), world_, random_, world_.moment);
  alice_.connection = come_online(alice_);
  EXPECT_EQ(status(alice_).blob_status_reply().size(), synced);
  EXPECT_EQ(put(alice_, at, "x").error().code(), "conflict");
  EXPECT_EQ(put(alice_, synced, "x").blob_status_reply().size(), synced + 1);
  EXPECT_EQ(world_.files[blob_].size(), synced + 1);
  EXPECT_TRUE(finish(alice_, synced + 1).blob_status_reply().complete());
}

TEST_F(BlobTransfer, can_be_finished_after_a_restart_without_another_piece) {
  EXPECT_TRUE(put(alice_, 0, "12345").has_blob_status_reply());
  restart();
  EXPECT_EQ(finish(alice_, 5).error().code(), "conflict") << "nothing was synced";
  EXPECT_EQ(status(alice_).blob_status_reply().size(), 0U);
  EXPECT_TRUE(put(alice_, 0, "12345").has_blob_status_reply());
  EXPECT_TRUE(finish(alice_, 5).blob_status_reply().complete());
  restart();
  EXPECT_TRUE(finish(alice_, 5).blob_status_reply().complete());
  EXPECT_EQ(finish(alice_, 6).error().code(), "conflict");
}

TEST_F(BlobTransfer, is_deleted_when_every_recipient_has_it) {
  EXPECT_TRUE(put(alice_, 0, "data").has_blob_status_reply());
  EXPECT_TRUE(finish(alice_, 4).has_blob_status_reply());
  EXPECT_TRUE(release(alice_).has_ok());
  EXPECT_EQ(world_.files.size(), 1U);
  EXPECT_TRUE(release(bob_).has_ok());
  EXPECT_TRUE(world_.files.empty());
  EXPECT_EQ(get(bob_, 0, 4).error().code(), "not_found");
  EXPECT_EQ(release(bob_).error().code(), "not_found");
}

TEST_F(BlobTransfer, is_deleted_when_its_uploader_gives_up_or_after_thirty_days) {
  EXPECT_TRUE(put(alice_, 0, "data").has_blob_status_reply());
  EXPECT_TRUE(release(alice_).has_ok());
  EXPECT_TRUE(world_.files.empty());
  EXPECT_EQ(put(alice_, 4, "more").error().code(), "conflict") << "it starts anew";

  blob_ = random_.id<BlobId>();
  EXPECT_TRUE(put(alice_, 0, "data").has_blob_status_reply());
  EXPECT_TRUE(finish(alice_, 4).has_blob_status_reply());
  world_.advance(std::chrono::hours(31 * 24));
  core_->on_deadline(world_.moment);
  world_.run(*core_);
  EXPECT_TRUE(world_.files.empty());
  EXPECT_EQ(status(bob_).error().code(), "not_found");
}

TEST_F(BlobTransfer, stays_within_the_quota_of_the_account) {
  const std::string piece(100'000, 'x');
  std::uint64_t at = 0;
  Envelope reply;
  while ((reply = put(alice_, at, piece)).has_blob_status_reply()) at += piece.size();
  EXPECT_EQ(reply.error().code(), "too_large");
  EXPECT_EQ(at, 1'000'000U);
  EXPECT_TRUE(finish(alice_, at).has_blob_status_reply());
  const BlobId first = std::exchange(blob_, random_.id<BlobId>());
  EXPECT_EQ(put(alice_, 0, piece).error().code(), "too_large");
  blob_ = random_.id<BlobId>();
  EXPECT_TRUE(put(bob_, 0, piece).has_blob_status_reply()) << "everyone has their own";
  blob_ = first;
  EXPECT_TRUE(release(bob_).has_ok());
  blob_ = random_.id<BlobId>();
  EXPECT_TRUE(put(alice_, 0, piece).has_blob_status_reply());
}

TEST_F(BlobTransfer, tells_of_a_full_disk_and_goes_on_when_there_is_room) {
  EXPECT_TRUE(put(alice_, 0, "1234").has_blob_status_reply());
  world_.blobs_full = true;
  const Envelope refused = put(alice_, 4, "5678");
  EXPECT_EQ(refused.error().code(), "storage");
  EXPECT_EQ(refused.error().message(), "The server's disk is full.");
  world_.blobs_full = false;
  const std::uint64_t at = status(alice_).blob_status_reply().size();
  EXPECT_EQ(put(alice_, at, "1234").blob_status_reply().size(), at + 4);
}

TEST_F(BlobTransfer, fails_every_piece_behind_a_failed_one_and_recovers) {
  EXPECT_TRUE(put(alice_, 0, "1234").has_blob_status_reply());
  world_.hold_blobs = true;
  std::vector<std::uint64_t> requests;
  for (std::uint64_t i = 1; i < 4; ++i)
    requests.push_back(start_request(alice_.connection, put_request(i * 4, "abcd")));
  world_.blobs_full = true;
  world_.hold_blobs = false;
  world_.run(*core_);
  world_.blobs_full = false;
  for (const Envelope& one : world_.take(alice_.connection)) EXPECT_EQ(one.error().code(), "storage");
  EXPECT_EQ(put(alice_, 0, "1234").blob_status_reply().size(), 4U) << "from what was synced: nothing";
  EXPECT_TRUE(finish(alice_, 4).blob_status_reply().complete());
}

TEST_F(BlobTransfer, refuses_malformed_and_oversized_requests) {
  EXPECT_EQ(put(alice_, 0, "").error().code(), "invalid_argument");
  EXPECT_EQ(put(alice_, 0, std::string(proto::kBlobChunkBytes + 1, 'x')).error().code(), "too_large");
  Envelope bad = put_request(0, "x");
  bad.mutable_put_blob()->set_blob("short");
  EXPECT_EQ(ask(alice_.connection, bad).error().code(), "invalid_argument");
  EXPECT_EQ(finish(alice_, 0).error().code(), "not_found");
  EXPECT_EQ(get(alice_, 0, 1).error().code(), "not_found");
  EXPECT_EQ(put(alice_, 0, "ok").blob_status_reply().size(), 2U);
}

TEST_F(BlobTransfer, bounds_the_pieces_read_for_one_connection_and_what_waits_for_its_network) {
  EXPECT_TRUE(put(alice_, 0, "data").has_blob_status_reply());
  EXPECT_TRUE(finish(alice_, 4).has_blob_status_reply());
  EXPECT_TRUE(get(bob_, 0, 4).has_get_blob_reply());
  world_.hold_blobs = true;
  for (std::uint32_t i = 0; i < kMaxReadsInFlight + 3; ++i) start_request(bob_.connection, get_request(0, 4));
  world_.run(*core_);
  EXPECT_EQ(world_.take(bob_.connection).size(), 3U) << "refused at once";
  world_.hold_blobs = false;
  world_.run(*core_);
  EXPECT_EQ(world_.take(bob_.connection).size(), kMaxReadsInFlight);
  world_.lines[bob_.connection].queued.bulk = kMaxQueuedBulk + 1;
  EXPECT_EQ(get(bob_, 0, 4).error().code(), "rate_limited");
}

TEST_F(BlobTransfer, survives_connections_that_end_in_the_middle) {
  world_.hold_blobs = true;
  start_request(alice_.connection, put_request(0, "abcd"));
  start_request(alice_.connection, put_request(4, "efgh"));
  world_.run(*core_);
  core_->on_disconnected(alice_.connection, world_.moment);
  world_.hold_blobs = false;
  world_.run(*core_);
  alice_.connection = come_online(alice_);
  EXPECT_EQ(status(alice_).blob_status_reply().size(), 8U);
  EXPECT_TRUE(finish(alice_, 8).blob_status_reply().complete());
}

TEST_F(BlobTransfer, answers_pieces_that_wait_when_their_file_is_released) {
  EXPECT_TRUE(put(alice_, 0, "1234").has_blob_status_reply());
  restart();
  world_.hold_blobs = true;
  const std::uint64_t piece = start_request(alice_.connection, put_request(0, "abcd"));
  world_.run(*core_);
  EXPECT_TRUE(release(alice_).has_ok());
  world_.hold_blobs = false;
  std::vector<Envelope> replies = answers(alice_);
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(replies[0].id(), piece);
  EXPECT_EQ(replies[0].error().code(), "not_found");
  EXPECT_EQ(put(alice_, 0, "anew").blob_status_reply().size(), 4U);
  EXPECT_TRUE(finish(alice_, 4).blob_status_reply().complete());
  EXPECT_EQ(get(bob_, 0, 4).get_blob_reply().data(), "anew");
}

TEST_F(BlobTransfer, takes_a_file_anew_right_behind_its_release) {
  EXPECT_TRUE(put(alice_, 0, "1234").has_blob_status_reply());
  restart();
  Envelope give_up;
  give_up.mutable_release_blob()->set_blob(to_string(blob_.bytes()));
  const std::uint64_t released = start_request(alice_.connection, give_up);
  const std::uint64_t piece = start_request(alice_.connection, put_request(0, "anew"));
  const std::vector<Envelope> replies = answers(alice_);
  ASSERT_EQ(replies.size(), 2U);
  EXPECT_EQ(replies[0].id(), released);
  EXPECT_EQ(replies[1].id(), piece);
  EXPECT_EQ(replies[1].blob_status_reply().size(), 4U);
  EXPECT_TRUE(finish(alice_, 4).blob_status_reply().complete());
}

TEST_F(BlobTransfer, tells_pieces_of_a_released_file_from_those_of_the_next_one) {
  EXPECT_TRUE(put(alice_, 0, "1234").has_blob_status_reply());
  world_.hold_blobs = true;
  const std::uint64_t late = start_request(alice_.connection, put_request(4, "late"));
  EXPECT_TRUE(release(alice_).has_ok());
  const std::uint64_t early = start_request(alice_.connection, put_request(0, "xy"));
  world_.run(*core_);
  world_.hold_blobs = false;
  world_.run(*core_);
  const std::vector<Envelope> replies = answers(alice_);
  ASSERT_EQ(replies.size(), 2U);
  EXPECT_EQ(replies[0].id(), late);
  EXPECT_EQ(replies[0].error().code(), "not_found");
  EXPECT_EQ(replies[1].id(), early);
  EXPECT_EQ(replies[1].blob_status_reply().size(), 2U);
  world_.blobs_full = true;
  EXPECT_EQ(put(alice_, 2, "z").error().code(), "storage");
  world_.blobs_full = false;
  EXPECT_EQ(put(alice_, 0, "xyz").blob_status_reply().size(), 3U) << "it starts over";
}

TEST_F(BlobTransfer, starts_over_when_the_disk_could_not_keep_what_it_had_taken) {
  EXPECT_TRUE(put(alice_, 0, "12345").has_blob_status_reply());
  world_.syncs_fail = true;
  EXPECT_EQ(finish(alice_, 5).error().code(), "storage");
  world_.syncs_fail = false;
  // A second try would succeed although the first lost what it was given.
  EXPECT_EQ(finish(alice_, 5).error().code(), "conflict");
  EXPECT_EQ(status(alice_).blob_status_reply().size(), 0U);
  EXPECT_TRUE(put(alice_, 0, "12345").has_blob_status_reply());
  EXPECT_TRUE(finish(alice_, 5).blob_status_reply().complete());
}

TEST_F(BlobTransfer, says_that_a_file_goes_on_when_its_end_overtook_a_failing_piece) {
  EXPECT_TRUE(put(alice_, 0, "1234").has_blob_status_reply());
  world_.hold_blobs = true;
  start_request(alice_.connection, put_request(4, "5678"));
  Envelope end;
  end.mutable_finish_blob()->set_blob(to_string(blob_.bytes()));
  end.mutable_finish_blob()->set_size(8);
  const std::uint64_t request = start_request(alice_.connection, end);
  world_.blobs_full = true;
  world_.hold_blobs = false;
  world_.run(*core_);
  world_.blobs_full = false;
  EXPECT_EQ(answer(alice_.connection, request).error().code(), "conflict");
  EXPECT_EQ(put(alice_, 0, "1234").blob_status_reply().size(), 4U);
}

TEST_F(BlobTransfer, counts_what_has_to_be_sent_again_once) {
  const std::string most(proto::kBlobChunkBytes, 'x');
  for (int round = 0; round < 2; ++round) {
    std::uint64_t at = 0;
    for (; at < 5 * most.size(); at += most.size()) {
      ASSERT_EQ(put(alice_, at, most).error().message(), "") << "round " << round;
    }
    world_.blobs_full = true;
    EXPECT_EQ(put(alice_, at, "x").error().code(), "storage");
    world_.blobs_full = false;
  }
}

TEST_F(BlobTransfer, counts_what_lies_on_the_disk_although_nobody_continues_it) {
  const std::string piece(100'000, 'x');
  for (std::uint64_t at = 0; at < 1'000'000; at += piece.size()) {
    ASSERT_TRUE(put(alice_, at, piece).has_blob_status_reply());
  }
  for (int i = 0; i < 2; ++i) {
    world_.advance(kHousekeeping);
    core_->on_deadline(world_.moment);
    world_.run(*core_);
  }
  EXPECT_EQ(status(alice_).blob_status_reply().size(), 1'000'000U) << "it goes on from there";
  blob_ = random_.id<BlobId>();
  EXPECT_EQ(put(alice_, 0, piece).error().code(), "too_large");
}

TEST_F(BlobTransfer, bounds_the_files_that_one_account_sends_at_once) {
  const BlobId first = blob_;
  for (std::size_t i = 0; i < kMaxUploads; ++i) {
    EXPECT_TRUE(put(alice_, 0, "x").has_blob_status_reply());
    blob_ = random_.id<BlobId>();
  }
  EXPECT_EQ(put(alice_, 0, "x").error().code(), "rate_limited");
  EXPECT_TRUE(put(bob_, 0, "x").has_blob_status_reply()) << "everyone has their own";
  blob_ = first;
  EXPECT_TRUE(finish(alice_, 1).has_blob_status_reply());
  blob_ = random_.id<BlobId>();
  EXPECT_TRUE(put(alice_, 0, "x").has_blob_status_reply());
}

}  // namespace
}  // namespace sotto::server
