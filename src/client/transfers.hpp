// All file transfers of this device: starting, pausing, resuming, cancelling, and fair turns between them.
//
// Unfinished ones go on by themselves after a reconnect or a restart. A file's message is sent when its blob
// is complete and durable on the server; its bubble is there from the beginning. Thread: the client core's.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <vector>

#include "context.hpp"
#include "outbox.hpp"
#include "session.hpp"
#include "sotto/client/file_access.hpp"
#include "timeline.hpp"
#include "transfer_job.hpp"
#include "transfer_meter.hpp"

namespace sotto::client {

class Transfers final : public JobHost {
 public:
  Transfers(Context& context, Session& session, FileAccess& files, Timeline& timeline, Outbox& outbox);
  void set_profile(const Profile* profile);

  Result<Commands::SentFile> send(ConversationId conversation, const std::string& path,
                                  const std::string& text);
  Result<TransferView> fetch(MessageId message, const std::string& path);
  Result<TransferView> pause(TransferId id);
  Result<TransferView> resume(TransferId id);
  Result<TransferView> cancel(TransferId id);

  void on_online();
  void on_offline();
  void pump();  // also when the channel takes bulk again
  void poll();
  TimePoint next_deadline() const;
  TransferView view(const store::TransferRecord& record) const;

  // JobHost
  void request(TransferId job, proto::Envelope envelope, Handler handler) override;
  void request(TransferId job, const MakeFrame& make_frame, Handler handler) override;
  void on_progress(TransferId job) override;
  void on_done(TransferId job) override;
  void on_failed(TransferId job, const Error& error) override;
  void on_wait(TransferId job, const Error& error) override;

 private:
  struct Running {
    std::unique_ptr<TransferJob> job;
    std::uint64_t generation = 0;  // replies to requests of an older one are not for it
    TimePoint resume_at = kNever;  // the server asked for patience
    TransferMeter meter;
    std::uint64_t stored_chunks = 0;
    bool ended = false;  // waits for being destroyed outside of its own calls
  };

  Handler while_running(TransferId job, Handler handler);
  void start(store::TransferRecord record, bool is_new);
  void start_queued();
  void put_state(store::TransferRecord record, TransferState state, const std::string& failure = {});
  void stop(TransferId id);
  void sweep();
  void tell(const store::TransferRecord& record);
  void release(BlobId blob);
  Status finish_upload(const store::TransferRecord& record, const Bytes& sha256);
  Status finish_download(const store::TransferRecord& record);
  std::optional<proto::File> file_of(MessageId message) const;

  Context& context_;
  Session& session_;
  FileAccess& files_;
  Timeline& timeline_;
  Outbox& outbox_;
  const Profile* profile_ = nullptr;
  std::map<TransferId, Running> running_;
  std::set<TransferId> new_;  // uploads of which the server has nothing
  TransferId turn_;           // the job that sent last
  std::uint64_t generation_ = 0;
};

}  // namespace sotto::client
