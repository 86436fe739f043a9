// What every server store has to do: run against the SQLite back end and the fake in memory.
#include "sotto/store/server_store.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "sotto/base/random.hpp"
#include "sotto/store/store_task.hpp"
#include "sotto/store_sqlite/server_store.hpp"
#include "support/fake_server_store.hpp"
#include "support/temp_dir.hpp"

namespace sotto::store {
namespace {

enum class Kind { sqlite, fake };

class ServerStoreContract : public testing::TestWithParam<Kind> {
 protected:
  // One task of a batch of its own.
  template <class F>
  auto write(F f) {
    EXPECT_TRUE(store_->begin(Access::write));
    EXPECT_TRUE(store_->begin_part());
    auto result = f();
    if (result) {
      EXPECT_TRUE(store_->end_part());
    } else {
      store_->undo_part();
    }
    EXPECT_TRUE(store_->commit());
    return result;
  }
  void SetUp() override {
    if (GetParam() == Kind::fake) {
      store_ = std::make_unique<test::FakeServerStore>();
    } else {
      Result<std::unique_ptr<ServerStore>> opened = open_sqlite_server_store(dir_.file("sotto.db"));
      ASSERT_TRUE(opened) << opened.error().message;
      store_ = *std::move(opened);
    }
    alice_ = account("alice");
    bob_ = account("bob");
    carol_ = account("carol");
    phone_ = device(alice_);
    laptop_ = device(bob_);
    const auto opened = write([&] {
      return store_->conversations().open_direct(alice_, bob_, random_.id<ConversationId>(), now_);
    });
    ASSERT_TRUE(opened);
    talk_ = opened->conversation;
  }

  UserId account(const std::string& name) {
    const Account fresh{random_.id<UserId>(),
                        name,
                        name + "!",
                        "phc",
                        name == "alice",
                        Identity{Bytes(32, 1), Bytes{2}},
                        now_};
    EXPECT_TRUE(write([&] { return store_->accounts().add(fresh); }));
    return fresh.user;
  }
  DeviceId device(UserId user) {
    const Device fresh{random_.id<DeviceId>(), user, "name", Bytes{1}, Bytes(32, 2),
                       Bytes(64, 3),           now_, now_,   false};
    EXPECT_TRUE(write([&] { return store_->devices().add(fresh); }));
    return fresh.device;
  }
  Result<Appended> append(DeviceId from, MessageId message, std::string_view text = "text") {
    return write([&] { return store_->log().append(talk_, from, message, text, now_); });
  }
  std::vector<std::uint64_t> seqs(std::uint64_t after = 0) {
    std::vector<std::uint64_t> out;
    const Result<LogPage> page = store_->log().fetch(talk_, after, 1000, 1 << 20);
    for (const LogEntry& entry : page->entries) out.push_back(entry.seq);
    return out;
  }

