#include "core.hpp"

#include <algorithm>

#include "hpke_sealer.hpp"
#include "sotto/base/log.hpp"

namespace sotto::client {

Core::Core(Client::Parts parts)
    : media(parts.media),
      context{parts.store, parts.random, Outlet(parts.events), {}},
      session(context, parts.channel, *this),
      directory(context, session),
      timeline(context, directory),
      outbox(context, session, directory, timeline),
      sync(context, session, directory, timeline, outbox),
      transfers(context, session, parts.files, timeline, outbox),
      calls(context, session, directory, timeline, outbox, parts.media),
      account(context, session) {
  account.set_hook([this] { on_profile_changed(); });
  Directory::Hooks hooks;
  hooks.identity_changed = [this](const store::UserRecord& user, bool was_verified) {
    const std::string text = was_verified ? "The safety number with " + user.display_name +
                                                " has changed. Messages are held until you verify it again."
                                          : "The safety number with " + user.display_name + " has changed.";
    for (const auto& conversation : context.store.conversations()) {
      if (std::ranges::find(conversation.members, user.id) != conversation.members.end()) {
        timeline.add_event(conversation.id, user.id, text);
      }
    }
  };
  hooks.committed = [this](Status status) { return timeline.finish(std::move(status)); };
  hooks.user_changed = [this](UserId user) { outbox.on_user_changed(user); };
  directory.set_hooks(std::move(hooks));
  sync.set_signal_hook([this](const std::vector<ReceivedSignal>& signals) { calls.on_signals(signals); });
}

void Core::on_profile_changed() {
  const Profile* profile = account.profile();
  sealer.reset();
  if (profile != nullptr) {
    auto device_key =
        crypto::SigningKey::from_private(crypto::SignatureAlgorithm::ed25519, profile->device_key.view());
    auto sealing_key = crypto::DhPrivateKey::from_bytes(crypto::DhGroup::x25519, profile->sealing_key.view());
    if (device_key && sealing_key) {
      sealer = std::make_unique<HpkeSealer>(profile->device, std::move(*device_key), std::move(*sealing_key),
                                            context.random);
    } else {
      log::error("client_keys_unusable");
      profile = nullptr;
    }
  }
  directory.set_profile(profile);
  timeline.set_profile(profile);
  outbox.set_profile(profile, sealer.get());
  sync.set_profile(profile, sealer.get());
  transfers.set_profile(profile);
  calls.set_profile(profile, sealer.get());
}

void Core::on_online(const proto::HelloReply&) {
  directory.on_online();
  sync.on_online();
  outbox.on_online();
  transfers.on_online();
}

void Core::on_offline() {
  outbox.on_offline();
  transfers.on_offline();
  sync.on_offline();
  directory.on_offline();
}

void Core::on_push(const proto::Envelope& push) {
  switch (push.body_case()) {
    case proto::Envelope::kEntry: return sync.on_push(push.entry().entry());
    case proto::Envelope::kPresence: return directory.on_presence(push.presence());
    case proto::Envelope::kDevicesChanged: return directory.on_devices_changed(push.devices_changed());
    default: log::warning("client_unexpected_push");
  }
}

void Core::poll() {
  session.poll();
  outbox.poll();
  sync.poll();
  transfers.poll();
  calls.poll();
}

TimePoint Core::next_deadline() const {
  return std::min({session.next_deadline(), outbox.next_deadline(), sync.next_deadline(),
                   transfers.next_deadline(), calls.next_deadline()});
}

}  // namespace sotto::client
