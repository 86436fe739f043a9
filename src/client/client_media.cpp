// Commands about files, calls and devices.
#include "core.hpp"
#include "sotto/client/client.hpp"

namespace sotto::client {

namespace {
Error not_built() { return fail(ErrorCode::unavailable, "This version has no files and calls yet."); }
}  // namespace

void Client::files_send(ConversationId, std::string, std::string, Done<SentFile> done) { done(not_built()); }
void Client::files_fetch(MessageId, std::string, Done<TransferView> done) { done(not_built()); }
void Client::files_pause(TransferId, Done<TransferView> done) { done(not_built()); }
void Client::files_resume(TransferId, Done<TransferView> done) { done(not_built()); }
void Client::files_cancel(TransferId, Done<TransferView> done) { done(not_built()); }
void Client::calls_start(ConversationId, bool, Done<CallView> done) { done(not_built()); }
void Client::calls_accept(CallId, bool, Done<CallView> done) { done(not_built()); }
void Client::calls_decline(CallId, Done<CallView> done) { done(not_built()); }
void Client::calls_hangup(CallId, Done<CallView> done) { done(not_built()); }
void Client::calls_set(CallId, CallSettings, Done<CallView> done) { done(not_built()); }
void Client::calls_stats(CallId, Done<call::CallStats> done) { done(not_built()); }

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