  test::TempDir dir_;
  SeededRandom random_{7};
  WallTime now_{1'700'000'000'000};
  std::unique_ptr<ServerStore> store_;
  UserId alice_, bob_, carol_;
  DeviceId phone_, laptop_;
  ConversationId talk_;
};
using Seqs = std::vector<std::uint64_t>;

INSTANTIATE_TEST_SUITE_P(, ServerStoreContract, testing::Values(Kind::sqlite, Kind::fake),
                         [](const auto& kind) { return kind.param == Kind::sqlite ? "sqlite" : "fake"; });

TEST_P(ServerStoreContract, finds_an_account_by_name_and_by_id) {
  const Result<Account> by_name = store_->accounts().by_username("alice");
  ASSERT_TRUE(by_name);
  EXPECT_EQ(by_name->user, alice_);
  EXPECT_EQ(by_name->display_name, "alice!");
  EXPECT_TRUE(by_name->administrator);
  EXPECT_EQ(*by_name, *store_->accounts().by_user(alice_));
  EXPECT_EQ(store_->accounts().by_username("nobody").error().code, ErrorCode::not_found);
  EXPECT_EQ(store_->accounts().by_user(UserId{}).error().code, ErrorCode::not_found);
  EXPECT_EQ(*store_->accounts().count(), 3U);
}

TEST_P(ServerStoreContract, refuses_a_name_twice_and_keeps_the_first) {
  Account twin = *store_->accounts().by_user(alice_);
  twin.user = random_.id<UserId>();
  const Status added = write([&] { return store_->accounts().add(twin); });
  EXPECT_EQ(added.error().code, ErrorCode::conflict);
  EXPECT_EQ(added.error().message, kNameTaken);
  EXPECT_EQ(store_->accounts().by_username("alice")->user, alice_);
}

TEST_P(ServerStoreContract, changes_password_and_identity) {
  EXPECT_TRUE(write([&] { return store_->accounts().set_password_hash(alice_, "other"); }));
  const Identity fresh{Bytes(32, 9), Bytes{8}};
  EXPECT_TRUE(write([&] { return store_->accounts().set_identity(alice_, fresh, now_); }));
  EXPECT_EQ(store_->accounts().by_user(alice_)->password_hash, "other");
  EXPECT_EQ(store_->accounts().by_user(alice_)->identity, fresh);
  EXPECT_EQ(store_->accounts().by_user(bob_)->identity.key, Bytes(32, 1));
  EXPECT_FALSE(write([&] { return store_->accounts().set_password_hash(UserId{}, "x"); }));
}

TEST_P(ServerStoreContract, keeps_devices_until_they_are_revoked) {
  EXPECT_EQ(store_->devices().of_user(alice_)->size(), 1U);
  EXPECT_TRUE(write([&] { return store_->devices().set_last_seen(phone_, WallTime{5}); }));
  EXPECT_TRUE(write([&] { return store_->devices().set_certificate(phone_, Bytes{4, 4}); }));
  EXPECT_EQ(store_->devices().by_device(phone_)->last_seen, WallTime{5});
  EXPECT_EQ(store_->devices().by_device(phone_)->certificate, (Bytes{4, 4}));
  EXPECT_TRUE(write([&] { return store_->devices().revoke(phone_, now_); }));
  EXPECT_TRUE(store_->devices().of_user(alice_)->empty());
  EXPECT_TRUE(store_->devices().by_device(phone_)->revoked);
  Device again = *store_->devices().by_device(phone_);
  EXPECT_EQ(write([&] { return store_->devices().add(again); }).error().code, ErrorCode::conflict);
  EXPECT_EQ(store_->devices().by_device(DeviceId{}).error().code, ErrorCode::not_found);
}

TEST_P(ServerStoreContract, lets_an_invite_be_used_as_often_as_it_says_and_no_longer_than_it_lasts) {
  const Bytes hash(32, 5);
  EXPECT_TRUE(write([&] { return store_->invites().add(Invite{hash, 2, WallTime{now_.ms + 10}}, now_); }));
  EXPECT_TRUE(store_->invites().check(hash, now_));
  EXPECT_EQ(store_->invites().check(hash, WallTime{now_.ms + 10}).error().message, kInviteExpired);
  EXPECT_TRUE(write([&] { return store_->invites().use(hash, now_); }));
  EXPECT_TRUE(write([&] { return store_->invites().use(hash, now_); }));
  const Status third = write([&] { return store_->invites().use(hash, now_); });
  EXPECT_EQ(third.error(), fail(ErrorCode::denied, std::string(kInviteUsed)));
  EXPECT_EQ(store_->invites().check(Bytes(32, 6), now_).error().message, kInviteUnknown);
}

TEST_P(ServerStoreContract, opens_one_conversation_for_two_people_whoever_asks) {
  const auto again = write(
      [&] { return store_->conversations().open_direct(bob_, alice_, random_.id<ConversationId>(), now_); });
  EXPECT_EQ(again->conversation, talk_);
  EXPECT_EQ(again->members.size(), 2U);
  const auto other = write([&] {
    return store_->conversations().open_direct(alice_, carol_, random_.id<ConversationId>(), now_);
  });
  EXPECT_NE(other->conversation, talk_);
  EXPECT_EQ(store_->conversations().of_user(alice_, phone_)->size(), 2U);
  EXPECT_EQ(*store_->conversations().contacts(carol_), std::vector<UserId>{alice_});
  EXPECT_EQ(store_->conversations().contacts(alice_)->size(), 2U);
  const auto open = [&](UserId a, UserId b) {
    return write(
        [&] { return store_->conversations().open_direct(a, b, random_.id<ConversationId>(), now_); });
  };
  EXPECT_EQ(open(alice_, alice_).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(open(alice_, UserId{}).error().code, ErrorCode::not_found);
}

TEST_P(ServerStoreContract, numbers_entries_from_one_and_gives_a_repeated_one_its_first_place) {
  const MessageId first = random_.id<MessageId>();
  EXPECT_EQ(append(phone_, first)->seq, 1U);
  now_.ms += 1000;
  EXPECT_EQ(append(laptop_, first)->seq, 2U);  // another device's message of the same id is another message
  const Result<Appended> again = append(phone_, first, "changed");
  EXPECT_EQ(again->seq, 1U);
  EXPECT_TRUE(again->repeated);
  EXPECT_EQ(again->time.ms, now_.ms - 1000);
  EXPECT_EQ(seqs(), (Seqs{1, 2}));
  const LogEntry entry = store_->log().fetch(talk_, 0, 1, 1000)->entries[0];
  EXPECT_EQ(entry.payload, "text");
  EXPECT_EQ(entry.sender_user, alice_);
  EXPECT_EQ(entry.sender_device, phone_);
  EXPECT_EQ(store_->conversations().get(talk_)->last_seq, 2U);
  EXPECT_FALSE(write([&] { return store_->log().append(ConversationId{}, phone_, first, "x", now_); }));
}

TEST_P(ServerStoreContract, fetches_in_pages_bounded_by_count_and_bytes) {
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(append(phone_, random_.id<MessageId>(), std::string(100, 'x')));
  const Result<LogPage> three = store_->log().fetch(talk_, 2, 3, 10'000);
  EXPECT_EQ(three->entries.size(), 3U);
  EXPECT_EQ(three->entries.front().seq, 3U);
  EXPECT_TRUE(three->more);
  EXPECT_EQ(store_->log().fetch(talk_, 0, 100, 250)->entries.size(), 2U);
  EXPECT_EQ(store_->log().fetch(talk_, 0, 100, 1)->entries.size(), 1U);  // the first always comes
  const Result<LogPage> rest = store_->log().fetch(talk_, 5, 5, 10'000);
  EXPECT_EQ(rest->entries.size(), 5U);
  EXPECT_FALSE(rest->more);
  EXPECT_TRUE(store_->log().fetch(talk_, ~0ULL, 5, 10'000)->entries.empty());
}

TEST_P(ServerStoreContract, drops_content_that_every_device_has_but_still_knows_the_message) {
  const MessageId first = random_.id<MessageId>();
  EXPECT_TRUE(append(phone_, first));
  EXPECT_TRUE(append(phone_, random_.id<MessageId>()));
  const auto ack = [&](DeviceId device, std::uint64_t seq) {
    EXPECT_TRUE(write([&] { return store_->log().ack(talk_, device, seq); }));
    EXPECT_TRUE(write([&] { return store_->log().prune(talk_); }));
  };
  ack(laptop_, 2);
  EXPECT_EQ(seqs(), (Seqs{1, 2}));  // the sender's own device has not said so yet
  ack(phone_, 1);
  EXPECT_EQ(seqs(), (Seqs{2}));
  EXPECT_EQ(append(phone_, first)->seq, 1U);
  ack(phone_, 0);  // never backwards
  EXPECT_EQ(store_->conversations().of_user(alice_, phone_)->front().acked_seq, 1U);
  ack(phone_, 99);  // never beyond the last
  EXPECT_EQ(store_->conversations().of_user(alice_, phone_)->front().acked_seq, 2U);

  now_.ms += 1;
  while (*write([&] { return store_->log().forget(now_); })) {
  }
  EXPECT_EQ(append(phone_, first)->seq, 3U);  // long ago: now it is a new one
}

TEST_P(ServerStoreContract, does_not_wait_for_revoked_devices_nor_offer_old_entries_to_new_ones) {
  EXPECT_TRUE(append(phone_, random_.id<MessageId>()));
  EXPECT_TRUE(write([&] { return store_->devices().revoke(laptop_, now_); }));
  const DeviceId tablet = device(bob_);
  EXPECT_EQ(store_->conversations().of_user(bob_, tablet)->front().acked_seq, 1U);
  EXPECT_TRUE(write([&] { return store_->log().ack(talk_, phone_, 1); }));
  EXPECT_TRUE(write([&] { return store_->log().prune(talk_); }));
  EXPECT_TRUE(seqs().empty());
}

TEST_P(ServerStoreContract, keeps_a_blob_until_every_recipient_released_it) {
  const Blob blob{random_.id<BlobId>(), talk_, alice_, 0, false, now_};
  EXPECT_TRUE(write([&] { return store_->blobs().add(blob); }));
  EXPECT_EQ(write([&] { return store_->blobs().add(blob); }).error().code, ErrorCode::conflict);
  EXPECT_EQ(*store_->blobs().get(blob.blob), blob);
  EXPECT_TRUE(write([&] { return store_->blobs().set_size(blob.blob, 77, true); }));
  EXPECT_EQ(*store_->blobs().bytes_of(alice_), 77U);
  EXPECT_EQ(*store_->blobs().bytes_of(bob_), 0U);
  EXPECT_FALSE(*write([&] { return store_->blobs().release(blob.blob, alice_); }));
  EXPECT_TRUE(*write([&] { return store_->blobs().release(blob.blob, bob_); }));
  EXPECT_TRUE(write([&] { return store_->blobs().remove(blob.blob); }));
  EXPECT_EQ(store_->blobs().get(blob.blob).error().code, ErrorCode::not_found);
  EXPECT_EQ(write([&] { return store_->blobs().remove(blob.blob); }).error().code, ErrorCode::not_found);
}

TEST_P(ServerStoreContract, gives_up_an_unfinished_blob_when_its_uploader_does) {
  const Blob blob{random_.id<BlobId>(), talk_, alice_, 0, false, now_};
  EXPECT_TRUE(write([&] { return store_->blobs().add(blob); }));
  EXPECT_FALSE(*write([&] { return store_->blobs().release(blob.blob, bob_); }));
  EXPECT_TRUE(*write([&] { return store_->blobs().release(blob.blob, alice_); }));
  EXPECT_EQ(store_->blobs().older_than(WallTime{now_.ms + 1}, 10)->size(), 1U);
  EXPECT_TRUE(store_->blobs().older_than(now_, 10)->empty());
}

TEST_P(ServerStoreContract, undoes_a_failed_part_alone_and_a_transaction_as_a_whole) {
  ASSERT_TRUE(store_->begin(Access::write));
  ASSERT_TRUE(store_->begin_part());
  EXPECT_TRUE(store_->log().append(talk_, phone_, random_.id<MessageId>(), "gone", now_));
  store_->undo_part();
  ASSERT_TRUE(store_->begin_part());
  EXPECT_EQ(store_->log().append(talk_, phone_, random_.id<MessageId>(), "stays", now_)->seq, 1U);
  ASSERT_TRUE(store_->end_part());
  ASSERT_TRUE(store_->commit());
  EXPECT_EQ(store_->log().fetch(talk_, 0, 10, 1000)->entries.at(0).payload, "stays");

  ASSERT_TRUE(store_->begin(Access::write));
  EXPECT_TRUE(store_->log().append(talk_, phone_, random_.id<MessageId>(), "gone", now_));
  store_->rollback();
  EXPECT_EQ(seqs(), (Seqs{1}));
}

TEST_P(ServerStoreContract, runs_a_batch_in_which_failures_stay_alone) {
  std::vector<std::string> order;
  const auto appending = [&](DeviceId from, const std::string& name) {
    return make_task<Appended>(
        Access::write,
        [=, this](ServerStore& store) {
          return store.log().append(talk_, from, random_.id<MessageId>(), "x", now_);
        },
        [&order, name](Result<Appended> done) {
          order.push_back(name + (done ? " " + std::to_string(done->seq) : " failed"));
        });
  };
  std::vector<StoreTask> tasks{appending(phone_, "a"), appending(DeviceId{}, "b"), appending(laptop_, "c")};
  tasks.push_back(make_task<Conversation>(
      Access::read, [this](ServerStore& store) { return store.conversations().get(talk_); },
      [&](Result<Conversation> got) { order.push_back("read " + std::to_string(got->last_seq)); }));
  std::vector<StoreTask*> batch;
  for (StoreTask& task : tasks) batch.push_back(&task);
  run_batch(*store_, batch);
  for (StoreTask& task : tasks) task.done();
  EXPECT_EQ(order, (std::vector<std::string>{"a 1", "b failed", "c 2", "read 2"}));
}

}  // namespace
}  // namespace sotto::store
