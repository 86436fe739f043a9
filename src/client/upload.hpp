// An upload: reads, hashes, seals and sends chunks in order, resumes at what the server has, finishes the
// blob.
#pragma once

#include <memory>

#include "file_crypto.hpp"
#include "sotto/crypto/hash.hpp"
#include "transfer_job.hpp"

namespace sotto::client {

class Upload final : public TransferJob {
 public:
  // `is_new`: the server has nothing of it, so it need not be asked.
  Upload(JobHost& host, FileAccess& files, store::TransferRecord record, bool is_new);

  Status open() override;
  void on_online() override;
  bool prepare() override;
  bool is_preparing() const override { return stage_ == Stage::hashing; }
  bool can_send() const override;
  void send() override;
  std::size_t under_way() const override { return under_way_; }
  std::uint64_t bytes_done() const override { return layout_.plain_size_of(accepted_); }

  const Bytes& sha256() const { return sha256_; }

 private:
  enum class Stage { asking, hashing, sending, finishing };

  void ask();
  void on_conflict(const Error& error);
  void go_to(std::uint64_t chunk);
  void finish();
  Result<Bytes> read(std::uint64_t chunk);
  Status check_unchanged();

  JobHost& host_;
  FileAccess& files_;
  bool is_new_;
  FileLayout layout_;
  ChunkCipher cipher_;
  std::unique_ptr<ReadableFile> file_;
  crypto::Hasher hasher_;
  Bytes sha256_;
  Stage stage_ = Stage::asking;
  std::uint64_t hashed_ = 0;    // chunks that went into the hash, each once
  std::uint64_t next_ = 0;      // to be sent
  std::uint64_t accepted_ = 0;  // by the server
  std::size_t under_way_ = 0;
  int conflicts_ = 0;
  std::uint64_t round_ =
      0;  // of questions where the server is; answers to chunks of earlier ones mean nothing
};

}  // namespace sotto::client
