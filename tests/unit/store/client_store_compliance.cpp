// What every ClientStore must do, whatever keeps it.
#include <gtest/gtest.h>

#include <filesystem>

#include "sotto/base/random.hpp"
#include "sotto/store_sqlite/client_store.hpp"
#include "support/temp_dir.hpp"

namespace sotto::store {
namespace {

struct ClientStoreCompliance : ::testing::Test {
  ClientStoreCompliance() : store(open_sqlite_client_store(":memory:").value()) {}

  MessageRecord message(std::uint64_t position, bool unread = false) {
    MessageRecord out;
    out.id = random.id<MessageId>();
    out.conversation = conversation;
    out.sender = random.id<UserId>();
    out.device = random.id<DeviceId>();
    out.position = position;
    out.unread = unread;
    out.time_ms = 1234;
    out.kind = 0;
    out.state = 2;
    out.text = "text " + std::to_string(position);
    return out;
  }

  SeededRandom random{3};
  std::unique_ptr<ClientStore> store;
  ConversationId conversation = random.id<ConversationId>();
};

TEST_F(ClientStoreCompliance, values_are_kept_replaced_and_removed) {
  EXPECT_FALSE(store->value("a"));
  store->put_value("a", to_bytes("one"));
  store->put_value("a", to_bytes("two"));
  EXPECT_EQ(to_string(*store->value("a")), "two");
  store->put_value("empty", {});
  EXPECT_TRUE(store->value("empty")->empty());
  store->remove_value("a");
  EXPECT_FALSE(store->value("a"));
  EXPECT_TRUE(store->problem());
}

TEST_F(ClientStoreCompliance, users_devices_conversations_and_chains_come_back_as_they_were) {
  UserRecord user{random.id<UserId>(), "bob", "Bob", random.bytes(32), random.bytes(400), true, true};
  store->put_user(user);
  const auto read = store->user_by_name("bob");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->id, user.id);
  EXPECT_EQ(read->display_name, "Bob");
  EXPECT_EQ(read->identity_key, user.identity_key);
  EXPECT_TRUE(read->verified && read->identity_changed);

  ClientDeviceRecord device{random.id<DeviceId>(), user.id, "laptop", random.bytes(32),
                            random.bytes(32),      false,   55};
  store->put_device(device);
  ASSERT_EQ(store->devices_of(user.id).size(), 1U);
  EXPECT_FALSE(store->devices_of(user.id)[0].active);
  EXPECT_EQ(store->device(device.id)->sealing_key, device.sealing_key);

  ClientConversationRecord record{conversation, 0, {user.id, random.id<UserId>()}, 17, 4, random.bytes(32)};
  store->put_conversation(record);
  const auto back = store->conversation(conversation);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->members, record.members);
  EXPECT_EQ(back->synced_seq, 17U);
  EXPECT_EQ(back->sent_counter, 4U);
  EXPECT_EQ(back->sent_hash, record.sent_hash);

  store->put_sender_chain({conversation, device.id, 9, Bytes(32, 1)});
  EXPECT_EQ(store->sender_chain(conversation, device.id)->counter, 9U);
  EXPECT_FALSE(store->sender_chain(conversation, random.id<DeviceId>()));
}

TEST_F(ClientStoreCompliance, history_is_in_order_and_paged) {
  for (const std::uint64_t position : {5U, 1U, 4U, 2U, 3U}) store->put_message(message(position));
  const auto newest = store->history(conversation, kAllPositions, 3);
  ASSERT_EQ(newest.size(), 3U);
  EXPECT_EQ(newest[0].text, "text 3");
  EXPECT_EQ(newest[2].text, "text 5");
  const auto older = store->history(conversation, newest[0].position, 3);
  ASSERT_EQ(older.size(), 2U);
  EXPECT_EQ(older[1].text, "text 2");
  EXPECT_EQ(store->newest_message(conversation)->text, "text 5");
  EXPECT_EQ(store->highest_position(conversation, 4), 3U);
  EXPECT_EQ(store->highest_position(random.id<ConversationId>(), 4), 0U);
}

TEST_F(ClientStoreCompliance, a_message_is_replaced_by_its_id_and_unread_ones_are_counted) {
  auto first = message(1, true);
  store->put_message(first);
  store->put_message(message(2, true));
  store->put_message(message(3, false));
  EXPECT_EQ(store->unread_count(conversation), 2U);
  EXPECT_EQ(store->unread(conversation, 1, 10).size(), 1U);
  first.unread = false;
  first.position = kUnsentPosition + 1;
  store->put_message(first);
  EXPECT_EQ(store->unread_count(conversation), 1U);
  EXPECT_EQ(store->history(conversation, kAllPositions, 10).back().id, first.id);
}

