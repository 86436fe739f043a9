#include "support/client_world/memory_files.hpp"

#include <algorithm>

namespace sotto::testing {

namespace {

class OpenFile final : public client::WritableFile {
 public:
  OpenFile(MemoryFiles& files, std::shared_ptr<MemoryFiles::File> file)
      : files_(files), file_(std::move(file)) {}

  Result<client::FileStamp> stamp() override {
    return client::FileStamp{file_->data.size(), file_->modified_ns, file_->identity};
  }
  Result<std::size_t> read_at(std::uint64_t offset, MutableByteView out) override {
    if (offset >= file_->data.size()) return std::size_t{0};
    const std::size_t count = std::min<std::size_t>(out.size(), file_->data.size() - offset);
    std::copy_n(file_->data.begin() + static_cast<std::ptrdiff_t>(offset), count, out.begin());
    return count;
  }
  Status write_at(std::uint64_t offset, ByteView data) override {
    const std::uint64_t end = offset + data.size();
    if (end > file_->data.size()) {
      const std::uint64_t more = end - file_->data.size();
      if (more > files_.disk_bytes_left) return fail(ErrorCode::storage, "The disk is full.");
      files_.disk_bytes_left -= more;
      file_->data.resize(end);
    }
    std::ranges::copy(data, file_->data.begin() + static_cast<std::ptrdiff_t>(offset));
    return ok_status();
  }
  Status sync() override { return ok_status(); }

 private:
  MemoryFiles& files_;
  std::shared_ptr<MemoryFiles::File> file_;
};

}  // namespace

void MemoryFiles::put(const std::string& path, Bytes data) {
  auto file = std::make_shared<File>();
  file->data = std::move(data);
  file->modified_ns = ++clock_;
  file->identity = static_cast<std::uint64_t>(++clock_);
  files[path] = std::move(file);
}

Result<std::unique_ptr<client::ReadableFile>> MemoryFiles::open(const std::string& path) {
  const auto found = files.find(path);
  if (found == files.end()) return fail(ErrorCode::not_found, "There is no file with this name.");
  if (unreadable.contains(path)) return fail(ErrorCode::denied, "The file can't be read: permission denied.");
  return std::unique_ptr<client::ReadableFile>(std::make_unique<OpenFile>(*this, found->second));
}

Result<std::unique_ptr<client::WritableFile>> MemoryFiles::create(const std::string& path) {
  if (files.contains(path)) return fail(ErrorCode::conflict, "A file with this name exists.");
  put(path, {});
  return reopen(path);
}

Result<std::unique_ptr<client::WritableFile>> MemoryFiles::reopen(const std::string& path) {
  const auto found = files.find(path);
  if (found == files.end()) return fail(ErrorCode::not_found, "The file is gone.");
  return std::unique_ptr<client::WritableFile>(std::make_unique<OpenFile>(*this, found->second));
}

Result<std::string> MemoryFiles::publish(const std::string& temporary, const std::string& folder,
                                         const std::string& name) {
  const auto found = files.find(temporary);
  if (found == files.end()) return fail(ErrorCode::not_found, "The file is gone.");
  std::string path = folder + "/" + name;
  for (int count = 1; files.contains(path); ++count) {
    const std::size_t dot = name.rfind('.');
    path = folder + "/" + name.substr(0, dot) + " (" + std::to_string(count) + ")" +
           (dot == std::string::npos ? "" : name.substr(dot));
  }
  files[path] = found->second;
  files.erase(temporary);
  return path;
}

Status MemoryFiles::remove(const std::string& path) {
  files.erase(path);
  return ok_status();
}

client::PathKind MemoryFiles::kind(const std::string& path) {
  if (path == "/downloads" || path == "/elsewhere") return client::PathKind::folder;
  return files.contains(path) ? client::PathKind::file : client::PathKind::none;
}

}  // namespace sotto::testing
