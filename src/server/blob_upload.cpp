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
    Upload& upload = uploads_[*blob];
    upload.uploader = connection.user;
    upload.conversation = *conversation;
    open(*blob, connection.user, *conversation);
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

// Looks the blob up, and makes it if it is new.
void Blobs::open(BlobId blob, UserId user, ConversationId conversation) {
  struct Found {
    std::optional<store::Blob> blob;
    std::uint64_t used = 0;
  };
  hub_.ask<Found>(
      store::Access::read,
      [blob, user](store::ServerStore& store) -> Result<Found> {
        Found found;
        Result<store::Blob> known = store.blobs().get(blob);
        if (!known && known.error().code != ErrorCode::not_found) return std::move(known).error();
        if (known) found.blob = *std::move(known);
        const Result<std::uint64_t> used = store.blobs().bytes_of(user);
        if (!used) return used.error();
        found.used = *used;
        return found;
      },
      [this, blob, user, conversation](Result<Found> found) {
        if (!found) return opened(blob, found.error());
        used_.try_emplace(user, found->used);
        if (!found->blob) return open_new(blob, user, conversation);
        const store::Blob& known = *found->blob;
        if (known.uploader != user) return opened(blob, no_blob());
        if (known.complete) return opened(blob, fail(ErrorCode::conflict, "The file is complete already."));
        if (const auto upload = uploads_.find(blob); upload != uploads_.end()) {
          upload->second.conversation = known.conversation;
        }
        prepare(blob, known.size);
      });
}

void Blobs::open_new(BlobId blob, UserId user, ConversationId conversation) {
  delivery_.require_member(conversation, user, [this, blob, user, conversation](const Status& member) {
    if (!member) return opened(blob, member);
    hub_.ask<Unit>(
        store::Access::write,
        [record = store::Blob{blob, conversation, user, 0, false, hub_.moment.wall}](
            store::ServerStore& store) { return store.blobs().add(record); },
        [this, blob](const Status& done) {
          if (!done) return opened(blob, done);
          prepare(blob, 0);
        });
  });
}

void Blobs::prepare(BlobId blob, std::uint64_t size) {
  if (const auto upload = uploads_.find(blob); upload != uploads_.end()) {
    upload->second.expected = upload->second.written = upload->second.synced = size;
  }
  hub_.ports.blobs().prepare(blob, size, [this, blob](Status done) { opened(blob, std::move(done)); });
}

void Blobs::opened(BlobId blob, Status status) {
  const auto found = uploads_.find(blob);
  if (found == uploads_.end()) return;
  const std::vector<std::function<void(Status)>> waiting = std::move(found->second.waiting);
  if (status) {
    found->second.waiting.clear();
    found->second.state = State::open;
    found->second.used = hub_.moment.now;
  } else {
    forget(blob);
  }
  for (const auto& one : waiting) one(status);
  answer_if_settled(blob);
}

// What asked for its length is answered from the store.
void Blobs::forget(BlobId blob) {
  auto upload = uploads_.extract(blob);
  if (!upload) return;
  for (const Request request : upload.mapped().asking) {
    stored_status(request, blob, upload.mapped().uploader);
  }
}

void Blobs::answer_if_settled(BlobId blob) {
  const auto found = uploads_.find(blob);
  if (found == uploads_.end() || !found->second.is_settled()) return;
  const std::uint64_t size = found->second.written;
  for (const Request request : std::exchange(found->second.asking, {})) reply_status(request, size, false);
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
  ++upload.writes;
  hub_.ports.blobs().write(
      blob, offset, std::move(data),
      [this, request, blob, offset, end](const Status& done) { written(request, blob, offset, end, done); });
}

