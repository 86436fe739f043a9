#include "download.hpp"

#include "raw.hpp"

namespace sotto::client {

namespace {
constexpr const char* kDamaged = "The file failed its integrity check and was discarded.";
}  // namespace

Download::Download(JobHost& host, FileAccess& files, store::TransferRecord transfer,
                   std::uint32_t chunk_bytes)
    : host_(host),
      files_(files),
      layout_(transfer.size, chunk_bytes),
      cipher_(transfer.key, transfer.blob),
      hasher_(crypto::HashAlgorithm::sha256) {
  record = std::move(transfer);
}

Status Download::open() {
  if (record.chunks > 0) {
    auto file = files_.reopen(record.temporary);
    if (file) {
      const Result<FileStamp> stamp = (*file)->stamp();
      if (stamp && stamp->size >= layout_.plain_size_of(record.chunks)) {
        file_ = std::move(*file);
        return ok_status();
      }
    }
    record.chunks = 0;  // somebody tidied up: from the beginning
  }
  if (Status removed = files_.remove(record.temporary); !removed) return removed;
  auto file = files_.create(record.temporary);
  if (!file) return std::move(file).error();
  file_ = std::move(*file);
  return ok_status();
}

void Download::on_online() {
  under_way_ = 0;
  early_.clear();
  next_ = record.chunks;
  online_ = true;
}

bool Download::prepare() {
  if (stage_ != Stage::hashing) return false;
  for (int i = 0; i < kPrepareSlice && hashed_ < record.chunks; ++i, ++hashed_) {
    Bytes plain(layout_.plain_bytes(hashed_));
    const Result<std::size_t> count = file_->read_at(layout_.plain_offset(hashed_), plain);
    if (!count || *count != plain.size()) {
      host_.on_failed(record.id, count ? fail(ErrorCode::storage, "The partly received file can't be read.")
                                       : count.error());
      return false;
    }
    hasher_.update(plain);
  }
  if (hashed_ < record.chunks) return true;
  stage_ = Stage::fetching;
  if (record.chunks == layout_.chunks()) finish();
  return false;
}

bool Download::can_send() const { return online_ && stage_ == Stage::fetching && next_ < layout_.chunks(); }

void Download::send() {
  const std::uint64_t chunk = next_++;
  ++under_way_;
  proto::Envelope envelope;
  proto::GetBlobRequest& get = *envelope.mutable_get_blob();
  get.set_blob(raw(record.blob.bytes()));
  get.set_offset(layout_.sealed_offset(chunk));
  get.set_length(static_cast<std::uint32_t>(layout_.sealed_bytes(chunk)));
  host_.request(record.id, std::move(envelope),
                [this, chunk](Result<proto::Envelope> reply) { on_chunk(chunk, std::move(reply)); });
}

void Download::on_chunk(std::uint64_t chunk, Result<proto::Envelope> reply) {
  if (stage_ != Stage::fetching) return;
  if (under_way_ > 0) --under_way_;
  if (!reply) {
    const Error& error = reply.error();
    if (is_passing(error.code)) return host_.on_wait(record.id, error);
    if (error.code == ErrorCode::not_found) {
      return host_.on_failed(record.id, fail(error.code, "The file is no longer on the server."));
    }
    return host_.on_failed(record.id, error);
  }
  if (!reply->has_get_blob_reply()) return discard(kDamaged);
  Result<Bytes> plain = cipher_.open(chunk, layout_.is_last(chunk), as_bytes(reply->get_blob_reply().data()));
  if (!plain || plain->size() != layout_.plain_bytes(chunk)) return discard(kDamaged);
  if (chunk != record.chunks) {
    if (chunk > record.chunks) early_.emplace(chunk, std::move(*plain));
    return;
  }
  if (!take(chunk, *plain)) return;
  for (auto first = early_.begin(); first != early_.end() && first->first == record.chunks;
       first = early_.begin()) {
    const Bytes ready = std::move(first->second);
    early_.erase(first);
    if (!take(record.chunks, ready)) return;
  }
  host_.on_progress(record.id);
  if (record.chunks == layout_.chunks()) finish();
}

bool Download::take(std::uint64_t chunk, const Bytes& plain) {
  if (Status written = file_->write_at(layout_.plain_offset(chunk), plain); !written) {
    host_.on_failed(record.id, written.error());
    return false;
  }
  hasher_.update(plain);
  record.chunks = hashed_ = chunk + 1;
  return true;
}

void Download::finish() {
  stage_ = Stage::finished;
  if (!equal(hasher_.peek(), record.sha256)) return discard(kDamaged);
  if (Status synced = file_->sync(); !synced) return host_.on_failed(record.id, synced.error());
  file_.reset();
  const Result<std::string> path = files_.publish(record.temporary, record.folder, record.name);
  if (!path) return host_.on_failed(record.id, path.error());
  record.path = *path;
  host_.on_done(record.id);
}

void Download::discard(const char* why) {
  stage_ = Stage::finished;
  file_.reset();
  (void)files_.remove(record.temporary);
  record.chunks = 0;
  host_.on_failed(record.id, fail(ErrorCode::untrusted, why));
}

}  // namespace sotto::client
