// The sealed files of a server as plain files: DIR/ab/<32 hexadecimal digits>, directories 0700, files 0600.
//
// Blocking; for a worker thread. A failed write leaves the file as long as it was. Errors: not_found,
// conflict (not at the end), storage (disk full or failing). Thread: one at a time.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sotto/base/bytes.hpp"
#include "sotto/base/ids.hpp"
#include "sotto/base/result.hpp"

namespace sotto::store {

class BlobFiles {
 public:
  // Makes the directory if it is not there.
  static Result<BlobFiles> open(std::string directory);
  BlobFiles(BlobFiles&& other) noexcept;
  BlobFiles& operator=(BlobFiles&&) = delete;
  ~BlobFiles();

  // Makes the file exactly `size` bytes long, creating it if `size` is 0. not_found: it is shorter.
  Status prepare(BlobId blob, std::uint64_t size);
  Status write(BlobId blob, std::uint64_t offset, ByteView data);
  // File and directory entry are durable afterwards. After an error the pages may be lost although a second
  // call would say ok: then the upload starts over from what was synced before.
  Status sync(BlobId blob);
  // The same in two halves, so that others may go on writing meanwhile: what was written before begin_sync()
  // is durable after run(), which any thread may call.
  class Sync {
   public:
    explicit Sync(int fd) : fd_(fd) {}
    Sync(Sync&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Sync& operator=(Sync&&) = delete;
    ~Sync();
    Status run();

   private:
    int fd_;  // owned
  };
  Result<Sync> begin_sync(BlobId blob);
  // Appends to `out`; fewer bytes only at the end of the file.
  Status read(BlobId blob, std::uint64_t offset, std::uint32_t length, Bytes& out);
  Status remove(BlobId blob);
  // Every file there is; for clearing away what the database does not know.
  Result<std::vector<BlobId>> list() const;

 private:
  struct Open {
    int fd = -1;
    std::uint64_t size = 0;
    std::uint64_t started = 0;  // up to here the disk was asked to write
    bool named = false;         // its directory entry is durable
    std::list<BlobId>::iterator place;
  };
  explicit BlobFiles(std::string directory) : directory_(std::move(directory)) {}
  std::string path(BlobId blob) const;
  Result<Open*> get(BlobId blob, bool create);
  void close(BlobId blob);

  static constexpr std::size_t kMaxOpen = 64;
  std::string directory_;
  std::unordered_map<BlobId, Open> open_;
  std::list<BlobId> recent_;  // the front was used last
};

}  // namespace sotto::store