TEST_F(ClientStoreCompliance, the_outbox_keeps_its_order_over_changes) {
  std::vector<std::uint64_t> rows;
  for (int i = 0; i < 3; ++i) {
    OutboxRecord row;
    row.conversation = conversation;
    row.message = random.id<MessageId>();
    row.content = to_bytes(std::to_string(i));
    rows.push_back(store->put_outbox(row));
  }
  auto head = store->outbox(conversation, 1).at(0);
  EXPECT_EQ(to_string(head.content), "0");
  head.counter = 7;
  head.previous = Bytes(32, 2);
  EXPECT_EQ(store->put_outbox(head), head.row);
  EXPECT_EQ(store->outbox(conversation, 10).size(), 3U);
  EXPECT_EQ(store->outbox(conversation, 1).at(0).counter, 7U);
  EXPECT_TRUE(store->outbox_of_message(head.message));
  store->remove_outbox(head.row);
  EXPECT_EQ(to_string(store->outbox(conversation, 1).at(0).content), "1");
  EXPECT_EQ(store->conversations_with_outbox().size(), 1U);
}

TEST_F(ClientStoreCompliance, transfers_are_found_by_state) {
  TransferRecord transfer;
  transfer.id = random.id<TransferId>();
  transfer.size = std::uint64_t{1} << 40;
  transfer.chunks = 12;
  transfer.state = 1;
  transfer.name = "ä.txt";
  store->put_transfer(transfer);
  ASSERT_EQ(store->transfers_in_state(1).size(), 1U);
  EXPECT_EQ(store->transfers_in_state(1)[0].size, transfer.size);
  EXPECT_EQ(store->transfer(transfer.id)->name, "ä.txt");
  EXPECT_TRUE(store->transfers_in_state(0).empty());
}

TEST_F(ClientStoreCompliance, a_transaction_is_all_or_nothing) {
  {
    Transaction transaction(*store);
    store->put_value("a", to_bytes("1"));
    store->put_message(message(1));
  }
  EXPECT_FALSE(store->value("a"));
  EXPECT_TRUE(store->history(conversation, kAllPositions, 10).empty());
  Transaction transaction(*store);
  store->put_value("a", to_bytes("1"));
  ASSERT_TRUE(transaction.commit());
  EXPECT_TRUE(store->value("a"));
}

TEST_F(ClientStoreCompliance, the_first_failure_of_a_transaction_sticks) {
  store->put_message(message(1));
  {
    Transaction transaction(*store);
    store->put_message(message(1));  // the place is taken
    store->put_value("a", to_bytes("1"));
    const Status committed = transaction.commit();
    ASSERT_FALSE(committed);
    EXPECT_EQ(committed.error().code, ErrorCode::conflict);
  }
  EXPECT_FALSE(store->value("a"));
  EXPECT_EQ(store->history(conversation, kAllPositions, 10).size(), 1U);
}

TEST_F(ClientStoreCompliance, clear_forgets_everything) {
  store->put_value("a", to_bytes("1"));
  store->put_message(message(1));
  store->clear();
  EXPECT_FALSE(store->value("a"));
  EXPECT_FALSE(store->newest_message(conversation));
}

TEST(SqliteClientStore, survives_being_closed_and_belongs_to_one_process_at_a_time) {
  test::TempDir folder;
  const std::string path = folder.file("profile.db");
  {
    auto store = open_sqlite_client_store(path);
    ASSERT_TRUE(store) << store.error().message;
    (*store)->put_value("a", to_bytes("kept"));
    const auto second = open_sqlite_client_store(path);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::conflict);
  }
  const auto again = open_sqlite_client_store(path);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(to_string(*(*again)->value("a")), "kept");
  const auto mode = std::filesystem::status(path).permissions();
  EXPECT_EQ(mode & (std::filesystem::perms::group_all | std::filesystem::perms::others_all),
            std::filesystem::perms::none);
}

TEST(SqliteClientStore, a_file_that_is_something_else_is_refused) {
  test::TempDir folder;
  const std::string path = folder.file("profile.db");
  {
    std::FILE* file = std::fopen(path.c_str(), "w");
    std::fputs("this is not a database, but long enough to look like a file that somebody might want to keep",
               file);
    std::fclose(file);
  }
  const auto opened = open_sqlite_client_store(path);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::storage);
}

}  // namespace
}  // namespace sotto::store
