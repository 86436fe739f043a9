#include "data_dir.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "sotto/base/secret_bytes.hpp"
#include "sotto/crypto/identity_chain.hpp"
#include "sotto/proto/invite_link.hpp"

namespace sotto::sottod {
namespace {

constexpr std::size_t kMaxFileBytes = 64UL * 1024;  // keys, certificates, an address
constexpr int kCaDays = 20 * 365;
constexpr int kServerDays = 10 * 365;
constexpr std::int64_t kRenewBeforeMs = 30 * crypto::kDayMs;

Error system_failure(const std::string& doing, int number) {
  return fail(ErrorCode::storage, doing + ": " + std::strerror(number) + ".");
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

// A server ran there once: its lock file stays.
bool is_ours(const std::string& folder) { return exists(folder + "/lock"); }

Result<bool> is_empty(const std::string& folder) {
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (entry->path().filename() != "lost+found") return false;  // which a fresh disk has
  }
  if (error) return system_failure("looking into " + folder, error.value());
  return true;
}

Status write_all(int fd, ByteView content) {
  while (!content.empty()) {
    const ssize_t count = ::write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_failure("writing", errno);
    content = content.subspan(static_cast<std::size_t>(count));
  }
  if (::fchmod(fd, 0600) != 0 || ::fsync(fd) != 0) return system_failure("writing", errno);
  return ok_status();
}

void sync_folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const net::Socket folder(::open(slash == std::string::npos ? "." : path.substr(0, slash + 1).c_str(),
                                  O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.valid()) ::fsync(folder.fd());
}

}  // namespace

Status write_file_atomically(const std::string& path, ByteView content) {
  const std::string beside = path + ".new";
  ::unlink(beside.c_str());
  Status written = ok_status();
  {
    const net::Socket file(
        ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.valid()) return system_failure("creating " + beside, errno);
    written = write_all(file.fd(), content);
  }
  if (written && ::rename(beside.c_str(), path.c_str()) != 0) written = system_failure("renaming", errno);
  if (!written) {
    ::unlink(beside.c_str());
    return std::move(written).error().with(path);
  }
  sync_folder_of(path);
  return ok_status();
}

Result<DataDir> DataDir::open(std::string path, bool create) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  if (create) {
    for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
      ::mkdir(path.substr(0, slash).c_str(), 0700);  // those that are there stay as they are
    }
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return system_failure("creating " + path, errno);
  }
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return system_failure(path, errno);
  if (!S_ISDIR(info.st_mode)) return fail(ErrorCode::storage, path + " is not a directory.");
  // Not one that somebody else has a use for: a mistyped path must not take it from them.
  if (!is_ours(path)) {
    if (!create) {
      return fail(ErrorCode::not_found,
                  "There is no server in " + path + " yet. Start `sottod serve` once first.");
    }
    const Result<bool> empty = is_empty(path);
    if (!empty) return empty.error();
    if (!*empty) {
      return fail(ErrorCode::conflict, path + " holds other files. Give the server a folder of its own.");
    }
  }
  if (::chmod(path.c_str(), 0700) != 0) return system_failure("making " + path + " private", errno);
  return DataDir(std::move(path));
}

