// One running upload or download: the part that Transfers drives.
//
//   while (job.prepare()) ...            // re-reading what was done before a restart, a slice at a time
//   while (job.can_send()) job.send();   // one chunk request each; Transfers takes turns between jobs
// Thread: the client core's.
#pragma once

#include <functional>

#include "sotto/base/result.hpp"
#include "sotto/client/file_access.hpp"
#include "sotto/proto/channel.hpp"
#include "sotto/store/client_store.hpp"

namespace sotto::client {

// What a job may ask for. Handlers of a job that was paused, cancelled or cut off meanwhile are not called.
class JobHost {
 public:
  using Handler = std::function<void(Result<proto::Envelope>)>;
  using MakeFrame = std::function<Result<Bytes>(std::uint64_t id)>;
  virtual ~JobHost() = default;
  virtual void request(TransferId job, proto::Envelope envelope, Handler handler) = 0;
  // Written without an Envelope; `make_frame` is called before this returns, or never.
  virtual void request(TransferId job, const MakeFrame& make_frame, Handler handler) = 0;
  virtual void on_progress(TransferId job) = 0;
  // The job is destroyed soon after these.
  virtual void on_done(TransferId job) = 0;
  virtual void on_failed(TransferId job, const Error& error) = 0;
  virtual void on_wait(TransferId job, const Error& error) = 0;  // try again later by itself
};

class TransferJob {
 public:
  virtual ~TransferJob() = default;
  // Opens files. An error ends the transfer.
  virtual Status open() = 0;
  virtual void on_online() = 0;  // everything outstanding was lost with the connection before
  virtual bool prepare() = 0;    // does a slice of work; true: there is more of it
  virtual bool is_preparing() const = 0;
  virtual bool can_send() const = 0;
  virtual void send() = 0;
  virtual std::size_t under_way() const = 0;  // chunks asked for or sent and not answered
  virtual std::uint64_t bytes_done() const = 0;

  store::TransferRecord record;
};

// Chunks that may be under way, of all jobs of one direction together. Up: 4 MiB, enough for 100 ms at 300
// Mbit/s. Down: the server reads 16 at once for one connection and refuses more.
inline constexpr std::size_t kUploadWindow = 32;
inline constexpr std::size_t kDownloadWindow = 16;
// Chunks re-read in one slice, so that a message never waits long behind them.
inline constexpr int kPrepareSlice = 16;

bool is_passing(ErrorCode code);  // worth another try without the user

}  // namespace sotto::client
