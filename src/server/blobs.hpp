// Sealed files: uploaded front to back by one account, fetched by the members of their conversation.
//
// An upload lives in memory while it goes on; what survives a restart is the length that the store knows,
// which is written after each kBlobSyncBytes that reached the disk.
#pragma once

#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "delivery.hpp"
#include "hub.hpp"

namespace sotto::server {

class Blobs {
 public:
  Blobs(Hub& hub, Delivery& delivery) : hub_(hub), delivery_(delivery) {}

  void put(Connection& connection, Request request, const proto::PutBlobView& body);
  void status(Connection& connection, Request request, const proto::BlobStatusRequest& body);
  void finish(Connection& connection, Request request, const proto::FinishBlobRequest& body);
  void get(Connection& connection, Request request, const proto::GetBlobRequest& body);
  void release(Connection& connection, Request request, const proto::ReleaseBlobRequest& body);

  void housekeeping();  // forgets idle uploads, removes expired files

 private:
  enum class State : std::uint8_t {
    opening,  // the store or the disk is asked; requests wait
    open,
    finishing,  // being synced for the last time
    broken,     // a write failed: ends when nothing is under way any more
  };
  struct Upload {
    std::uint64_t serial = 0;  // tells it from a later one of the same id
    State state = State::opening;
    UserId uploader;
    ConversationId conversation;
    std::uint64_t expected = 0;   // length when everything under way is written: what counts for the quota
    std::uint64_t written = 0;    // confirmed by the disk
    std::uint64_t synced = 0;     // durable and known to the store
    std::uint32_t under_way = 0;  // writes, and the end
    bool syncing = false;
    TimePoint used;
    std::vector<std::function<void(Status)>> waiting;
    std::vector<Request> asking;  // for the length, which is known when nothing is under way
    bool is_settled() const { return state == State::open && under_way == 0; }
  };
  using Uploads = std::unordered_map<BlobId, Upload>;
  struct Found {  // in the store
    std::optional<store::Blob> blob;
    std::optional<std::uint64_t> used;  // bytes of the uploader, if they were asked for
  };
  struct Known {  // of a complete blob
    ConversationId conversation;
    std::uint64_t size = 0;
  };

  // Uploads come and go here. What comes back from the store or the disk names the one that asked, which may
  // have been released meanwhile, and another begun under its id.
  Upload& begin(BlobId blob, UserId user, ConversationId conversation);
  Upload* find(BlobId blob, std::uint64_t serial);
  Uploads::iterator forget(Uploads::iterator upload);
  bool has_too_many(UserId user) const;
  void answer_if_settled(BlobId blob);
  void stored_status(Request request, BlobId blob, UserId user);

  void look_up(BlobId blob, UserId user, std::function<void(Result<Found>)> then);
  void open(BlobId blob, std::uint64_t serial);
  void open_new(BlobId blob, std::uint64_t serial);
  void prepare(BlobId blob, std::uint64_t serial, std::uint64_t size);
  void opened(BlobId blob, std::uint64_t serial, Status status);

  void write(Request request, BlobId blob, UserId user, ConversationId conversation, std::uint64_t offset,
             OwnedView data);
  void written(Request request, BlobId blob, std::uint64_t serial, std::uint64_t offset, std::uint64_t end,
               const Status& status);
  void drop_if_broken(BlobId blob, std::uint64_t serial);
  void give_back(UserId user, std::uint64_t bytes);
  void sync(BlobId blob, Upload& upload);
  void complete(Request request, BlobId blob, std::uint64_t size);
  void completed(Request request, BlobId blob, std::uint64_t serial, std::uint64_t size,
                 const Status& synced);
  void reply_status(Request request, std::uint64_t size, bool complete);
  void read(Request request, BlobId blob, const Known& known, std::uint64_t offset, std::uint32_t length);
  // Its record is gone. `newest`: the serial of the newest upload when that was asked for.
  void removed(const store::Blob& blob, std::uint64_t newest);
  Status room_for(UserId user, std::uint64_t end, std::uint64_t more);

  Hub& hub_;
  Delivery& delivery_;
  Uploads uploads_;
  std::uint64_t serials_ = 0;
  std::unordered_map<UserId, std::size_t> uploads_of_;  // how many
  std::unordered_map<BlobId, Known> known_;
  std::unordered_map<UserId, std::uint64_t> used_;  // bytes of accounts that upload now
};

}  // namespace sotto::server
