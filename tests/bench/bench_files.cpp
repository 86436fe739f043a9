// Throughput of a blob up to the server and down again, as a ratio of a plain TLS 1.3 copy over loopback
// of the same bytes in the same run (blocking OpenSSL on both ends, 16 KiB writes, one process each).
#include <openssl/ssl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "bench_support.hpp"
#include "crowd.hpp"
#include "sotto/crypto/random.hpp"
#include "unit/net/test_identity.hpp"

namespace sotto::bench {
namespace {

using Clock = std::chrono::duration<double>;

constexpr int kUploadWindow = 12;    // PutBlob requests on the way
constexpr int kDownloadWindow = 12;  // GetBlob likewise

// ---- The real protocol ----

class Transfer {
 public:
  Transfer(net::Loop& loop, test::RawClient& up, test::RawClient& down, std::string conversation,
           std::uint64_t size)
      : loop_(loop), up_(up), down_(down), conversation_(std::move(conversation)), size_(size) {
    blob_ = to_string(crypto::system_random().id<BlobId>().bytes());
    chunk_ = up.hello().blob_chunk_bytes();
    if (chunk_ == 0) die("the server takes no blobs");
    data_.assign(chunk_, 'f');
  }

  double upload() {
    const TimePoint start = loop_.now();
    offset_ = confirmed_ = 0;
    fill_upload();
    run_until(
        loop_, [&] { return confirmed_ == size_; }, "upload");
    proto::Envelope finish;
    finish.mutable_finish_blob()->set_blob(blob_);
    finish.mutable_finish_blob()->set_size(size_);
    auto reply = up_.ask(finish);
    if (!reply) die(reply.error().message);
    if (!reply->blob_status_reply().complete()) die("the upload is not complete");
    return Clock(loop_.now() - start).count();
  }
  double download() {
    const TimePoint start = loop_.now();
    offset_ = confirmed_ = 0;
    fill_download();
    run_until(
        loop_, [&] { return confirmed_ == size_; }, "download");
    return Clock(loop_.now() - start).count();
  }

 private:
  void fill_upload() {
    while (offset_ < size_ && in_flight_ < kUploadWindow) {
      const std::uint64_t length = std::min<std::uint64_t>(chunk_, size_ - offset_);
      proto::Envelope request;
      auto& body = *request.mutable_put_blob();
      body.set_blob(blob_);
      body.set_conversation(conversation_);
      body.set_offset(offset_);
      body.set_data(data_.data(), length);
      offset_ += length;
      ++in_flight_;
      up_.request(request, net::Priority::bulk, [this, length](Result<proto::Envelope> reply) {
        if (!reply) die("upload: " + reply.error().message);
        --in_flight_;
        confirmed_ += length;
        fill_upload();
      });
    }
  }
  void fill_download() {
    while (offset_ < size_ && in_flight_ < kDownloadWindow) {
      const std::uint64_t length = std::min<std::uint64_t>(chunk_, size_ - offset_);
      proto::Envelope request;
      auto& body = *request.mutable_get_blob();
      body.set_blob(blob_);
      body.set_offset(offset_);
      body.set_length(static_cast<std::uint32_t>(length));
      offset_ += length;
      ++in_flight_;
      down_.request(request, net::Priority::urgent, [this, length](Result<proto::Envelope> reply) {
        if (!reply) die("download: " + reply.error().message);
        if (reply->get_blob_reply().data().size() != length) die("a short piece");
        --in_flight_;
        confirmed_ += length;
        fill_download();
      });
    }
  }

  net::Loop& loop_;
  test::RawClient& up_;
  test::RawClient& down_;
  std::string conversation_;
  std::string blob_;
  std::string data_;
  std::uint64_t size_;
  std::uint64_t chunk_ = 0;
  std::uint64_t offset_ = 0;
  std::uint64_t confirmed_ = 0;
  int in_flight_ = 0;
};

// ---- What it is compared with ----

// Seconds for `size` bytes from one process to another, then one byte back.
double plain_tls_copy(std::uint64_t size) {
  int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_storage native{};
  socklen_t length = net::SocketAddress::from_ip("127.0.0.1", 0)->to_native(native);
  if (::bind(listener, reinterpret_cast<sockaddr*>(&native), length) != 0 || ::listen(listener, 1) != 0)
    die("bind");
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&native), &length);
  std::vector<char> buffer(16 * 1024, 'p');