void Blobs::written(Request request, BlobId blob, std::uint64_t offset, std::uint64_t end,
                    const Status& status) {
  const auto found = uploads_.find(blob);
  if (found == uploads_.end()) return hub_.reply_error(request, no_blob());  // released meanwhile
  Upload& upload = found->second;
  --upload.writes;
  if (!status) {
    // What was sent behind this piece fails too, since the file ends here. Then the upload starts over from
    // what the store knows.
    upload.state = State::broken;
    give_back(upload.uploader, end - offset);
    drop_if_broken(blob);
    return hub_.reply_error(request, status.error());
  }
  upload.written = end;
  if (upload.written - upload.synced >= kBlobSyncBytes && !upload.syncing && upload.state == State::open)
    sync(blob);
  reply_status(request, end, false);
  answer_if_settled(blob);
}

void Blobs::sync(BlobId blob) {
  Upload& upload = uploads_.at(blob);
  upload.syncing = true;
  hub_.ports.blobs().sync(blob, [this, blob, size = upload.written](const Status& synced) {
    const auto found = uploads_.find(blob);
    if (found == uploads_.end()) return;
    if (!synced) {
      found->second.syncing = false;
      return drop_if_broken(blob);
    }
    hub_.ask<Unit>(
        store::Access::write,
        [blob, size](store::ServerStore& store) { return store.blobs().set_size(blob, size, false); },
        [this, blob, size](const Status& stored) {
          const auto again = uploads_.find(blob);
          if (again == uploads_.end()) return;
          again->second.syncing = false;
          if (stored) again->second.synced = size;
          drop_if_broken(blob);
        });
  });
}

void Blobs::drop_if_broken(BlobId blob) {
  const auto found = uploads_.find(blob);
  if (found == uploads_.end() || found->second.state != State::broken) return;
  if (found->second.writes == 0 && !found->second.syncing) forget(blob);
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
  hub_.ask<store::Blob>(
      store::Access::read, [blob = *blob](store::ServerStore& store) { return store.blobs().get(blob); },
      [this, request, size, user = connection.user](Result<store::Blob> found) {
        if (!found) return hub_.reply_error(request, found.error());
        if (found->uploader != user) return hub_.reply_error(request, no_blob());
        if (found->complete && found->size == size) return reply_status(request, size, true);
        if (found->complete || found->size != size || uploads_.contains(found->blob)) {
          return hub_.reply_error(
              request,
              fail(ErrorCode::conflict, "The server has " + std::to_string(found->size) + " bytes of it."));
        }
        Upload& opening = uploads_[found->blob];
        opening.uploader = user;
        opening.conversation = found->conversation;
        opening.waiting.push_back([this, request, blob = found->blob, size](const Status& ready) {
          if (!ready) return hub_.reply_error(request, ready.error());
          complete(request, blob, size);
        });
        prepare(found->blob, size);
      });
}

void Blobs::complete(Request request, BlobId blob, std::uint64_t size) {
  const auto found = uploads_.find(blob);
  if (found == uploads_.end()) return hub_.reply_error(request, no_blob());
  if (found->second.expected != size || found->second.state != State::open) {
    return hub_.reply_error(
        request, fail(ErrorCode::conflict,
                      "The server has " + std::to_string(found->second.expected) + " bytes of it."));
  }
  found->second.state = State::finishing;
  const auto failed = [this, request, blob](const Error& error) {
    const auto again = uploads_.find(blob);
    if (again != uploads_.end() && again->second.state == State::finishing) again->second.state = State::open;
    hub_.reply_error(request, error);
    answer_if_settled(blob);
  };
  // The disk works in order, so the writes under way are done when this is.
  hub_.ports.blobs().sync(blob, [this, request, blob, size, failed](const Status& synced) {
    if (!synced) return failed(synced.error());
    const auto again = uploads_.find(blob);
    if (again == uploads_.end()) return hub_.reply_error(request, no_blob());
    if (again->second.written != size) {
      return failed(fail(ErrorCode::conflict, "A piece of the file could not be written."));
    }
    hub_.ask<Unit>(
        store::Access::write,
        [blob, size](store::ServerStore& store) { return store.blobs().set_size(blob, size, true); },
        [this, request, blob, size, failed](const Status& stored) {
          if (!stored) return failed(stored.error());
          reply_status(request, size, true);
          forget(blob);
        });
  });
}

}  // namespace sotto::server
