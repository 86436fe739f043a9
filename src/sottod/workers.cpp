#include "workers.hpp"

#include <algorithm>
#include <thread>

#include "sotto/base/log.hpp"

namespace sotto::sottod {
namespace {

// The core bounds what it puts into each queue; these are only a second wall.
constexpr std::size_t kMaxJobs = 1U << 20;
// Tasks per transaction: enough to share an fsync, few enough that nobody waits long for others' work.
constexpr std::size_t kMaxBatch = 512;
// Under load, how long a transaction waits for company. An fdatasync takes 170 us of CPU time and longer to
// come back; four milliseconds more are not felt.
constexpr Duration kGather = std::chrono::milliseconds(4);
constexpr std::size_t kGatherFrom = 16;

// Pieces of files answered together: few, since who sends them waits for the answers to send more.
constexpr std::size_t kBlobBatch = 2;

// Each hash takes 19 MiB and a core for 14 ms: half of the machine at most, so that chat goes on.
std::size_t password_threads() {
  return std::clamp<std::size_t>(std::thread::hardware_concurrency() / 2, 1, 4);
}

}  // namespace

StorageThread::StorageThread(net::Loop& loop, std::unique_ptr<store::ServerStore> store,
                             std::function<void()> before_results, std::function<void()> on_failure)
    : store_(std::move(store)),
      before_results_(std::move(before_results)),
      on_failure_(std::move(on_failure)),
      poster_(loop.poster()) {
  net::Worker::Options options;
  options.name = "storage";
  options.max_jobs = kMaxJobs;
  options.max_batch = kMaxBatch;
  options.gather = kGather;
  options.gather_from = kGatherFrom;
  options.after_batch = [this] {
    store::run_batch(*store_, batch_);
    batch_.clear();
    if (failed_ || !store_->has_failed()) return;
    failed_ = true;
    poster_.post([this] { on_failure_(); });
  };
  worker_ = std::make_unique<net::Worker>(loop, std::move(options));
}

StorageThread::~StorageThread() { worker_.reset(); }

void StorageThread::submit(store::StoreTask task) {
  auto owned = std::make_unique<store::StoreTask>(std::move(task));
  store::StoreTask* const borrowed = owned.get();
  const std::size_t weight = borrowed->weight;
  const bool taken = worker_->submit([this, borrowed] { batch_.push_back(borrowed); },
                                     [this, owned = std::move(owned)] {
                                       before_results_();
                                       owned->done();
                                     },
                                     weight);
  if (!taken) log::error("storage.queue_full");
}

PasswordThreads::PasswordThreads(net::Loop& loop, crypto::Argon2Params params,
                                 std::function<void()> before_results)
    : params_(params),
      before_results_(std::move(before_results)),
      worker_(loop, net::Worker::Options{"passwords", password_threads(), kMaxJobs, 1, {}, {}}) {}

void PasswordThreads::hash(SecretBytes password, std::function<void(Result<std::string>)> then) {
  auto result = std::make_shared<Result<std::string>>(std::string());
  worker_.submit([this, password = std::move(password),
                  result] { *result = crypto::hash_password(password.view(), params_); },
                 [this, then = std::move(then), result] {
                   before_results_();
                   then(std::move(*result));
                 });
}

void PasswordThreads::verify(SecretBytes password, std::string phc, std::function<void(bool)> then) {
  auto result = std::make_shared<bool>(false);
  worker_.submit([password = std::move(password), phc = std::move(phc),
                  result] { *result = crypto::verify_password(password.view(), phc); },
                 [this, then = std::move(then), result] {
                   before_results_();
                   then(*result);
                 });
}

BlobThread::BlobThread(net::Loop& loop, store::BlobFiles files, std::function<void()> before_results)
    : files_(std::move(files)),
      before_results_(std::move(before_results)),
      syncs_(loop, net::Worker::Options{"blob syncs", 1, kMaxJobs, 1, {}, {}}),
      worker_(loop, net::Worker::Options{"blobs", 1, kMaxJobs, kBlobBatch, {}, {}}) {}

template <class T, class Work, class Then>
void BlobThread::run(Work work, Then then) {
  // Shared by the two halves, which never run at once.
  auto result = std::make_shared<std::optional<Result<T>>>();
  worker_.submit([work = std::move(work), result]() mutable { result->emplace(work()); },
                 [this, then = std::move(then), result] {
                   before_results_();
                   then(std::move(**result));
                 });
}

void BlobThread::prepare(BlobId blob, std::uint64_t size, Done then) {
  run<Unit>([this, blob, size] { return files_.prepare(blob, size); }, std::move(then));
}
void BlobThread::write(BlobId blob, std::uint64_t offset, OwnedView data, Done then) {
  run<Unit>([this, blob, offset, data = std::move(data)] { return files_.write(blob, offset, data.view); },
            std::move(then));
}
void BlobThread::sync(BlobId blob, Done then) {
  // Begun in its turn, behind the writes before it and their answers; then the disk may take its time.
  auto begun = std::make_shared<std::optional<Result<store::BlobFiles::Sync>>>();
  worker_.submit([this, blob, begun] { begun->emplace(files_.begin_sync(blob)); },
                 [this, begun, then = std::move(then)]() mutable {
                   if (!**begun) {
                     before_results_();
                     return then((*begun)->error());
                   }
                   auto result = std::make_shared<Status>(ok_status());
                   syncs_.submit([begun, result] { *result = (**begun)->run(); },
                                 [this, then = std::move(then), result] {
                                   before_results_();
                                   then(*result);
                                 });
                 });
}
void BlobThread::read(BlobId blob, std::uint64_t offset, std::uint32_t length, Bytes head, Read then) {
  run<Bytes>(
      [this, blob, offset, length, out = std::move(head)]() mutable -> Result<Bytes> {
        if (Status done = files_.read(blob, offset, length, out); !done) return std::move(done).error();
        return std::move(out);
      },
      std::move(then));
}
void BlobThread::remove(BlobId blob) {
  run<Unit>([this, blob] { return files_.remove(blob); },
            [](const Status& done) {
              if (!done && done.error().code != ErrorCode::not_found) log::warning("blob.not_removed");
            });
}

}  // namespace sotto::sottod
