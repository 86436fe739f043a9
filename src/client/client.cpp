#include "sotto/client/client.hpp"

#include "core.hpp"

namespace sotto::client {

Client::Client(Parts parts) : core_(std::make_unique<Core>(parts)) {}
Client::~Client() = default;

Status Client::start(Moment moment) {
  const Outlet::Scope scope(core_->context.outlet);
  core_->context.moment = moment;
  core_->account.load();
  return core_->context.store.problem();
}

void Client::advance_to(Moment moment) { core_->context.moment = moment; }

void Client::poll(Moment moment) {
  const Outlet::Scope scope(core_->context.outlet);
  core_->context.moment = moment;
  core_->poll();
}

TimePoint Client::next_deadline() const { return core_->next_deadline(); }

void Client::shutdown(Moment moment) {
  const Outlet::Scope scope(core_->context.outlet);
  core_->context.moment = moment;
  core_->calls.shut_down();
  core_->session.leave();
}

void Client::on_connected(const ServerProof& proof, Moment moment) {
  const Outlet::Scope scope(core_->context.outlet);
  core_->context.moment = moment;
  core_->session.on_connected(proof);
}

void Client::on_frame(ByteView body, Moment moment) {
  const Outlet::Scope scope(core_->context.outlet);
  core_->context.moment = moment;
  core_->session.on_frame(body);
}

void Client::on_closed(const Error& error, Moment moment) {
  const Outlet::Scope scope(core_->context.outlet);
  core_->context.moment = moment;
  core_->session.on_closed(error);
}

void Client::on_writable(Moment moment) {
  const Outlet::Scope scope(core_->context.outlet);
  core_->context.moment = moment;
  core_->transfers.pump();
}

}  // namespace sotto::client
