#include <algorithm>
#include <memory>
#include <utility>

#include "blobs.hpp"

namespace sotto::server {
namespace {

constexpr const char* kNoBlob = "There is no such file on the server.";
Error no_blob() { return fail(ErrorCode::not_found, kNoBlob); }

}  // namespace

void Blobs::put(Connection& connection, Request request, const proto::PutBlobView& body) {
  const std::optional<BlobId> blob = BlobId::from_bytes(body.blob);
  const std::optional<ConversationId> conversation = ConversationId::from_bytes(body.conversation);
  if (!blob || !conversation) {
    return hub_.reply_error(
        request, fail(ErrorCode::invalid_argument, "Ids of files and conversations have 16 bytes."));
  }
  if (body.data.empty())
    return hub_.reply_error(request, fail(ErrorCode::invalid_argument, "The piece is empty."));
  if (body.data.size() > proto::kBlobChunkBytes) {
    return hub_.reply_error(request, fail(ErrorCode::too_large, "The piece of the file is too large."));
  }
  const auto known = uploads_.find(*blob);
  if (known != uploads_.end() && known->second.state == State::open) {
    return write(request, *blob, connection.user, *conversation, body.offset,
                 connection.reader.keep(body.data));
  }
  if (known == uploads_.end()) {
    if (has_too_many(connection.user)) {
      return hub_.reply_error(
          request, fail(ErrorCode::rate_limited, "Too many files are being sent at once."), seconds(10));
    }
    open(*blob, begin(*blob, connection.user, *conversation).serial);
  } else if (known->second.state != State::opening) {
    return hub_.reply_error(request, fail(ErrorCode::conflict, "The file takes no more pieces just now."));
  }
  // Several pieces may arrive while the file is being opened: they wait in order.
  const auto again = uploads_.find(*blob);
  if (again == uploads_.end() || again->second.uploader != connection.user) {
    return hub_.reply_error(request, no_blob());
  }
  again->second.waiting.push_back(
      [this, request, blob = *blob, user = connection.user, conversation = *conversation,
       offset = body.offset,
       data = std::make_shared<OwnedView>(connection.reader.keep(body.data))](const Status& ready) {
        if (!ready) return hub_.reply_error(request, ready.error());
        write(request, blob, user, conversation, offset, std::move(*data));
      });
}

Blobs::Upload& Blobs::begin(BlobId blob, UserId user, ConversationId conversation) {
  Upload& upload = uploads_[blob];
  upload.serial = ++serials_;
  upload.uploader = user;
  upload.conversation = conversation;
  ++uploads_of_[user];
  return upload;
}

Blobs::Upload* Blobs::find(BlobId blob, std::uint64_t serial) {
  const auto found = uploads_.find(blob);
  return found == uploads_.end() || found->second.serial != serial ? nullptr : &found->second;
}

Blobs::Uploads::iterator Blobs::forget(Uploads::iterator upload) {
  const auto count = uploads_of_.find(upload->second.uploader);
  if (--count->second == 0) uploads_of_.erase(count);
  // What asked for its length is answered from the store.
  for (const Request request : upload->second.asking) {
    stored_status(request, upload->first, upload->second.uploader);
  }
  return uploads_.erase(upload);
}

void Blobs::answer_if_settled(BlobId blob) {
  const auto found = uploads_.find(blob);
  if (found == uploads_.end() || !found->second.is_settled()) return;
  const std::uint64_t size = found->second.written;
  for (const Request request : std::exchange(found->second.asking, {})) reply_status(request, size, false);
}

bool Blobs::has_too_many(UserId user) const {
  const auto count = uploads_of_.find(user);
  return count != uploads_of_.end() && count->second >= kMaxUploads;
}

void Blobs::look_up(BlobId blob, UserId user, std::function<void(Result<Found>)> then) {
  // Adding up an account's files takes time: once.
  hub_.ask<Found>(
      store::Access::read,
      [blob, user, count = !used_.contains(user)](store::ServerStore& store) -> Result<Found> {
        Found found;
        Result<store::Blob> known = store.blobs().get(blob);
        if (!known && known.error().code != ErrorCode::not_found) return std::move(known).error();
        if (known) found.blob = *std::move(known);
        if (!count) return found;
        const Result<std::uint64_t> used = store.blobs().bytes_of(user);
        if (!used) return used.error();
        found.used = *used;
        return found;
      },
      [this, user, then = std::move(then)](Result<Found> found) {
        if (found && found->used) used_.try_emplace(user, *found->used);
        then(std::move(found));
      });
}

// Looks the blob up, and makes it if it is new.
void Blobs::open(BlobId blob, std::uint64_t serial) {
  look_up(blob, uploads_.at(blob).uploader, [this, blob, serial](Result<Found> found) {
    Upload* upload = find(blob, serial);
    if (upload == nullptr) return;
    if (!found) return opened(blob, serial, found.error());
    if (!found->blob) return open_new(blob, serial);
    const store::Blob& known = *found->blob;
    if (known.uploader != upload->uploader) return opened(blob, serial, no_blob());
    if (known.complete) {
      return opened(blob, serial, fail(ErrorCode::conflict, "The file is complete already."));
    }
    upload->conversation = known.conversation;
    prepare(blob, serial, known.size);
  });
}

void Blobs::open_new(BlobId blob, std::uint64_t serial) {
  const Upload& upload = uploads_.at(blob);
  const store::Blob record{blob, upload.conversation, upload.uploader, 0, false, hub_.moment.wall};
  delivery_.require_member(
      record.conversation, record.uploader, [this, serial, record](const Status& member) {
        if (!member) return opened(record.blob, serial, member);
        hub_.ask<Unit>(
            store::Access::write, [record](store::ServerStore& store) { return store.blobs().add(record); },
            [this, blob = record.blob, serial](const Status& done) {
              if (!done) return opened(blob, serial, done);
              prepare(blob, serial, 0);
            });
      });
}

void Blobs::prepare(BlobId blob, std::uint64_t serial, std::uint64_t size) {
  Upload* upload = find(blob, serial);
  if (upload == nullptr) return;
  upload->expected = upload->written = upload->synced = size;
  hub_.ports.blobs().prepare(blob, size,
                             [this, blob, serial](Status done) { opened(blob, serial, std::move(done)); });
}

void Blobs::opened(BlobId blob, std::uint64_t serial, Status status) {
  Upload* upload = find(blob, serial);
  if (upload == nullptr) return;  // released meanwhile, and those who waited were told
  const std::vector<std::function<void(Status)>> waiting = std::exchange(upload->waiting, {});
  if (status) {
    upload->state = State::open;
    upload->used = hub_.moment.now;
  } else {
    forget(uploads_.find(blob));
  }
  for (const auto& one : waiting) one(status);
  answer_if_settled(blob);
}

Status Blobs::room_for(UserId user, std::uint64_t end, std::uint64_t more) {
  if (hub_.config.max_blob_bytes != 0 && end > hub_.config.max_blob_bytes) {
    return fail(ErrorCode::too_large, "The file is larger than this server allows.");
  }
  if (hub_.config.blob_quota_bytes != 0 && used_[user] + more > hub_.config.blob_quota_bytes) {
    return fail(ErrorCode::too_large,
                "Your files on the server have reached its limit. Wait until they are received.");
  }
  return ok_status();
}

void Blobs::write(Request request, BlobId blob, UserId user, ConversationId conversation,
                  std::uint64_t offset, OwnedView data) {
  const auto found = uploads_.find(blob);
  if (found == uploads_.end() || found->second.uploader != user ||
      found->second.conversation != conversation) {
    return hub_.reply_error(request, no_blob());
  }
  Upload& upload = found->second;
  if (upload.state != State::open || offset != upload.expected) {
    return hub_.reply_error(request, fail(ErrorCode::conflict, "The file goes on at byte " +
                                                                   std::to_string(upload.expected) + "."));
  }
  const std::size_t size = data.view.size();
  const std::uint64_t end = offset + size;
  if (Status room = room_for(user, end, size); !room) return hub_.reply_error(request, room.error());
  used_[user] += size;
  upload.expected = end;
  upload.used = hub_.moment.now;
  ++upload.under_way;
  hub_.ports.blobs().write(blob, offset, std::move(data),
                           [this, request, blob, serial = upload.serial, offset, end](const Status& done) {
                             written(request, blob, serial, offset, end, done);
                           });
}

void Blobs::written(Request request, BlobId blob, std::uint64_t serial, std::uint64_t offset,
                    std::uint64_t end, const Status& status) {
  Upload* upload = find(blob, serial);
  if (upload == nullptr) return hub_.reply_error(request, no_blob());  // released meanwhile
  --upload->under_way;
  if (!status) {
    // What was sent behind this piece fails too, since the file ends here. Then the upload starts over from
    // what the store knows.
    upload->state = State::broken;
    upload->expected -= end - offset;
    give_back(upload->uploader, end - offset);
    drop_if_broken(blob, serial);
    return hub_.reply_error(request, status.error());
  }
  upload->written = end;
  if (upload->written - upload->synced >= kBlobSyncBytes && !upload->syncing && upload->state == State::open)
    sync(blob, *upload);
  drop_if_broken(blob, serial);
  reply_status(request, end, false);
  answer_if_settled(blob);
}

void Blobs::sync(BlobId blob, Upload& upload) {
  upload.syncing = true;
  hub_.ports.blobs().sync(
      blob, [this, blob, serial = upload.serial, size = upload.written](const Status& synced) {
        Upload* found = find(blob, serial);
        if (found == nullptr) return;
        if (!synced) {
          // The disk may have lost what it was given, and not say so another time.
          found->state = State::broken;
          found->syncing = false;
          return drop_if_broken(blob, serial);
        }
        hub_.ask<Unit>(
            store::Access::write,
            [blob, size](store::ServerStore& store) { return store.blobs().set_size(blob, size, false); },
            [this, blob, serial, size](const Status& stored) {
              Upload* again = find(blob, serial);
              if (again == nullptr) return;
              again->syncing = false;
              if (stored) again->synced = size;
              drop_if_broken(blob, serial);
            });
      });
}

void Blobs::drop_if_broken(BlobId blob, std::uint64_t serial) {
  const Upload* upload = find(blob, serial);
  if (upload == nullptr || upload->state != State::broken) return;
  if (upload->under_way != 0 || upload->syncing) return;
  give_back(upload->uploader, upload->expected - upload->synced);  // will be sent again
  forget(uploads_.find(blob));
}

void Blobs::give_back(UserId user, std::uint64_t bytes) {
  if (const auto used = used_.find(user); used != used_.end()) used->second -= std::min(used->second, bytes);
}

void Blobs::finish(Connection& connection, Request request, const proto::FinishBlobRequest& body) {
  const std::optional<BlobId> blob = BlobId::from_bytes(as_bytes(body.blob()));
  if (!blob) return hub_.reply_error(request, fail(ErrorCode::invalid_argument, "A file id has 16 bytes."));
  const std::uint64_t size = body.size();
  const auto upload = uploads_.find(*blob);
  if (upload != uploads_.end() && upload->second.uploader != connection.user) {
    return hub_.reply_error(request, no_blob());
  }
  if (upload != uploads_.end() && upload->second.state == State::open) return complete(request, *blob, size);
  if (upload != uploads_.end() && upload->second.state == State::opening) {
    upload->second.waiting.push_back([this, request, blob = *blob, size](const Status& ready) {
      if (!ready) return hub_.reply_error(request, ready.error());
      complete(request, blob, size);
    });
    return;
  }
  if (upload != uploads_.end()) {
    return hub_.reply_error(request, fail(ErrorCode::conflict, "The file takes nothing more just now."));
  }
  // Not known here: finished before, or the server restarted in between.
  look_up(*blob, connection.user,
          [this, request, blob = *blob, size, user = connection.user](Result<Found> found) {
            if (!found) return hub_.reply_error(request, found.error());
            if (!found->blob || found->blob->uploader != user) return hub_.reply_error(request, no_blob());
            const store::Blob& known = *found->blob;
            if (known.complete && known.size == size) return reply_status(request, size, true);
            if (known.complete || known.size != size || uploads_.contains(blob)) {
              return hub_.reply_error(request,
                                      fail(ErrorCode::conflict,
                                           "The server has " + std::to_string(known.size) + " bytes of it."));
            }
            Upload& opening = begin(blob, user, known.conversation);
            opening.waiting.push_back([this, request, blob, size](const Status& ready) {
              if (!ready) return hub_.reply_error(request, ready.error());
              complete(request, blob, size);
            });
            prepare(blob, opening.serial, size);
          });
}

void Blobs::complete(Request request, BlobId blob, std::uint64_t size) {
  const auto found = uploads_.find(blob);
  if (found == uploads_.end()) return hub_.reply_error(request, no_blob());
  Upload& upload = found->second;
  if (upload.expected != size || upload.state != State::open) {
    return hub_.reply_error(
        request,
        fail(ErrorCode::conflict, "The server has " + std::to_string(upload.expected) + " bytes of it."));
  }
  upload.state = State::finishing;
  ++upload.under_way;
  // The disk works in order, so the writes under way are done when this is.
  hub_.ports.blobs().sync(blob, [this, request, blob, serial = upload.serial, size](const Status& synced) {
    completed(request, blob, serial, size, synced);
  });
}

void Blobs::completed(Request request, BlobId blob, std::uint64_t serial, std::uint64_t size,
                      const Status& synced) {
  Upload* upload = find(blob, serial);
  if (upload == nullptr) return hub_.reply_error(request, no_blob());
  if (!synced) upload->state = State::broken;  // as in sync()
  if (upload->state == State::broken) {
    --upload->under_way;
    drop_if_broken(blob, serial);
    return hub_.reply_error(
        request,
        synced ? fail(ErrorCode::conflict, "A piece of the file could not be written.") : synced.error());
  }
  hub_.ask<Unit>(
      store::Access::write,
      [blob, size](store::ServerStore& store) { return store.blobs().set_size(blob, size, true); },
      [this, request, blob, serial, size](const Status& stored) {
        if (stored) {
          reply_status(request, size, true);
          if (find(blob, serial) != nullptr) forget(uploads_.find(blob));
          return;
        }
        if (Upload* again = find(blob, serial)) {
          --again->under_way;
          if (again->state == State::finishing) again->state = State::open;
          drop_if_broken(blob, serial);
        }
        hub_.reply_error(request, stored.error());
        answer_if_settled(blob);
      });
}

}  // namespace sotto::server
