#include "transfers.hpp"

#include <algorithm>

#include "content.hpp"
#include "download.hpp"
#include "file_name.hpp"
#include "sotto/base/log.hpp"
#include "upload.hpp"
#include "utf8.hpp"

namespace sotto::client {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxRunning = 6;     // chosen: more at once make none faster
constexpr std::uint64_t kStoreEvery = 64;  // chunks: 8 MiB are fetched again at worst after a kill
constexpr Duration kServerTrouble = 5s;

std::string readable_size(std::uint64_t bytes) {
  static constexpr const char* kUnits[] = {"bytes", "KB", "MB", "GB", "TB"};
  std::uint64_t tenths = bytes * 10;
  std::size_t unit = 0;
  for (; tenths >= 10'000 && unit < 4; ++unit) tenths /= 1000;
  const std::string rest = unit == 0 ? "" : "." + std::to_string(tenths % 10);
  return std::to_string(tenths / 10) + rest + " " + kUnits[unit];
}

std::pair<std::string, std::string> folder_and_name(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

int number(TransferState state) { return static_cast<int>(state); }

}  // namespace

Transfers::Transfers(Context& context, Session& session, FileAccess& files, Timeline& timeline,
                     Outbox& outbox)
    : context_(context), session_(session), files_(files), timeline_(timeline), outbox_(outbox) {}

void Transfers::set_profile(const Profile* profile) {
  profile_ = profile;
  running_.clear();
  new_.clear();
  if (profile == nullptr) return;
  // What ran when the program ended waits for the connection.
  for (store::TransferRecord& record : context_.store.transfers_in_state(number(TransferState::active))) {
    record.state = number(TransferState::queued);
    context_.store.put_transfer(record);
  }
  // The face has forgotten them: what waits, and what can be taken up again.
  for (const TransferState state : {TransferState::queued, TransferState::paused, TransferState::failed}) {
    for (const store::TransferRecord& record : context_.store.transfers_in_state(number(state))) {
      const auto message = context_.store.message(record.message);
      if (message && message->transfer == record.id) tell(record);
    }
  }
}

std::optional<proto::File> Transfers::file_of(MessageId id) const {
  const auto message = context_.store.message(id);
  if (!message || message->kind != static_cast<int>(MessageKind::file)) return std::nullopt;
  proto::File file;
  if (!file.ParseFromArray(message->details.data(), static_cast<int>(message->details.size())))
    return std::nullopt;
  return file;
}

TransferView Transfers::view(const store::TransferRecord& record) const {
  TransferView view;
  view.id = record.id;
  view.message = record.message;
  view.conversation = record.conversation;
  view.direction = static_cast<TransferDirection>(record.direction);
  view.state = static_cast<TransferState>(record.state);
  view.total = record.size;
  view.failure = record.failure;
  view.path = record.path;
  if (const auto found = running_.find(record.id); found != running_.end()) {
    view.bytes = found->second.job->bytes_done();
    view.rate = found->second.meter.rate(context_.moment.now);
  } else {
    std::uint32_t chunk_bytes = kFileChunkBytes;
    if (const auto file = file_of(record.message)) chunk_bytes = file->chunk_bytes();
    view.bytes = FileLayout(record.size, chunk_bytes).plain_size_of(record.chunks);
  }
  return view;
}

void Transfers::tell(const store::TransferRecord& record) {
  context_.emit(TransferProgress{view(record)});
  if (const auto found = running_.find(record.id); found != running_.end())
    found->second.meter.told(context_.moment.now);
}

Result<Commands::SentFile> Transfers::send(ConversationId conversation, const std::string& path,
                                           const std::string& text) {
  if (text.size() > kMaxCaptionBytes || !is_utf8(text)) {
    return fail(ErrorCode::invalid_argument, "The text beside the file is too long or not valid UTF-8.");
  }
  auto file = files_.open(path);
  if (!file) return std::move(file).error();
  const Result<FileStamp> stamp = (*file)->stamp();
  if (!stamp) return stamp.error();
  const FileLayout layout(stamp->size, kFileChunkBytes);
  const std::uint64_t limit = session_.hello().max_blob_bytes();
  if (stamp->size > kMaxFileBytes || (limit != 0 && layout.sealed_size() > limit)) {
    return fail(ErrorCode::too_large,
                "This server accepts files up to " + readable_size(limit != 0 ? limit : kMaxFileBytes) + ".");
  }

  store::Transaction transaction(context_.store);
  if (!context_.store.conversation(conversation))
    return fail(ErrorCode::not_found, "There is no such conversation.");
  store::TransferRecord transfer;
  transfer.id = context_.random.id<TransferId>();
  transfer.message = context_.random.id<MessageId>();
  transfer.conversation = conversation;
  transfer.direction = static_cast<int>(TransferDirection::up);
  transfer.state = number(TransferState::queued);
  transfer.blob = context_.random.id<BlobId>();
  transfer.key = context_.random.bytes(kFileKeyBytes);
  transfer.size = stamp->size;
  transfer.path = path;
  transfer.name = neutral_file_name(folder_and_name(path).second);
  transfer.stamp_modified_ns = stamp->modified_ns;
  transfer.stamp_identity = stamp->identity;
  context_.store.put_transfer(transfer);

  proto::File details;
  details.set_blob(raw(transfer.blob.bytes()));
  details.set_key(raw(transfer.key));
  details.set_size(transfer.size);
  details.set_name(transfer.name);
  details.set_type(file_type_of(transfer.name));
  details.set_chunk_bytes(kFileChunkBytes);
  details.set_text(text);
  store::MessageRecord message;
  message.id = transfer.message;
  message.conversation = conversation;
  message.sender = profile_->user;
  message.device = profile_->device;
  message.own = true;
  message.time_ms = context_.moment.wall.ms;
  message.position = timeline_.unsent_position(conversation);
  message.kind = static_cast<int>(MessageKind::file);
  message.state = static_cast<int>(MessageState::sending);
  message.text = text;
  message.details = to_bytes(details.SerializeAsString());
  message.transfer = transfer.id;
  message.local_path = path;
  timeline_.add(message);
  if (Status stored = timeline_.finish(transaction.commit()); !stored) return std::move(stored).error();

  new_.insert(transfer.id);
  tell(transfer);
  Commands::SentFile sent{timeline_.view(message), view(transfer)};
  start_queued();
  return sent;
}

Result<TransferView> Transfers::fetch(MessageId id, const std::string& path) {
  auto message = context_.store.message(id);
  const std::optional<proto::File> file = file_of(id);
  if (!message || !file) return fail(ErrorCode::not_found, "There is no file with this message.");
  if (file->sha256().size() != 32) return fail(ErrorCode::conflict, "The file is still being sent.");
  if (const auto present = context_.store.transfer(message->transfer);
      present && present->direction == static_cast<int>(TransferDirection::down) &&
      (present->state == number(TransferState::active) || present->state == number(TransferState::queued))) {
    return view(*present);
  }

  store::TransferRecord transfer;
  if (path.empty()) {
    Result<std::string> folder = files_.download_folder();
    if (!folder) return std::move(folder).error();
    transfer.folder = *folder;
    transfer.name = neutral_file_name(file->name());
  } else if (files_.kind(path) == PathKind::folder) {
    transfer.folder = path;
    while (transfer.folder.size() > 1 && transfer.folder.back() == '/') transfer.folder.pop_back();
    transfer.name = neutral_file_name(file->name());
  } else {
    // The user's own choice of a name, which nobody else had a hand in.
    std::tie(transfer.folder, transfer.name) = folder_and_name(path);
    if (transfer.name.empty()) return fail(ErrorCode::not_found, "There is no such folder.");
  }
  transfer.id = context_.random.id<TransferId>();
  transfer.message = id;
  transfer.conversation = message->conversation;
  transfer.direction = static_cast<int>(TransferDirection::down);
  transfer.state = number(TransferState::queued);
  transfer.blob = BlobId::from_bytes(as_bytes(file->blob())).value_or(BlobId{});
  transfer.key = to_bytes(as_bytes(file->key()));
  transfer.size = file->size();
  transfer.sha256 = to_bytes(as_bytes(file->sha256()));
  transfer.temporary = transfer.folder + "/.sotto-" + transfer.id.str() + ".part";

  store::Transaction transaction(context_.store);
  context_.store.put_transfer(transfer);
  message->transfer = transfer.id;
  timeline_.update(*message);
  if (Status stored = timeline_.finish(transaction.commit()); !stored) return std::move(stored).error();
  tell(transfer);
  const TransferView shown = view(transfer);
  start_queued();
  return shown;
}

void Transfers::put_state(store::TransferRecord record, TransferState state, const std::string& failure) {
  record.state = number(state);
  record.failure = failure;
  if (const auto found = running_.find(record.id); found != running_.end())
    found->second.job->record = record;
  context_.store.put_transfer(record);
  if (Status stored = context_.store.problem(); !stored) context_.report(stored.error());
  tell(record);
}

void Transfers::stop(TransferId id) {
  const auto found = running_.find(id);
  if (found == running_.end() || found->second.ended) return;
  store::TransferRecord record = found->second.job->record;
  context_.store.put_transfer(record);  // with the chunks it got to
  found->second.ended = true;
}

// Jobs end themselves from inside their own calls; they are destroyed here, when none of them is on the
// stack.
void Transfers::sweep() {
  std::erase_if(running_, [](const auto& entry) { return entry.second.ended; });
}

Result<TransferView> Transfers::pause(TransferId id) {
  stop(id);
  sweep();
  const auto record = context_.store.transfer(id);
  if (!record) return fail(ErrorCode::not_found, "There is no such transfer.");
  const auto state = static_cast<TransferState>(record->state);
  if (state == TransferState::queued || state == TransferState::active)
    put_state(*record, TransferState::paused);
  start_queued();
  return view(*context_.store.transfer(id));
}

Result<TransferView> Transfers::resume(TransferId id) {
  auto record = context_.store.transfer(id);
  if (!record) return fail(ErrorCode::not_found, "There is no such transfer.");
  const auto state = static_cast<TransferState>(record->state);
  if (state == TransferState::done || state == TransferState::cancelled) {
    return fail(ErrorCode::conflict, "This transfer has ended.");
  }
  if (state == TransferState::paused || state == TransferState::failed) {
    if (record->direction == static_cast<int>(TransferDirection::up)) {
      if (auto message = context_.store.message(record->message);
          message && message->state == static_cast<int>(MessageState::failed)) {
        store::Transaction transaction(context_.store);
        message->state = static_cast<int>(MessageState::sending);
        message->failure.clear();
        timeline_.update(*message);
        if (Status stored = timeline_.finish(transaction.commit()); !stored) return std::move(stored).error();
      }
    }
    put_state(*record, TransferState::queued);
    start_queued();
  }
  return view(*context_.store.transfer(id));
}

Result<TransferView> Transfers::cancel(TransferId id) {
  stop(id);
  sweep();
  auto record = context_.store.transfer(id);
  if (!record) return fail(ErrorCode::not_found, "There is no such transfer.");
  const auto state = static_cast<TransferState>(record->state);
  if (state == TransferState::done || state == TransferState::cancelled) return view(*record);
  if (record->direction == static_cast<int>(TransferDirection::down)) {
    if (!record->temporary.empty()) (void)files_.remove(record->temporary);
    record->chunks = 0;
  } else {
    if (auto message = context_.store.message(record->message)) {
      store::Transaction transaction(context_.store);
      message->state = static_cast<int>(MessageState::failed);
      message->failure = "Cancelled.";
      timeline_.update(*message);
      if (Status stored = timeline_.finish(transaction.commit()); !stored) return std::move(stored).error();
    }
    release(record->blob);
  }
  put_state(*record, TransferState::cancelled);
  start_queued();
  return view(*context_.store.transfer(id));
}

void Transfers::start_queued() {
  if (profile_ == nullptr || !session_.is_online()) return;
  for (store::TransferRecord& record : context_.store.transfers_in_state(number(TransferState::queued))) {
    if (running_.size() >= kMaxRunning) break;
    if (running_.contains(record.id)) continue;
    const TransferId id = record.id;
    start(std::move(record), new_.erase(id) > 0);
  }
  pump();
}

void Transfers::start(store::TransferRecord record, bool is_new) {
  const TransferId id = record.id;
  Running running;
  running.generation = ++generation_;
  running.stored_chunks = record.chunks;
  if (record.direction == static_cast<int>(TransferDirection::up)) {
    running.job = std::make_unique<Upload>(*this, files_, record, is_new);
  } else {
    const auto file = file_of(record.message);
    if (!file) return put_state(record, TransferState::failed, "The message of this file is gone.");
    running.job = std::make_unique<Download>(*this, files_, record, file->chunk_bytes());
  }
  TransferJob& job = *running.job;
  running_.emplace(id, std::move(running));
  if (Status opened = job.open(); !opened) {
    on_failed(id, opened.error());
    return sweep();
  }
  put_state(job.record, TransferState::active);
  job.on_online();
  sweep();
}

void Transfers::on_online() {
  for (auto& [id, running] : running_) {
    running.generation = ++generation_;
    running.resume_at = kNever;
    put_state(running.job->record, TransferState::active);
    running.job->on_online();
  }
  sweep();
  start_queued();
}

void Transfers::on_offline() {
  for (auto& [id, running] : running_) {
    running.generation = ++generation_;
    running.resume_at = kNever;
    put_state(running.job->record, TransferState::queued);
  }
}

void Transfers::pump() {
  if (!session_.is_online() || running_.empty()) return;
  // One chunk each in turn, until the channel or both windows are full.
  std::size_t up = 0, down = 0;
  for (const auto& [id, running] : running_) {
    if (running.ended) continue;
    (running.job->record.direction == static_cast<int>(TransferDirection::up) ? up : down) +=
        running.job->under_way();
  }
  bool sent = true;
  while (sent && session_.bulk_room() > 0) {
    sent = false;
    for (std::size_t i = 0; i < running_.size() && session_.bulk_room() > 0; ++i) {
      auto next = running_.upper_bound(turn_);
      if (next == running_.end()) next = running_.begin();
      turn_ = next->first;
      if (next->second.ended || next->second.resume_at != kNever || !next->second.job->can_send()) continue;
      const bool is_up = next->second.job->record.direction == static_cast<int>(TransferDirection::up);
      if (is_up ? up >= kUploadWindow : down >= kDownloadWindow) continue;
      next->second.job->send();
      ++(is_up ? up : down);
      sent = true;
    }
  }
  sweep();
}

void Transfers::request(TransferId id, proto::Envelope envelope, Handler handler) {
  session_.request(std::move(envelope), while_running(id, std::move(handler)), Priority::bulk);
}

void Transfers::request(TransferId id, const MakeFrame& make_frame, Handler handler) {
  session_.request(make_frame, while_running(id, std::move(handler)), Priority::bulk);
}

JobHost::Handler Transfers::while_running(TransferId id, Handler handler) {
  const std::uint64_t generation = running_.at(id).generation;
  return [this, id, generation, handler = std::move(handler)](Result<proto::Envelope> reply) {
    const auto found = running_.find(id);
    if (found == running_.end() || found->second.ended || found->second.generation != generation) return;
    // A lost connection is told once, by on_offline().
    if (!reply && reply.error().code == ErrorCode::offline) return;
    handler(std::move(reply));
    sweep();
    start_queued();
  };
}

void Transfers::on_progress(TransferId id) {
  const auto found = running_.find(id);
  if (found == running_.end()) return;
  Running& running = found->second;
  running.meter.add(context_.moment.now, running.job->bytes_done());
  if (running.job->record.chunks >= running.stored_chunks + kStoreEvery) {
    running.stored_chunks = running.job->record.chunks;
    context_.store.put_transfer(running.job->record);
  }
  if (running.meter.is_due(context_.moment.now)) tell(running.job->record);
}

void Transfers::on_done(TransferId id) {
  Running& running = running_.at(id);
  store::TransferRecord record = running.job->record;
  record.state = number(TransferState::done);
  record.failure.clear();
  Status stored = ok_status();
  if (record.direction == static_cast<int>(TransferDirection::up)) {
    stored = finish_upload(record, static_cast<Upload&>(*running.job).sha256());
  } else {
    stored = finish_download(record);
  }
  if (!stored) return on_failed(id, stored.error());
  running.job->record = record;
  tell(record);
  running.ended = true;
  outbox_.pump(record.conversation);
}

Status Transfers::finish_upload(const store::TransferRecord& record, const Bytes& sha256) {
  store::Transaction transaction(context_.store);
  auto message = context_.store.message(record.message);
  auto file = file_of(record.message);
  if (message && file) {
    file->set_sha256(raw(sha256));
    message->details = to_bytes(file->SerializeAsString());
    timeline_.update(*message);
    proto::Content content;
    content.set_sent_ms(message->time_ms);
    *content.mutable_file() = *file;
    outbox_.put(record.conversation, record.message, OutboxKind::message, content);
  }
  context_.store.put_transfer(record);
  return timeline_.finish(transaction.commit());
}

Status Transfers::finish_download(const store::TransferRecord& record) {
  store::Transaction transaction(context_.store);
  if (auto message = context_.store.message(record.message)) {
    message->local_path = record.path;
    timeline_.update(*message);
    if (!message->own) release(record.blob);
  }
  context_.store.put_transfer(record);
  return timeline_.finish(transaction.commit());
}

void Transfers::release(BlobId blob) {
  if (!session_.is_online()) return;  // then it goes when it expires
  proto::Envelope envelope;
  envelope.mutable_release_blob()->set_blob(raw(blob.bytes()));
  session_.request(std::move(envelope), [](const Result<proto::Envelope>&) {});
}

void Transfers::on_failed(TransferId id, const Error& error) {
  const auto found = running_.find(id);
  if (found == running_.end() || found->second.ended) return;
  found->second.ended = true;
  log::info("client_transfer_failed", {{"code", to_string(error.code)}});
  store::TransferRecord record = found->second.job->record;
  if (record.direction == static_cast<int>(TransferDirection::up)) {
    if (auto message = context_.store.message(record.message)) {
      store::Transaction transaction(context_.store);
      message->state = static_cast<int>(MessageState::failed);
      message->failure = error.message;
      timeline_.update(*message);
      (void)timeline_.finish(transaction.commit());
    }
  }
  put_state(record, TransferState::failed, error.message);
}

void Transfers::on_wait(TransferId id, const Error& error) {
  const auto found = running_.find(id);
  if (found == running_.end() || found->second.ended) return;
  const Duration delay = error.code == ErrorCode::rate_limited
                             ? std::max<Duration>(session_.retry_after(), 200ms)
                             : kServerTrouble;
  found->second.generation = ++generation_;
  found->second.resume_at = context_.moment.now + delay;
}

void Transfers::poll() {
  const TimePoint now = context_.moment.now;
  for (auto& [id, running] : running_) {
    if (running.ended) continue;
    if (running.resume_at <= now) {
      running.resume_at = kNever;
      running.job->on_online();
    }
    if (running.job->is_preparing()) (void)running.job->prepare();
    if (!running.ended && running.meter.is_due(now)) tell(running.job->record);
  }
  sweep();
  pump();
}

TimePoint Transfers::next_deadline() const {
  TimePoint next = kNever;
  for (const auto& [id, running] : running_) {
    if (running.ended) continue;
    if (running.job->is_preparing()) next = std::min(next, context_.moment.now);
    next = std::min({next, running.resume_at, running.meter.next_deadline()});
  }
  return next;
}

}  // namespace sotto::client
