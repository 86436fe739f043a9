// Fetching, asking and releasing; the upload is in blob_upload.cpp.
#include "blobs.hpp"

#include <algorithm>

namespace sotto::server {
namespace {

constexpr const char* kNoBlob = "There is no such file on the server.";
Error no_blob() { return fail(ErrorCode::not_found, kNoBlob); }
Error bad_id() { return fail(ErrorCode::invalid_argument, "A file id has 16 bytes."); }

}  // namespace

void Blobs::reply_status(Request request, std::uint64_t size, bool complete) {
  hub_.reply_frame(request, proto::blob_status_frame(request.id, size, complete));
}

void Blobs::status(Connection& connection, Request request, const proto::BlobStatusRequest& body) {
  const std::optional<BlobId> blob = BlobId::from_bytes(as_bytes(body.blob()));
  if (!blob) return hub_.reply_error(request, bad_id());
  if (const auto upload = uploads_.find(*blob);
      upload != uploads_.end() && upload->second.uploader == connection.user) {
    // An uploader who goes on from a length that pieces under way are about to change would be refused.
    upload->second.asking.push_back(request);
    return answer_if_settled(*blob);
  }
  stored_status(request, *blob, connection.user);
}

void Blobs::stored_status(Request request, BlobId blob, UserId user) {
  hub_.ask<store::Blob>(
      store::Access::read, [blob](store::ServerStore& store) { return store.blobs().get(blob); },
      [this, request, user](Result<store::Blob> found) {
        if (!found) return hub_.reply_error(request, found.error());
        delivery_.require_member(found->conversation, user,
                                 [this, request, found = *found](const Status& member) {
                                   if (!member) return hub_.reply_error(request, no_blob());
                                   reply_status(request, found.size, found.complete);
                                 });
      });
}

void Blobs::get(Connection& connection, Request request, const proto::GetBlobRequest& body) {
  const std::optional<BlobId> blob = BlobId::from_bytes(as_bytes(body.blob()));
  if (!blob) return hub_.reply_error(request, bad_id());
  if (connection.reads_in_flight >= kMaxReadsInFlight ||
      hub_.ports.queued(connection.id).bulk > kMaxQueuedBulk) {
    return hub_.reply_error(request,
                            fail(ErrorCode::rate_limited, "Too many pieces of files were asked for at once."),
                            std::chrono::milliseconds(100));
  }
  ++connection.reads_in_flight;
  const std::uint32_t length = std::min(body.length(), static_cast<std::uint32_t>(proto::kBlobChunkBytes));
  const auto refuse = [this, request](const Error& error) {
    if (Connection* asker = hub_.find(request.connection)) --asker->reads_in_flight;
    hub_.reply_error(request, error);
  };
  const auto go = [this, request, refuse, blob = *blob, user = connection.user, offset = body.offset(),
                   length](const Known& known) {
    delivery_.require_member(known.conversation, user,
                             [this, request, refuse, blob, known, offset, length](const Status& member) {
                               if (!member) return refuse(no_blob());
                               read(request, blob, known, offset, length);
                             });
  };
  if (const auto known = known_.find(*blob); known != known_.end()) return go(known->second);
  hub_.ask<store::Blob>(
      store::Access::read, [blob = *blob](store::ServerStore& store) { return store.blobs().get(blob); },
      [this, refuse, go, user = connection.user](Result<store::Blob> found) {
        if (!found) return refuse(found.error());
        if (!found->complete) {
          return delivery_.require_member(found->conversation, user, [refuse](const Status& member) {
            refuse(member ? fail(ErrorCode::conflict, "The file is not complete yet.") : no_blob());
          });
        }
        const Known known{found->conversation, found->size};
        if (known_.size() >= kMaxCachedBlobs) known_.erase(known_.begin());
        known_[found->blob] = known;
        go(known);
      });
}

void Blobs::read(Request request, BlobId blob, const Known& known, std::uint64_t offset,
                 std::uint32_t length) {
  const std::uint64_t left = offset < known.size ? known.size - offset : 0;
  const auto count = static_cast<std::uint32_t>(std::min<std::uint64_t>(length, left));
  Bytes head = proto::get_blob_reply_head(request.id, known.size, count);
  const std::size_t whole = head.size() + count;
  hub_.ports.blobs().read(blob, offset, count, std::move(head), [this, request, whole](Result<Bytes> frame) {
    if (Connection* asker = hub_.find(request.connection)) --asker->reads_in_flight;
    if (frame && frame->size() != whole) {
      frame = fail(ErrorCode::storage, "The file on the server is damaged.");
    }
    if (!frame) return hub_.reply_error(request, frame.error());
    hub_.reply_frame(request, *std::move(frame), Priority::bulk);
  });
}

void Blobs::release(Connection& connection, Request request, const proto::ReleaseBlobRequest& body) {
  const std::optional<BlobId> blob = BlobId::from_bytes(as_bytes(body.blob()));
  if (!blob) return hub_.reply_error(request, bad_id());
  hub_.ask<std::optional<store::Blob>>(
      store::Access::write,
      [blob = *blob,
       user = connection.user](store::ServerStore& store) -> Result<std::optional<store::Blob>> {
        const Result<store::Blob> found = store.blobs().get(blob);
        if (!found) return found.error();
        const Result<store::Conversation> conversation = store.conversations().get(found->conversation);
        if (!conversation) return conversation.error();
        if (std::ranges::find(conversation->members, user) == conversation->members.end()) return no_blob();
        const Result<bool> unwanted = store.blobs().release(blob, user);
        if (!unwanted) return unwanted.error();
        if (!*unwanted) return std::optional<store::Blob>();
        if (Status done = store.blobs().remove(blob); !done) return std::move(done).error();
        return std::optional(*found);
      },
      [this, request, newest = serials_](Result<std::optional<store::Blob>> gone) {
        if (!gone) return hub_.reply_error(request, gone.error());
        if (*gone) removed(**gone, newest);
        hub_.reply_ok(request);
      });
}

void Blobs::removed(const store::Blob& blob, std::uint64_t newest) {
  known_.erase(blob.blob);
  hub_.ports.blobs().remove(blob.blob);
  const auto found = uploads_.find(blob.blob);
  // One that was begun later is of a new file, and knows nothing of this one.
  if (found == uploads_.end() || found->second.serial > newest) return give_back(blob.uploader, blob.size);
  give_back(blob.uploader, found->second.state == State::opening ? blob.size : found->second.expected);
  const std::vector<std::function<void(Status)>> waiting = std::move(found->second.waiting);
  forget(found);
  for (const auto& one : waiting) one(no_blob());
}

void Blobs::housekeeping() {
  for (auto one = uploads_.begin(); one != uploads_.end();) {
    Upload& upload = one->second;
    const bool idle = upload.is_settled() && !upload.syncing && hub_.moment.now - upload.used > kUploadIdle;
    if (idle && upload.written == upload.synced) {
      one = forget(one);
      continue;
    }
    // The store first learns how long it is, so that it counts for the quota and goes on from there.
    if (idle) sync(one->first, upload);
    ++one;
  }
  if (uploads_.empty()) used_.clear();
  constexpr std::uint32_t kPerCall = 100;
  hub_.ask<std::vector<store::Blob>>(
      store::Access::write,
      [before = WallTime{hub_.moment.wall.ms - kKeepBlobsMs}](
          store::ServerStore& store) -> Result<std::vector<store::Blob>> {
        Result<std::vector<store::Blob>> old = store.blobs().older_than(before, kPerCall);
        if (!old) return old;
        for (const store::Blob& blob : *old) {
          if (Status done = store.blobs().remove(blob.blob); !done) return std::move(done).error();
        }
        return old;
      },
      [this, newest = serials_](Result<std::vector<store::Blob>> old) {
        if (!old) return;
        for (const store::Blob& blob : *old) removed(blob, newest);
        if (old->size() == kPerCall) housekeeping();
      });
}

}  // namespace sotto::server