Status DataDir::lock() {
  net::Socket file(::open((path_ + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid()) return system_failure("creating the lock file", errno);
  if (::fchmod(file.fd(), 0600) != 0) return system_failure("making the lock file private", errno);
  if (::flock(file.fd(), LOCK_EX | LOCK_NB) != 0) {
    return fail(ErrorCode::conflict, "Another sottod runs on " + path_ + " already.");
  }
  lock_ = std::move(file);
  return ok_status();
}

Result<std::string> DataDir::read(const std::string& name) const {
  const net::Socket file(::open((path_ + "/" + name).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.valid()) {
    if (errno == ENOENT) return fail(ErrorCode::not_found, path_ + "/" + name + " is missing.");
    return system_failure("opening " + name, errno);
  }
  std::string content(kMaxFileBytes + 1, '\0');
  const ssize_t count = ::read(file.fd(), content.data(), content.size());
  if (count < 0) return system_failure("reading " + name, errno);
  if (static_cast<std::size_t>(count) > kMaxFileBytes)
    return fail(ErrorCode::storage, name + " is far too large.");
  content.resize(static_cast<std::size_t>(count));
  return content;
}

Result<crypto::Certificate> DataDir::ca() const {
  const Result<std::string> pem = read("ca.crt");
  if (!pem) return pem.error();
  return crypto::Certificate::from_pem(*pem);
}

Result<Keys> DataDir::keys(Random& random, WallTime now) const {
  const auto load_key = [&](const std::string& name) -> Result<crypto::SigningKey> {
    Result<std::string> pem = read(name);
    if (!pem) return std::move(pem).error();
    Result<crypto::SigningKey> key = crypto::private_key_from_pem(as_bytes(*pem));
    secure_wipe(pem->data(), pem->size());
    if (!key) return std::move(key).error().with(name);
    return key;
  };
  const auto store = [&](const std::string& name, const crypto::SigningKey* key,
                         const crypto::Certificate& certificate) -> Status {
    if (key != nullptr) {
      const SecretBytes pem = crypto::private_key_to_pem(*key);
      if (Status done = write_file_atomically(path_ + "/" + name + ".key", pem.view()); !done) return done;
    }
    // The certificate last: with it, the pair counts as made.
    return write_file_atomically(path_ + "/" + name + ".crt", as_bytes(certificate.to_pem()));
  };
  const auto new_key = [&] {
    return crypto::SigningKey::generate(crypto::SignatureAlgorithm::ed25519, random);
  };

  if (!exists(path_ + "/ca.crt")) {
    if (exists(database())) {  // made after the keys
      return fail(ErrorCode::not_found, path_ +
                                            "/ca.crt is missing. All accounts depend on it and on ca.key: "
                                            "restore them from a backup.");
    }
    const crypto::SigningKey key = new_key();
    const Result<crypto::Certificate> made =
        crypto::issue_server_ca(key, crypto::validity_from(now, kCaDays), random);
    if (!made) return made.error();
    if (Status done = store("ca", &key, *made); !done) return std::move(done).error();
  }
  Result<crypto::SigningKey> ca_key = load_key("ca.key");
  if (!ca_key) return std::move(ca_key).error();
  const Result<crypto::Certificate> authority = ca();
  if (!authority) return authority.error();

  if (exists(path_ + "/server.crt")) {
    Result<crypto::SigningKey> key = load_key("server.key");
    if (!key) return std::move(key).error();
    const Result<std::string> pem = read("server.crt");
    if (!pem) return pem.error();
    const Result<crypto::Certificate> certificate = crypto::Certificate::from_pem(*pem);
    if (!certificate) return certificate.error();
    if (crypto::verify_server_certificate(*certificate, *authority, WallTime{now.ms + kRenewBeforeMs})) {
      return Keys{*std::move(ca_key), *authority, *std::move(key), *certificate};
    }
  }
  crypto::SigningKey key = new_key();
  const Result<crypto::Certificate> certificate = crypto::issue_server_certificate(
      *ca_key, *authority, key.public_key(), crypto::validity_from(now, kServerDays), random);
  if (!certificate) return certificate.error();
  if (Status done = store("server", &key, *certificate); !done) return std::move(done).error();
  return Keys{*std::move(ca_key), *authority, std::move(key), *certificate};
}

Status DataDir::write_address(const net::HostPort& address) const {
  const bool ipv6 = address.host.find(':') != std::string::npos;
  const std::string text =
      (ipv6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
  return write_file_atomically(path_ + "/address", as_bytes(text + "\n"));
}

Result<net::HostPort> DataDir::read_address() const {
  Result<std::string> text = read("address");
  if (!text) {
    return fail(ErrorCode::not_found,
                "The server has not run on " + path_ + " yet. Start `sottod serve` once first.");
  }
  while (text->ends_with('\n')) text->pop_back();
  return net::parse_host_port(*text, proto::kDefaultPort);
}

}  // namespace sotto::sottod