  const pid_t child = ::fork();
  if (child == 0) {  // the receiver
    const net::TlsIdentity identity = net::test::make_identity("plain");
    SSL_CTX* context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate_ASN1(context, static_cast<int>(identity.chain_der[0].size()),
                                 identity.chain_der[0].data());
    SSL_CTX_use_PrivateKey_ASN1(EVP_PKEY_ED25519, context, identity.key_der.data(),
                                static_cast<long>(identity.key_der.size()));
    SSL* ssl = SSL_new(context);
    SSL_set_fd(ssl, ::accept(listener, nullptr, nullptr));
    if (SSL_accept(ssl) != 1) ::_exit(1);
    for (std::uint64_t got = 0; got < size;) {
      const int count = SSL_read(ssl, buffer.data(), static_cast<int>(buffer.size()));
      if (count <= 0) ::_exit(1);
      got += static_cast<std::uint64_t>(count);
    }
    SSL_write(ssl, "x", 1);
    SSL_shutdown(ssl);
    ::_exit(0);
  }
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_ciphersuites(context, "TLS_AES_256_GCM_SHA384");
  SSL* ssl = SSL_new(context);
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&native), length) != 0) die("connect");
  SSL_set_fd(ssl, fd);
  if (SSL_connect(ssl) != 1) die("handshake of the plain copy");
  const TimePoint start = net::monotonic_now();
  for (std::uint64_t sent = 0; sent < size;) {
    const int count =
        SSL_write(ssl, buffer.data(), static_cast<int>(std::min<std::uint64_t>(buffer.size(), size - sent)));
    if (count <= 0) die("write of the plain copy");
    sent += static_cast<std::uint64_t>(count);
  }
  if (SSL_read(ssl, buffer.data(), 1) != 1) die("answer of the plain copy");
  const double seconds = Clock(net::monotonic_now() - start).count();
  SSL_free(ssl);
  SSL_CTX_free(context);
  ::close(fd);
  ::close(listener);
  ::waitpid(child, nullptr, 0);
  return seconds;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace
}  // namespace sotto::bench

int main(int argc, char** argv) {
  using namespace sotto;
  using namespace sotto::bench;
  keep_freed_memory();
  const Arguments arguments(argc, argv);
  const auto size = static_cast<std::uint64_t>(arguments.number("megabytes", 256)) << 20;
  const int rounds = arguments.number("rounds", 3);
  Report report("bench_files");
  test::ServerProcess server(arguments.text("sottod", "sottod"));
  net::Loop loop;
  const proto::InviteLink link = server.invite(2);
  std::vector<Member> members = enrol(loop, link, 2);
  log_in(loop, link, members);
  proto::Envelope request;
  request.mutable_open_direct()->set_peer(to_string(members[1].account->user.bytes()));
  auto opened = members[0].client->ask(request);
  if (!opened) die(opened.error().message);

  // Alternating, so that other work on the machine hits all three alike.
  std::vector<double> plain, up, down;
  const double cpu_before = cpu_seconds(server.pid());
  for (int round = 0; round < rounds; ++round) {
    plain.push_back(plain_tls_copy(size));
    Transfer transfer(loop, *members[0].client, *members[1].client,
                      opened->open_direct_reply().conversation().conversation(), size);
    up.push_back(transfer.upload());
    down.push_back(transfer.download());
  }
  const double cpu = cpu_seconds(server.pid()) - cpu_before;
  const double megabytes = static_cast<double>(size) / 1e6;
  report.add("size", megabytes, "MB");
  report.add("plain_tls", megabytes / median(plain), "MB/s");
  report.add("upload", megabytes / median(up), "MB/s");
  report.add("download", megabytes / median(down), "MB/s");
  report.add("upload_ratio", median(plain) / median(up), "ratio");
  report.add("download_ratio", median(plain) / median(down), "ratio");
  report.add("server_cpu_per_gigabyte", cpu / (2 * rounds * megabytes / 1000), "s");
  report.print();
  for (Member& member : members) member.client->on_closed_by_server = nullptr;
  return 0;
}
