// The frames that are read and written by hand are the schema's.
#include "sotto/proto/hot_frames.hpp"

#include <gtest/gtest.h>

#include "sotto/base/random.hpp"
#include "sotto/proto/channel.hpp"
#include "sotto/proto/frame.hpp"

namespace sotto::proto {
namespace {

ByteView body_of(const Bytes& frame) { return ByteView(frame).subspan(kFrameHeaderBytes); }

Envelope append_envelope(std::size_t payload) {
  Envelope envelope;
  envelope.set_id(300);
  envelope.mutable_append()->set_conversation(std::string(16, 'c'));
  envelope.mutable_append()->set_message(std::string(16, 'm'));
  envelope.mutable_append()->set_payload(std::string(payload, 'p'));
  return envelope;
}

TEST(HotFrames, reads_what_protobuf_wrote) {
  for (const std::size_t size : {1U, 127U, 128U, 100'000U}) {
    const Bytes frame = *to_frame(append_envelope(size));
    const auto append = read_append(body_of(frame));
    ASSERT_TRUE(append);
    EXPECT_EQ(append->id, 300U);
    EXPECT_EQ(as_text(append->conversation), std::string(16, 'c'));
    EXPECT_EQ(as_text(append->message), std::string(16, 'm'));
    EXPECT_EQ(as_text(append->payload), std::string(size, 'p'));
    EXPECT_FALSE(read_put_blob(body_of(frame)));
  }
  for (const std::uint64_t offset : {0ULL, 1ULL, 1ULL << 40}) {
    Envelope envelope;
    envelope.set_id(1);
    envelope.mutable_put_blob()->set_blob("blob");
    envelope.mutable_put_blob()->set_conversation("talk");
    envelope.mutable_put_blob()->set_offset(offset);
    envelope.mutable_put_blob()->set_data("data");
    const Bytes frame = *to_frame(envelope);
    const auto put = read_put_blob(body_of(frame));
    ASSERT_TRUE(put);
    EXPECT_EQ(put->id, 1U);
    EXPECT_EQ(as_text(put->blob), "blob");
    EXPECT_EQ(as_text(put->conversation), "talk");
    EXPECT_EQ(put->offset, offset);
    EXPECT_EQ(as_text(put->data), "data");
    EXPECT_FALSE(read_append(body_of(frame)));
  }
}

TEST(HotFrames, leaves_every_other_spelling_to_protobuf) {
  const Bytes frame = *to_frame(append_envelope(5));
  const Bytes body = to_bytes(body_of(frame));
  for (std::size_t kept = 0; kept < body.size(); ++kept)
    EXPECT_FALSE(read_append(ByteView(body).first(kept)));
  Bytes longer = body;
  append(longer, Bytes{0x08, 0x01});  // the id again
  EXPECT_FALSE(read_append(longer));
  Envelope ping;
  ping.set_id(1);
  ping.mutable_ping();
  EXPECT_FALSE(read_append(body_of(*to_frame(ping))));
  Envelope without_id = append_envelope(5);
  without_id.clear_id();
  EXPECT_FALSE(read_append(body_of(*to_frame(without_id))));
}

// Whatever the bytes: what is read by hand, protobuf reads alike.
TEST(HotFrames, never_reads_anything_else_than_protobuf) {
  SeededRandom random(5);
  const Bytes good = to_bytes(body_of(*to_frame(append_envelope(9))));
  int read = 0;
  for (int i = 0; i < 20'000; ++i) {
    Bytes bytes = good;
    for (int flips = static_cast<int>(random.u64() % 3) + 1; flips > 0; --flips) {
      bytes[random.u64() % bytes.size()] = static_cast<std::uint8_t>(random.u64());
    }
    const auto view = read_append(bytes);
    if (!view) continue;
    ++read;
    const auto envelope = parse_envelope(bytes);
    ASSERT_TRUE(envelope);
    EXPECT_EQ(envelope->id(), view->id);
    EXPECT_EQ(envelope->append().conversation(), as_text(view->conversation));
    EXPECT_EQ(envelope->append().message(), as_text(view->message));
    EXPECT_EQ(envelope->append().payload(), as_text(view->payload));
  }
  EXPECT_GT(read, 1000);
}

TEST(HotFrames, writes_what_protobuf_writes) {
  for (const std::uint64_t number : {0ULL, 1ULL, 127ULL, 128ULL, 1ULL << 40}) {
    Envelope reply;
    reply.set_id(number);
    reply.mutable_append_reply()->set_seq(number);
    reply.mutable_append_reply()->set_time_ms(static_cast<std::int64_t>(number));
    EXPECT_EQ(append_reply_frame(number, number, static_cast<std::int64_t>(number)), *to_frame(reply));

    Envelope status;
    status.set_id(number);
    status.mutable_blob_status_reply()->set_size(number);
    status.mutable_blob_status_reply()->set_complete(number == 1);
    EXPECT_EQ(blob_status_frame(number, number, number == 1), *to_frame(status));

    Envelope piece;
    const std::string data(static_cast<std::size_t>(number % 200'000 + 1), 'd');
    piece.set_id(number);
    piece.mutable_put_blob()->set_blob("blob");
    piece.mutable_put_blob()->set_conversation("talk");
    piece.mutable_put_blob()->set_offset(number);
    piece.mutable_put_blob()->set_data(data);
    Bytes frame = put_blob_head(number, as_bytes("blob"), as_bytes("talk"), number, data.size());
    append(frame, as_bytes(data));
    EXPECT_EQ(frame, *to_frame(piece));

    Envelope push;
    Entry& entry = *push.mutable_entry()->mutable_entry();
    const std::string payload(static_cast<std::size_t>(number % 100'000), 'p');
    entry.set_conversation("talk");
    entry.set_seq(number);
    entry.set_sender_user("user");
    entry.set_sender_device("device");
    entry.set_time_ms(1'800'000'000'000);
    entry.set_message("message");
    entry.set_payload(payload);
    EXPECT_EQ(entry_push_frame({as_bytes("talk"), number, as_bytes("user"), as_bytes("device"),
                                1'800'000'000'000, as_bytes("message"), as_bytes(payload)}),
              *to_frame(push));
  }
}

TEST(HotFrames, heads_a_piece_of_a_file_that_follows) {
  for (const std::size_t size : {0U, 1U, 131'088U}) {
    Bytes frame = get_blob_reply_head(7, 1'000'000, size);
    frame.insert(frame.end(), size, 'd');
    FrameReader reader;
    reader.feed(frame);
    const auto body = reader.next();
    ASSERT_TRUE(body);
    EXPECT_FALSE(reader.mid_frame());
    const auto envelope = parse_envelope(*body);
    ASSERT_TRUE(envelope);
    EXPECT_EQ(envelope->id(), 7U);
    EXPECT_EQ(envelope->get_blob_reply().size(), 1'000'000U);
    EXPECT_EQ(envelope->get_blob_reply().data(), std::string(size, 'd'));
  }
}

}  // namespace
}  // namespace sotto::proto
