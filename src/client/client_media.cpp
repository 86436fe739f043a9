// Commands about files, calls and devices.
#include "core.hpp"
#include "sotto/client/client.hpp"

namespace sotto::client {

namespace {
Error nobody() { return fail(ErrorCode::conflict, "Nobody is signed in."); }
}  // namespace

void Client::files_send(ConversationId conversation, std::string path, std::string text,
                        Done<SentFile> done) {
  const Outlet::Scope scope(core_->context.outlet);
  if (core_->account.profile() == nullptr)
    return core_->context.answer(std::move(done), Result<SentFile>(nobody()));
  core_->context.answer(std::move(done), core_->transfers.send(conversation, path, text));
}

void Client::files_fetch(MessageId message, std::string path, Done<TransferView> done) {
  const Outlet::Scope scope(core_->context.outlet);
  if (core_->account.profile() == nullptr)
    return core_->context.answer(std::move(done), Result<TransferView>(nobody()));
  core_->context.answer(std::move(done), core_->transfers.fetch(message, path));
}

void Client::files_pause(TransferId transfer, Done<TransferView> done) {
  const Outlet::Scope scope(core_->context.outlet);
  core_->context.answer(std::move(done), core_->transfers.pause(transfer));
}

void Client::files_resume(TransferId transfer, Done<TransferView> done) {
  const Outlet::Scope scope(core_->context.outlet);
  core_->context.answer(std::move(done), core_->transfers.resume(transfer));
}

void Client::files_cancel(TransferId transfer, Done<TransferView> done) {
  const Outlet::Scope scope(core_->context.outlet);
  core_->context.answer(std::move(done), core_->transfers.cancel(transfer));
}

void Client::calls_start(ConversationId conversation, bool video, Done<CallView> done) {
  const Outlet::Scope scope(core_->context.outlet);
  if (core_->account.profile() == nullptr)
    return core_->context.answer(std::move(done), Result<CallView>(nobody()));
  core_->context.answer(std::move(done), core_->calls.start(conversation, video));
}

void Client::calls_accept(CallId call, bool video, Done<CallView> done) {
  const Outlet::Scope scope(core_->context.outlet);
  if (core_->account.profile() == nullptr)
    return core_->context.answer(std::move(done), Result<CallView>(nobody()));
  core_->context.answer(std::move(done), core_->calls.accept(call, video));
}

void Client::calls_decline(CallId call, Done<CallView> done) {
  const Outlet::Scope scope(core_->context.outlet);
  if (core_->account.profile() == nullptr)
    return core_->context.answer(std::move(done), Result<CallView>(nobody()));
  core_->context.answer(std::move(done), core_->calls.decline(call));
}

void Client::calls_hangup(CallId call, Done<CallView> done) {
  const Outlet::Scope scope(core_->context.outlet);
  if (core_->account.profile() == nullptr)
    return core_->context.answer(std::move(done), Result<CallView>(nobody()));
  core_->context.answer(std::move(done), core_->calls.hang_up(call));
}

void Client::calls_set(CallId call, CallSettings settings, Done<CallView> done) {
  const Outlet::Scope scope(core_->context.outlet);
  if (core_->account.profile() == nullptr)
    return core_->context.answer(std::move(done), Result<CallView>(nobody()));
  core_->context.answer(std::move(done), core_->calls.set(call, settings));
}

void Client::calls_stats(CallId call, Done<call::CallStats> done) {
  const Outlet::Scope scope(core_->context.outlet);
  if (core_->account.profile() == nullptr)
    return core_->context.answer(std::move(done), Result<call::CallStats>(nobody()));
  core_->context.answer(std::move(done), core_->calls.stats(call));
}

void Client::media_devices(Done<call::MediaSessionFactory::Devices> done) {
  const Outlet::Scope scope(core_->context.outlet);
  core_->context.answer(std::move(done), Result<call::MediaSessionFactory::Devices>(core_->media.devices()));
}

void Client::media_select(std::string camera, std::string microphone, std::string speaker,
                          Done<call::MediaSessionFactory::Devices> done) {
  const Outlet::Scope scope(core_->context.outlet);
  using Answer = Result<call::MediaSessionFactory::Devices>;
  if (Status selected = core_->media.select(camera, microphone, speaker); !selected) {
    return core_->context.answer(std::move(done), Answer(std::move(selected).error()));
  }
  core_->context.answer(std::move(done), Answer(core_->media.devices()));
}

}  // namespace sotto::client
