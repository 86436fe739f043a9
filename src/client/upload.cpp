#include "upload.hpp"

#include "raw.hpp"
#include "sotto/proto/hot_frames.hpp"

namespace sotto::client {

namespace {
// The server's length and ours disagree: ask again, but not for ever.
constexpr int kMaxConflicts = 5;
}  // namespace

bool is_passing(ErrorCode code) {
  return code == ErrorCode::offline || code == ErrorCode::rate_limited || code == ErrorCode::unavailable ||
         code == ErrorCode::internal;
}

Upload::Upload(JobHost& host, FileAccess& files, store::TransferRecord transfer, bool is_new)
    : host_(host),
      files_(files),
      is_new_(is_new),
      layout_(transfer.size, kFileChunkBytes),
      cipher_(transfer.key, transfer.blob),
      hasher_(crypto::HashAlgorithm::sha256) {
  record = std::move(transfer);
  accepted_ = record.chunks;  // to be shown, until the server says what it has
}

Status Upload::open() {
  auto file = files_.open(record.path);
  if (!file) return std::move(file).error();
  file_ = std::move(*file);
  return check_unchanged();
}

Status Upload::check_unchanged() {
  const Result<FileStamp> stamp = file_->stamp();
  if (!stamp) return stamp.error();
  if (*stamp != FileStamp{record.size, record.stamp_modified_ns, record.stamp_identity}) {
    return fail(ErrorCode::conflict, "The file was changed while sending. Send it again.");
  }
  return ok_status();
}

void Upload::on_online() {
  under_way_ = 0;
  if (is_new_) {
    is_new_ = false;
    return go_to(0);
  }
  ask();
}

void Upload::ask() {
  stage_ = Stage::asking;
  ++round_;
  proto::Envelope envelope;
  envelope.mutable_blob_status()->set_blob(raw(record.blob.bytes()));
  host_.request(record.id, std::move(envelope), [this](Result<proto::Envelope> reply) {
    if (!reply && reply.error().code == ErrorCode::not_found) return go_to(0);
    if (!reply) {
      return is_passing(reply.error().code) ? host_.on_wait(record.id, reply.error())
                                            : host_.on_failed(record.id, reply.error());
    }
    go_to(layout_.chunks_in(reply->blob_status_reply().size()));
  });
}

// The second time it may be that the server is slow to write what it has: leave it some time.
void Upload::on_conflict(const Error& error) { conflicts_ == 1 ? ask() : host_.on_wait(record.id, error); }

void Upload::go_to(std::uint64_t chunk) {
  next_ = accepted_ = record.chunks = chunk;
  under_way_ = 0;
  // After a restart the hash begins anew; what the server has is read once more for it.
  stage_ = hashed_ < chunk ? Stage::hashing : Stage::sending;
  host_.on_progress(record.id);
  if (stage_ == Stage::sending && next_ == layout_.chunks()) finish();
}

Result<Bytes> Upload::read(std::uint64_t chunk) {
  Bytes plain(layout_.plain_bytes(chunk));
  const Result<std::size_t> count = file_->read_at(layout_.plain_offset(chunk), plain);
  if (!count) return count.error();
  if (*count != plain.size())
    return fail(ErrorCode::conflict, "The file was changed while sending. Send it again.");
  // After reading: what was read is what the stamp stands for. A chunk sealed twice is therefore the same
  // twice.
  if (Status same = check_unchanged(); !same) return std::move(same).error();
  if (chunk == hashed_) {
    hasher_.update(plain);
    ++hashed_;
  }
  return plain;
}

bool Upload::prepare() {
  if (stage_ != Stage::hashing) return false;
  for (int i = 0; i < kPrepareSlice && hashed_ < next_; ++i) {
    if (const Result<Bytes> plain = read(hashed_); !plain) {
      host_.on_failed(record.id, plain.error());
      return false;
    }
  }
  if (hashed_ < next_) return true;
  stage_ = Stage::sending;
  if (next_ == layout_.chunks()) finish();
  return false;
}

bool Upload::can_send() const { return stage_ == Stage::sending && next_ < layout_.chunks(); }

void Upload::send() {
  const std::uint64_t chunk = next_;
  const Result<Bytes> plain = read(chunk);
  if (!plain) return host_.on_failed(record.id, plain.error());
  ++next_;
  ++under_way_;
  const auto make_frame = [&](std::uint64_t id) -> Result<Bytes> {
    Bytes frame = proto::put_blob_head(id, record.blob.bytes(), record.conversation.bytes(),
                                       layout_.sealed_offset(chunk), layout_.sealed_bytes(chunk));
    const std::size_t head = frame.size();
    frame.resize(head + layout_.sealed_bytes(chunk));
    cipher_.seal_to(chunk, layout_.is_last(chunk), *plain, MutableByteView(frame).subspan(head));
    return frame;
  };
  host_.request(record.id, make_frame, [this, chunk, round = round_](Result<proto::Envelope> reply) {
    if (round != round_ || stage_ != Stage::sending) return;  // of before a new start
    if (under_way_ > 0) --under_way_;
    if (!reply) {
      const Error& error = reply.error();
      if (error.code == ErrorCode::conflict && ++conflicts_ <= kMaxConflicts) return on_conflict(error);
      if (is_passing(error.code)) return host_.on_wait(record.id, error);
      return host_.on_failed(record.id, error);
    }
    if (chunk < accepted_) return;
    accepted_ = record.chunks = chunk + 1;
    conflicts_ = 0;
    host_.on_progress(record.id);
    if (accepted_ == layout_.chunks()) finish();
  });
}

void Upload::finish() {
  stage_ = Stage::finishing;
  if (Status same = check_unchanged(); !same) return host_.on_failed(record.id, same.error());
  if (sha256_.empty()) sha256_ = hasher_.peek();
  proto::Envelope envelope;
  envelope.mutable_finish_blob()->set_blob(raw(record.blob.bytes()));
  envelope.mutable_finish_blob()->set_size(layout_.sealed_size());
  host_.request(record.id, std::move(envelope), [this](Result<proto::Envelope> reply) {
    if (!reply) {
      const Error& error = reply.error();
      if (error.code == ErrorCode::conflict && ++conflicts_ <= kMaxConflicts) return on_conflict(error);
      if (is_passing(error.code)) return host_.on_wait(record.id, error);
      return host_.on_failed(record.id, error);
    }
    host_.on_done(record.id);
  });
}

}  // namespace sotto::client
