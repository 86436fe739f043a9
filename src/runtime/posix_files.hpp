// client::FileAccess over the file system.
#pragma once

#include "sotto/client/file_access.hpp"

namespace sotto::runtime {

class PosixFiles final : public client::FileAccess {
 public:
  explicit PosixFiles(std::string download_folder) : download_folder_(std::move(download_folder)) {}

  Result<std::unique_ptr<client::ReadableFile>> open(const std::string& path) override;
  Result<std::unique_ptr<client::WritableFile>> create(const std::string& path) override;
  Result<std::unique_ptr<client::WritableFile>> reopen(const std::string& path) override;
  Result<std::string> publish(const std::string& temporary, const std::string& folder,
                              const std::string& name) override;
  Status remove(const std::string& path) override;
  client::PathKind kind(const std::string& path) override;
  Result<std::string> download_folder() override;

 private:
  std::string download_folder_;
};

// The name to try after `attempt` others were taken: "a.txt", "a (1).txt", "a (2).txt"; "a.tar.gz" keeps both
// endings.
std::string numbered_name(const std::string& name, int attempt);

}  // namespace sotto::runtime
