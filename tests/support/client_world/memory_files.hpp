// client::FileAccess in memory, with a disk that can be full and files that can be changed behind one's back.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "sotto/client/file_access.hpp"

namespace sotto::testing {

class MemoryFiles final : public client::FileAccess {
 public:
  struct File {
    Bytes data;
    std::int64_t modified_ns = 0;
    std::uint64_t identity = 0;
  };

  Result<std::unique_ptr<client::ReadableFile>> open(const std::string& path) override;
  Result<std::unique_ptr<client::WritableFile>> create(const std::string& path) override;
  Result<std::unique_ptr<client::WritableFile>> reopen(const std::string& path) override;
  Result<std::string> publish(const std::string& temporary, const std::string& folder,
                              const std::string& name) override;
  Status remove(const std::string& path) override;
  client::PathKind kind(const std::string& path) override;
  Result<std::string> download_folder() override { return std::string("/downloads"); }

  void put(const std::string& path, Bytes data);

  std::map<std::string, std::shared_ptr<File>> files;
  std::set<std::string> unreadable;
  std::uint64_t disk_bytes_left = ~std::uint64_t{0};

 private:
  std::int64_t clock_ = 0;
};

}  // namespace sotto::testing
