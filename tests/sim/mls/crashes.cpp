// Power that fails at any point of a write, and what is there afterwards.
#include "failure.hpp"
#include "world.hpp"

namespace sotto::mls::sim {

// After an operation that only the client itself sees. Where the write fails, so does the client.
void World::save(Client& client) {
  if (client.disk.failed()) return;
  const StateChanges changes = client.group->take_changes();
  const Status written = client.disk.write(changes);
  if (!written) trace(client, "saving: " + written.error().message);
}

void World::maybe_fail_disk(Client& client) {
  if (!chance(8)) return;
  client.disk.fail_next_write(static_cast<std::uint8_t>(below(256)));
  ++counts_.cut_writes;
}

void World::crash(Client& client) {
  if (!client.group) return;
  ++counts_.crashes;
  trace(client, "crashes");
  client.group.reset();
  client.disk.repair();
  if (chance(50)) restart(client);
}

void World::restart(Client& client) {
  if (client.group || !client.has_records) return;
  auto group = Group::restore(client.disk.records, client.config);
  require(group.ok(), "a group cannot be restored: " + (group.ok() ? "" : group.error().message));
  client.group = *std::move(group);
  ++counts_.restores;
  trace(client, client.group->has_pending_commit() ? "is back, with a commit" : "is back");
  if (client.is_in()) enter_epoch(client);
}

}  // namespace sotto::mls::sim
