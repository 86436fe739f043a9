// Throughput of a blob up to the server and down again, as a ratio of a plain TLS 1.3 copy over loopback
// of the same bytes in the same run (blocking OpenSSL on both ends, 16 KiB writes, one process each).
#include <algorithm>

#include "bench_support.hpp"
#include "crowd.hpp"
#include "reference.hpp"
#include "sotto/crypto/random.hpp"
#include "sotto/proto/hot_frames.hpp"

namespace sotto::bench {
namespace {

using Clock = std::chrono::duration<double>;

// Pieces on the way, as many as the client has (src/client/transfer_job.hpp).
constexpr int kUploadWindow = 32;
constexpr int kDownloadWindow = 16;

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
      const auto make_frame = [&](std::uint64_t id) -> Result<Bytes> {
        Bytes frame = proto::put_blob_head(id, as_bytes(blob_), as_bytes(conversation_), offset_, length);
        append(frame, as_bytes(data_).first(length));
        return frame;
      };
      ++in_flight_;
      up_.request(make_frame, net::Priority::bulk, [this, length](Result<proto::Envelope> reply) {
        if (!reply) die("upload: " + reply.error().message);
        --in_flight_;
        confirmed_ += length;
        fill_upload();
      });
      offset_ += length;
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
  const int rounds = arguments.number("rounds", 5);
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

  // Alternating, and compared round by round: what the host does to one of the three it does to its
  // neighbours.
  std::vector<double> plain, up, down, up_ratio, down_ratio;
  const double cpu_before = cpu_seconds(server.pid());
  for (int round = 0; round < rounds; ++round) {
    plain.push_back(plain_tls_copy(size));
    Transfer transfer(loop, *members[0].client, *members[1].client,
                      opened->open_direct_reply().conversation().conversation(), size);
    up.push_back(transfer.upload());
    down.push_back(transfer.download());
    up_ratio.push_back(plain.back() / up.back());
    down_ratio.push_back(plain.back() / down.back());
  }
  const double cpu = cpu_seconds(server.pid()) - cpu_before;
  const double megabytes = static_cast<double>(size) / 1e6;
  report.add("size", megabytes, "MB");
  report.add("plain_tls", megabytes / median(plain), "MB/s");
  report.add("upload", megabytes / median(up), "MB/s");
  report.add("download", megabytes / median(down), "MB/s");
  report.add("upload_ratio", median(up_ratio), "ratio");
  report.add("download_ratio", median(down_ratio), "ratio");
  report.add("server_cpu_per_gigabyte", cpu / (2 * rounds * megabytes / 1000), "s");
  report.print();
  for (Member& member : members) member.client->on_closed_by_server = nullptr;
  return 0;
}
