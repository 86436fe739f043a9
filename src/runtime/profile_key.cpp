#include "profile_key.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <vector>

#include "file_errors.hpp"
#include "sotto/crypto/aead.hpp"
#include "sotto/crypto/hash.hpp"

namespace sotto::runtime {
namespace {

constexpr std::size_t kKeySize = 32;
constexpr std::size_t kWrappedSize = crypto::kAeadNonceSize + kKeySize + crypto::kAeadTagSize;
constexpr std::size_t kSumSize = 16;
constexpr std::string_view kFirstLine = "sotto profile key 1";
// As crypto::Argon2Params allows.
constexpr std::size_t kLeastMemory = 8U << 10, kMostMemory = 1U << 30;
constexpr std::uint32_t kMostPasses = 16;

Error damaged() { return fail(ErrorCode::storage, "The file profile.key is damaged."); }

struct Descriptor {
  explicit Descriptor(int opened) : fd(opened) {}
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int fd;
};

std::string header_of(const WrappedKey& key) {
  return std::string(kFirstLine) + "\nargon2id " + std::to_string(key.params.memory_bytes) + " " +
         std::to_string(key.params.passes) + " " + to_base64url(key.salt) + "\n";
}

std::string sum_of(std::string_view text) {
  const Bytes digest = crypto::hash(crypto::HashAlgorithm::sha256, as_bytes(text));
  return to_base64url(ByteView(digest).first(kSumSize));
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; (at = text.find(separator)) != std::string_view::npos;
       text.remove_prefix(at + 1)) {
    parts.push_back(text.substr(0, at));
  }
  parts.push_back(text);
  return parts;
}

template <class Number>
bool parse(std::string_view text, Number least, Number most, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size() && out >= least && out <= most;
}

Status check_passphrase(const SecretBytes& passphrase) {
  if (passphrase.empty()) return fail(ErrorCode::invalid_argument, "The passphrase is empty.");
  if (passphrase.size() > crypto::kMaxPasswordSize) {
    return fail(ErrorCode::too_large, "The passphrase is longer than 1024 bytes.");
  }
  return ok_status();
}

Status write_file(const std::string& path, const std::string& text) {
  const std::string fresh = path + ".new";
  ::unlink(fresh.c_str());
  {
    const Descriptor file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (file.fd < 0) return file_error(errno, "The profile's key can't be saved");
    // One write: the file is far below a page.
    errno = ENOSPC;
    if (::fchmod(file.fd, 0600) != 0 ||
        ::write(file.fd, text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::fsync(file.fd) != 0) {
      Error error = file_error(errno, "The profile's key can't be saved");
      ::unlink(fresh.c_str());
      return error;
    }
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0)
    return file_error(errno, "The profile's key can't be saved");
  const std::size_t slash = path.rfind('/');
  const Descriptor folder(::open(slash == std::string::npos ? "." : path.substr(0, slash + 1).c_str(),
                                 O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.fd < 0 || ::fsync(folder.fd) != 0) return file_error(errno, "The profile's key can't be saved");
  return ok_status();
}

Result<Bytes> read_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (file.fd < 0) return file_error(errno, "The profile's key can't be read");
  Bytes content(kMaxProfileKeyFile + 1);
  const ssize_t size = ::read(file.fd, content.data(), content.size());
  if (size < 0) return file_error(errno, "The profile's key can't be read");
  content.resize(static_cast<std::size_t>(size));
  return content;
}

Status wrap_to_file(const std::string& path, const SecretBytes& key, const SecretBytes& passphrase,
                    Random& random, const crypto::Argon2Params& params) {
  if (Status good = check_passphrase(passphrase); !good) return good;
  WrappedKey file{params, random.bytes(crypto::kArgon2SaltSize), random.bytes(crypto::kAeadNonceSize)};
  const auto wrapping = crypto::derive_key_from_password(passphrase.view(), file.salt, params, kKeySize);
  if (!wrapping) return wrapping.error();
  append(file.wrapped, crypto::aead_seal(crypto::AeadAlgorithm::aes_256_gcm, wrapping->view(),
                                         Bytes(file.wrapped), as_bytes(header_of(file)), key.view()));
  return write_file(path, encode(file));
}

// Whether there is something under this name; what can't be looked at counts as being there.
bool exists(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_size > 0 : errno != ENOENT;
}

}  // namespace

std::string encode(const WrappedKey& key) {
  const std::string text = header_of(key) + "key " + to_base64url(key.wrapped) + "\n";
  return text + "check " + sum_of(text) + "\n";
}

Result<WrappedKey> decode_profile_key(ByteView file) {
  if (file.size() > kMaxProfileKeyFile) return damaged();
  const std::string_view text = as_text(file);
  const auto lines = split(text, '\n');
  if (lines.size() != 5 || !lines[4].empty()) return damaged();
  if (lines[0] != kFirstLine) {
    if (lines[0].starts_with("sotto profile key ")) {
      return fail(ErrorCode::storage, "A newer version of Sotto wrote this profile.");
    }
    return damaged();
  }
  const auto kdf = split(lines[1], ' ');
  const auto wrapped = split(lines[2], ' ');
  if (kdf.size() != 4 || kdf[0] != "argon2id" || wrapped.size() != 2 || wrapped[0] != "key") return damaged();
  WrappedKey key;
  if (!parse(kdf[1], kLeastMemory, kMostMemory, key.params.memory_bytes) ||
      !parse(kdf[2], 1U, kMostPasses, key.params.passes)) {
    return damaged();
  }
  auto salt = from_base64url(kdf[3]);
  auto bytes = from_base64url(wrapped[1]);
  if (!salt || salt->size() != crypto::kArgon2SaltSize || !bytes || bytes->size() != kWrappedSize)
    return damaged();
  key.salt = std::move(*salt);
  key.wrapped = std::move(*bytes);
  // One spelling only, and the sum with it.
  if (encode(key) != text) return damaged();
  return key;
}

Result<SecretBytes> make_profile_key(const std::string& path, const SecretBytes& passphrase, Random& random,
                                     const crypto::Argon2Params& params) {
  SecretBytes key(kKeySize);
  random.fill(key.mutable_view());
  if (Status written = wrap_to_file(path, key, passphrase, random, params); !written)
    return std::move(written).error();
  return key;
}

Result<SecretBytes> open_profile_key(const std::string& path, const SecretBytes& passphrase) {
  if (Status good = check_passphrase(passphrase); !good) return std::move(good).error();
  const auto content = read_file(path);
  if (!content) return content.error();
  const auto file = decode_profile_key(*content);
  if (!file) return file.error();
  const auto wrapping =
      crypto::derive_key_from_password(passphrase.view(), file->salt, file->params, kKeySize);
  if (!wrapping) return wrapping.error();
  crypto::AeadKey key(crypto::AeadAlgorithm::aes_256_gcm, wrapping->view());
  auto opened =
      key.open_secret(ByteView(file->wrapped).first(crypto::kAeadNonceSize), as_bytes(header_of(*file)),
                      ByteView(file->wrapped).subspan(crypto::kAeadNonceSize));
  if (!opened) return fail(ErrorCode::denied, "The passphrase is wrong.");
  return opened;
}

Status change_passphrase(const std::string& path, const SecretBytes& old_passphrase,
                         const SecretBytes& passphrase, Random& random, const crypto::Argon2Params& params) {
  const auto key = open_profile_key(path, old_passphrase);
  if (!key) return key.error();
  return wrap_to_file(path, *key, passphrase, random, params);
}

Result<std::optional<SecretBytes>> unlock_profile(const std::string& key_path, const std::string& store_path,
                                                  const std::optional<SecretBytes>& passphrase,
                                                  Random& random) {
  const bool has_key = exists(key_path);
  if (!passphrase) {
    if (has_key) {
      return fail(
          ErrorCode::denied,
          "This profile is encrypted: give its passphrase in SOTTO_PASSPHRASE, without --insecure-profile.");
    }
    return std::optional<SecretBytes>{};
  }
  if (!has_key && exists(store_path)) {
    return fail(
        ErrorCode::denied,
        "This profile was made without a passphrase, or its file profile.key is missing. A profile without "
        "encryption is opened with --insecure-profile.");
  }
  auto key =
      has_key ? open_profile_key(key_path, *passphrase) : make_profile_key(key_path, *passphrase, random);
  if (!key) return std::move(key).error();
  return std::optional<SecretBytes>(std::move(*key));
}

}  // namespace sotto::runtime
