#include "cli/json_views.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "cli/rpc_events.hpp"
#include "fake_commands.hpp"

namespace sotto::cli {
namespace {

using namespace client;
using test::id_of;

MessageView text_message() {
  MessageView message;
  message.id = id_of<MessageId>(1);
  message.conversation = id_of<ConversationId>(2);
  message.sender = id_of<UserId>(3);
  message.sender_username = "alice";
  message.sender_device = id_of<DeviceId>(4);
  message.time = {1700000000125};
  message.text = "hello";
  message.state = MessageState::delivered;
  return message;
}

TEST(JsonViews, a_text_message_has_every_field_of_the_contract) {
  const Json expected = Json::parse(R"({
    "id": "00000000000000000000000000000001", "conversation": "00000000000000000000000000000002",
    "sender": {"user": "00000000000000000000000000000003", "username": "alice",
               "device": "00000000000000000000000000000004"},
    "own": false, "time": "2023-11-14T22:13:20.125Z", "kind": "text", "text": "hello", "state": "delivered",
    "reply_to": null, "edited": false, "deleted": false, "reactions": []})");
  EXPECT_EQ(to_json(text_message()), expected);
}

TEST(JsonViews, a_file_message_names_file_transfer_and_place) {
  auto message = text_message();
  message.kind = MessageKind::file;
  message.file = FileView{"a.pdf", 5, "application/pdf"};
  message.transfer = id_of<TransferId>(9);
  message.local_path = "/tmp/a.pdf";
  const Json json = to_json(message);
  EXPECT_EQ(json["file"], Json::parse(R"({"name":"a.pdf","size":5,"type":"application/pdf"})"));
  EXPECT_EQ(json["transfer"], id_of<TransferId>(9).str());
  EXPECT_EQ(json["path"], "/tmp/a.pdf");
}

TEST(JsonViews, a_failed_message_says_why_and_a_call_how_it_ended) {
  auto message = text_message();
  message.state = MessageState::failed;
  message.failure = "Bob's identity has changed.";
  message.call = CallSummary{true, true, false, EndReason::no_answer, 0};
  const Json json = to_json(message);
  EXPECT_EQ(json["failure"], "Bob's identity has changed.");
  EXPECT_EQ(json["call"]["reason"], "no_answer");
  EXPECT_EQ(json["call"]["answered"], false);
}

TEST(JsonViews, a_conversation_shows_its_newest_message_or_null) {
  ConversationView view;
  view.id = id_of<ConversationId>(2);
  EXPECT_EQ(to_json(view)["last_message"], nullptr);
  view.last = text_message();
  EXPECT_EQ(to_json(view)["last_message"]["text"], "hello");
}

TEST(JsonViews, an_account_that_is_not_there_is_null_beside_the_connection) {
  Commands::AccountStatus status;
  status.connection.reason = "There is no account yet.";
  const Json json = to_json(status);
  EXPECT_EQ(json["user"], nullptr);
  EXPECT_EQ(json["connection"]["state"], "offline");
  status.account = test::FakeCommands::account();
  EXPECT_EQ(to_json(status)["user"], id_of<UserId>(1).str());
}

TEST(JsonViews, statistics_that_are_not_numbers_become_zero) {
  call::CallStats stats;
  stats.rtt_ms = NAN;
  stats.video_in.fps = INFINITY;
  stats.path = "direct";
  const Json json = to_json(stats);
  EXPECT_EQ(json["rtt_ms"], 0.0);
  EXPECT_EQ(json["video_in"]["fps"], 0.0);
  EXPECT_EQ(json["path"], "direct");
}

TEST(JsonViews, devices_are_one_list_that_also_shows_a_chosen_uri_no_hardware_lists) {
  const Json list = to_json(test::FakeCommands::devices());
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0],
            Json::parse(R"({"id":"v4l2:/dev/video0","name":"Camera","kind":"camera","selected":true})"));
  EXPECT_EQ(list[1],
            Json::parse(R"({"id":"tone:440","name":"tone:440","kind":"microphone","selected":true})"));
}

TEST(JsonViews, text_that_is_not_utf8_does_not_stop_the_line) {
  EXPECT_EQ(to_line(Json("a\xff")), "\"a\xEF\xBF\xBD\"");
}

TEST(RpcEvents, every_event_has_the_method_of_the_contract) {
  CallView call;
  call.id = id_of<CallId>(5);
  call.peer.username = "bob";
  const auto method = [](const Event& event) { return to_notification(event).method; };
  EXPECT_EQ(method(ConnectionChanged{}), "connection.state");
  EXPECT_EQ(method(AccountChanged{}), "account.changed");
  EXPECT_EQ(method(MessageAdded{text_message()}), "message.added");
  EXPECT_EQ(method(MessageUpdated{text_message()}), "message.updated");
  EXPECT_EQ(method(ConversationUpdated{}), "conversation.updated");
  EXPECT_EQ(method(ContactUpdated{}), "contact.updated");
  EXPECT_EQ(method(PresenceUpdated{}), "presence.updated");
  EXPECT_EQ(method(IdentityChanged{}), "identity.changed");
  EXPECT_EQ(method(TransferProgress{}), "transfer.progress");
  EXPECT_EQ(method(CallIncoming{call}), "call.incoming");
  EXPECT_EQ(method(CallChanged{call}), "call.state");
  EXPECT_EQ(method(CallStatsUpdated{}), "call.stats");
  EXPECT_EQ(method(Notice{}), "notice");
  EXPECT_EQ(to_notification(CallIncoming{call}).params["from"]["username"], "bob");
  EXPECT_EQ(to_notification(MessageAdded{text_message()}).params["message"]["text"], "hello");
  EXPECT_TRUE(to_notification(MessageAdded{text_message()}).params["conversation"].is_string());
  EXPECT_EQ(to_notification(Notice{{ErrorCode::storage, "The disk is full."}}).params["code"], "storage");
}

}  // namespace
}  // namespace sotto::cli
