// The parts of the client core and who may speak to whom. Arrows point from the owner of a decision to what
// it uses:
//
//   Account -> Session                     Calls ----+
//   Sync -> Outbox -> Timeline -> Directory -> Session    Transfers -> Outbox, Timeline, Session
//
// What would point the other way is a hook, set here.
#pragma once

#include <memory>

#include "account.hpp"
#include "calls.hpp"
#include "context.hpp"
#include "directory.hpp"
#include "outbox.hpp"
#include "sealer.hpp"
#include "session.hpp"
#include "sotto/client/client.hpp"
#include "sync.hpp"
#include "timeline.hpp"
#include "transfers.hpp"

namespace sotto::client {

class Core final : public Session::Listener {
 public:
  explicit Core(Client::Parts parts);

  void on_online(const proto::HelloReply& hello) override;
  void on_offline() override;
  void on_push(const proto::Envelope& push) override;

  void poll();
  TimePoint next_deadline() const;

  call::MediaSessionFactory& media;
  Context context;
  Session session;
  Directory directory;
  Timeline timeline;
  Outbox outbox;
  Sync sync;
  Transfers transfers;
  Calls calls;
  Account account;
  std::unique_ptr<Sealer> sealer;

 private:
  void on_profile_changed();
};

}  // namespace sotto::client
