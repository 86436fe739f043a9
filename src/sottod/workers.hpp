// The threads behind the loop: database, passwords, sealed files. Everything comes back on the loop.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "sotto/crypto/password.hpp"
#include "sotto/net/loop.hpp"
#include "sotto/net/worker.hpp"
#include "sotto/server/ports.hpp"
#include "sotto/store_files/blob_files.hpp"

namespace sotto::sottod {

// Queued tasks share one transaction: group commit.
class StorageThread {
 public:
  // `before_results`: on the loop, before each task's answer. `on_failure`: on the loop, once, when the disk
  // has failed and the server has to stop.
  StorageThread(net::Loop& loop, std::unique_ptr<store::ServerStore> store,
                std::function<void()> before_results, std::function<void()> on_failure);
  ~StorageThread();
  void submit(store::StoreTask task);

 private:
  std::unique_ptr<store::ServerStore> store_;
  std::vector<store::StoreTask*> batch_;  // the storage thread's
  std::function<void()> before_results_;
  std::function<void()> on_failure_;
  bool failed_ = false;  // the storage thread's
  net::Poster poster_;
  std::unique_ptr<net::Worker> worker_;
};

class PasswordThreads {
 public:
  PasswordThreads(net::Loop& loop, crypto::Argon2Params params, std::function<void()> before_results);
  void hash(SecretBytes password, std::function<void(Result<std::string>)> then);
  void verify(SecretBytes password, std::string phc, std::function<void(bool)> then);

 private:
  crypto::Argon2Params params_;
  std::function<void()> before_results_;
  net::Worker worker_;
};

class BlobThread final : public server::BlobPort {
 public:
  BlobThread(net::Loop& loop, store::BlobFiles files, std::function<void()> before_results);
  void prepare(BlobId blob, std::uint64_t size, Done then) override;
  void write(BlobId blob, std::uint64_t offset, OwnedView data, Done then) override;
  void sync(BlobId blob, Done then) override;
  void read(BlobId blob, std::uint64_t offset, std::uint32_t length, Bytes head, Read then) override;
  void remove(BlobId blob) override;

 private:
  template <class T, class Work, class Then>
  void run(Work work, Then then);
  store::BlobFiles files_;
  std::function<void()> before_results_;
  net::Worker syncs_;  // waits for the disk while worker_ goes on
  net::Worker worker_;
};

}  // namespace sotto::sottod
