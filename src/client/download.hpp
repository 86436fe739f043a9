// A download: fetches, opens and writes chunks into a temporary file beside the target, resumes at what is
// verified, and gives the file its name only when its hash is right.
#pragma once

#include <map>
#include <memory>

#include "file_crypto.hpp"
#include "sotto/crypto/hash.hpp"
#include "transfer_job.hpp"

namespace sotto::client {

class Download final : public TransferJob {
 public:
  Download(JobHost& host, FileAccess& files, store::TransferRecord record, std::uint32_t chunk_bytes);

  Status open() override;
  void on_online() override;
  bool prepare() override;
  bool is_preparing() const override { return stage_ == Stage::hashing; }
  bool can_send() const override;
  void send() override;
  std::size_t under_way() const override { return under_way_; }
  std::uint64_t bytes_done() const override { return layout_.plain_size_of(record.chunks); }

 private:
  enum class Stage { hashing, fetching, finished };

  void on_chunk(std::uint64_t chunk, Result<proto::Envelope> reply);
  bool take(std::uint64_t chunk, const Bytes& plain);
  void finish();
  void discard(const char* why);

  JobHost& host_;
  FileAccess& files_;
  FileLayout layout_;
  ChunkCipher cipher_;
  std::unique_ptr<WritableFile> file_;
  crypto::Hasher hasher_;
  Stage stage_ = Stage::hashing;
  bool online_ = false;
  std::uint64_t hashed_ = 0;
  std::uint64_t next_ = 0;                // to be asked for
  std::map<std::uint64_t, Bytes> early_;  // opened before its turn; bounded by the window
  std::size_t under_way_ = 0;
};

}  // namespace sotto::client
