#include "support/client_world/fake_server.hpp"

#include <algorithm>

#include "sotto/crypto/hash.hpp"
#include "sotto/crypto/identity_chain.hpp"
#include "sotto/proto/invite_link.hpp"

namespace sotto::testing {

namespace {

constexpr std::string_view kProofLabel{"sotto identity proof v1\0", 24};

std::string raw(ByteView bytes) { return std::string(as_text(bytes)); }
template <class IdType>
IdType id_of(const std::string& bytes) {
  return IdType::from_bytes(as_bytes(bytes)).value_or(IdType{});
}
bool is_member(const FakeServer::Log& log, UserId user) {
  return std::ranges::find(log.members, user) != log.members.end();
}

}  // namespace

FakeServer::FakeServer(Random& random, WallTime now)
    : random_(random),
      started_(now),
      ca_key_(crypto::SigningKey::generate(crypto::SignatureAlgorithm::ed25519, random)) {
  ca_ = crypto::issue_server_ca(ca_key_, crypto::validity_from(now, 3650), random).value();
}

crypto::Certificate FakeServer::certify_identity(UserId user, ByteView identity_key) {
  return crypto::issue_identity_certificate(ca_key_, *ca_, user, identity_key,
                                            crypto::validity_from(started_, 3650), random_)
      .value();
}

void FakeServer::change_identity() {
  ca_key_ = crypto::SigningKey::generate(crypto::SignatureAlgorithm::ed25519, random_);
  ca_ = crypto::issue_server_ca(ca_key_, crypto::validity_from(started_, 3650), random_).value();
}

Bytes FakeServer::fingerprint() const {
  const auto digest = ca_->spki_fingerprint();
  return {digest.begin(), digest.end()};
}

std::string FakeServer::invite_link() const {
  proto::InviteLink link;
  link.host = "server.test";
  link.ca_fingerprint = fingerprint();
  return proto::to_string(link);
}

Bytes FakeServer::exporter_of(ConnectionId connection) const {
  return crypto::hash(crypto::HashAlgorithm::sha256, as_bytes("exporter of " + std::to_string(connection)));
}

bool FakeServer::knows_device(DeviceId device) const {
  if (revoked_.contains(device)) return false;
  return std::ranges::any_of(users, [&](const auto& user) {
    return std::ranges::any_of(user.second.devices, [&](const proto::Device& known) {
      return id_of<DeviceId>(known.device()) == device;
    });
  });
}

void FakeServer::open(ConnectionId id, DeviceId device, std::function<void(const proto::Envelope&)> send,
                      std::function<void()> hang_up) {
  Connection connection;
  connection.send = std::move(send);
  connection.hang_up = std::move(hang_up);
  if (!device.is_zero() && knows_device(device)) {
    connection.device = device;
    for (const auto& [user_id, user] : users) {
      for (const auto& known : user.devices) {
        if (id_of<DeviceId>(known.device()) == device) connection.user = user_id;
      }
    }
  }
  const UserId user = connection.user;
  connections_[id] = std::move(connection);
  if (!user.is_zero()) push_presence(user, true);
}

void FakeServer::close(ConnectionId id) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  const UserId user = found->second.user;
  connections_.erase(found);
  if (!user.is_zero() && !is_online(user)) push_presence(user, false);
}

bool FakeServer::is_online(UserId user) const {
  return std::ranges::any_of(connections_, [&](const auto& entry) { return entry.second.user == user; });
}

void FakeServer::push_presence(UserId user, bool online) {
  proto::Envelope envelope;
  envelope.mutable_presence()->set_user(raw(user.bytes()));
  envelope.mutable_presence()->set_online(online);
  for (const auto& [id, log] : logs) {
    if (!is_member(log, user)) continue;
    for (const auto& [other_id, other] : connections_) {
      if (other.user != user && is_member(log, other.user)) other.send(envelope);
    }
  }
}

void FakeServer::push_devices_changed(UserId user) {
  proto::Envelope envelope;
  envelope.mutable_devices_changed()->set_user(raw(user.bytes()));
  for (const auto& [id, log] : logs) {
    if (!is_member(log, user)) continue;
    for (const auto& [other_id, other] : connections_) {
      if (other.user != user && is_member(log, other.user)) other.send(envelope);
    }
  }
}

void FakeServer::push(const proto::Entry& entry) {
  proto::Envelope envelope;
  *envelope.mutable_entry()->mutable_entry() = entry;
  const Log& log = logs.at(id_of<ConversationId>(entry.conversation()));
  for (const auto& [id, connection] : connections_) {
    if (connection.device != id_of<DeviceId>(entry.sender_device()) && is_member(log, connection.user)) {
      connection.send(envelope);
    }
  }
}

void FakeServer::reply_error(const Connection& connection, std::uint64_t id, const Error& error) {
  proto::Envelope reply;
  reply.set_id(id);
  reply.mutable_error()->set_code(std::string(to_string(error.code)));
  reply.mutable_error()->set_message(error.message);
  reply.mutable_error()->set_retry_after_ms(error.code == ErrorCode::rate_limited ? 500 : 0);
  connection.send(reply);
}

void FakeServer::on_envelope(ConnectionId id, const proto::Envelope& request, WallTime now) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  if (refuse) {
    if (const auto error = refuse(request)) return reply_error(found->second, request.id(), *error);
  }
  proto::Envelope reply;
  reply.set_id(request.id());
  handle(id, found->second, request, reply, now);
}

void FakeServer::fill_user(const UserEntry& user, proto::User& out) const {
  out.set_user(raw(user.id.bytes()));
  out.set_username(user.username);
  out.set_display_name(user.display_name);
  out.set_online(is_online(user.id));
  out.set_identity_certificate(raw(user.identity_certificate));
  for (const auto& device : user.devices) {
    if (!revoked_.contains(id_of<DeviceId>(device.device()))) *out.add_devices() = device;
  }
}

Status FakeServer::sign_in(ConnectionId id, Connection& connection, const proto::Envelope& request,
                           proto::Envelope& reply) {
  const bool is_new = request.has_register_();
  const std::string username = is_new ? request.register_().username() : request.login().username();
  const std::string password = is_new ? request.register_().password() : request.login().password();
  const std::string key = is_new ? request.register_().identity_key() : request.login().identity_key();
  const std::string proof = is_new ? request.register_().identity_proof() : request.login().identity_proof();
  Bytes signed_bytes = to_bytes(kProofLabel);
  sotto::append(signed_bytes, exporter_of(id));
  sotto::append(signed_bytes, as_bytes(username));
  if (!crypto::verify(crypto::SignatureAlgorithm::ed25519, as_bytes(key), signed_bytes, as_bytes(proof))) {
    return fail(ErrorCode::denied, "The identity proof is wrong.");
  }
  auto found =
      std::ranges::find_if(users, [&](const auto& entry) { return entry.second.username == username; });
  if (is_new) {
    if (found != users.end()) return fail(ErrorCode::conflict, "This user name is taken.");
    UserEntry user;
    user.id = random_.id<UserId>();
    user.username = username;
    user.password = password;
    user.display_name =
        request.register_().display_name().empty() ? username : request.register_().display_name();
    found = users.emplace(user.id, user).first;
  } else {
    if (found == users.end() || found->second.password != password) {
      return fail(ErrorCode::denied, "The user name or the password is wrong.");
    }
    const bool other_key = raw(found->second.identity_key) != key;
    if (other_key && !found->second.devices.empty()) {
      if (!request.login().replace_device())
        return fail(ErrorCode::conflict, "This account has a device already.");
      for (const auto& device : found->second.devices) revoked_.insert(id_of<DeviceId>(device.device()));
      std::vector<std::function<void()>> hang_ups;
      for (auto& [other_id, other] : connections_) {
        if (other_id != id && other.user == found->first) hang_ups.push_back(other.hang_up);
      }
      for (const auto& hang_up : hang_ups) hang_up();
    }
  }
  UserEntry& user = found->second;
  if (raw(user.identity_key) != key) {
    user.identity_key = to_bytes(as_bytes(key));
    user.identity_certificate = certify_identity(user.id, user.identity_key).der();
  }
  connection.enrolling = user.id;
  reply.mutable_register_reply()->set_user(raw(user.id.bytes()));
  reply.mutable_register_reply()->set_identity_certificate(raw(user.identity_certificate));
  reply.mutable_register_reply()->set_ca_certificate(raw(ca_->der()));
  reply.mutable_register_reply()->set_display_name(user.display_name);
  return ok_status();
}

Status FakeServer::append(Connection& connection, const proto::AppendRequest& request, proto::Envelope& reply,
                          WallTime now) {
  const auto log = logs.find(id_of<ConversationId>(request.conversation()));
  if (log == logs.end() || !is_member(log->second, connection.user)) {
    return fail(ErrorCode::not_found, "There is no such conversation.");
  }
  for (const proto::Entry& entry : log->second.entries) {
    if (entry.message() == request.message() && id_of<DeviceId>(entry.sender_device()) == connection.device) {
      reply.mutable_append_reply()->set_seq(entry.seq());
      reply.mutable_append_reply()->set_time_ms(entry.time_ms());
      return ok_status();
    }
  }
  proto::Entry entry;
  entry.set_conversation(request.conversation());
  entry.set_seq(log->second.entries.size() + 1);
  entry.set_sender_user(raw(connection.user.bytes()));
  entry.set_sender_device(raw(connection.device.bytes()));
  entry.set_time_ms(claimed_time_ms.value_or(now.ms));
  entry.set_message(request.message());
  entry.set_payload(request.payload());
  log->second.entries.push_back(entry);
  reply.mutable_append_reply()->set_seq(entry.seq());
  reply.mutable_append_reply()->set_time_ms(entry.time_ms());
  push(entry);
  return ok_status();
}

void FakeServer::handle(ConnectionId id, Connection& connection, const proto::Envelope& request,
                        proto::Envelope& reply, WallTime now) {
  Status status = ok_status();
  const bool is_device = !connection.user.is_zero();
  switch (request.body_case()) {
    case proto::Envelope::kHello: {
      proto::HelloReply& hello = *reply.mutable_hello_reply();
      hello.set_protocol(1);
      hello.set_registration_open(registration_open);
      hello.set_max_blob_bytes(max_blob_bytes);
      hello.set_blob_chunk_bytes(128 * 1024 + 16);
      hello.set_max_append_bytes(256 * 1024);
      hello.set_server_time_ms(claimed_time_ms.value_or(now.ms));
      if (is_device) {
        hello.set_user(raw(connection.user.bytes()));
        hello.set_device(raw(connection.device.bytes()));
      }
      break;
    }
    case proto::Envelope::kRegister:
    case proto::Envelope::kLogin: status = sign_in(id, connection, request, reply); break;
    case proto::Envelope::kEnroll: {
      UserEntry& user = users.at(connection.enrolling);
      const auto device_certificate =
          crypto::Certificate::from_der(as_bytes(request.enroll().device_certificate())).value();
      const auto identity = crypto::Certificate::from_der(user.identity_certificate).value();
      const auto chain = crypto::verify_device_chain(device_certificate, identity, *ca_, now);
      if (!chain || chain->user != user.id) {
        status = fail(ErrorCode::untrusted, "The device certificate is wrong.");
        break;
      }
      proto::Device device;
      device.set_device(raw(chain->device.bytes()));
      device.set_name(request.enroll().device_name());
      device.set_certificate(request.enroll().device_certificate());
      *device.mutable_sealing_key() = request.enroll().sealing_key();
      user.devices.clear();
      user.devices.push_back(device);
      reply.mutable_enroll_reply();
      push_devices_changed(user.id);
      break;
    }
    default: {
      if (!is_device) status = fail(ErrorCode::denied, "Sign in first.");
      break;
    }
  }
  if (!status) return reply_error(connection, request.id(), status.error());
  if (is_device) {
    switch (request.body_case()) {
      case proto::Envelope::kFindUser: {
        const auto found = std::ranges::find_if(users, [&](const auto& entry) {
          return entry.second.username == request.find_user().username();
        });
        if (found == users.end())
          return reply_error(connection, request.id(),
                             fail(ErrorCode::not_found, "There is nobody with this name."));
        fill_user(found->second, *reply.mutable_user_reply()->mutable_user());
        break;
      }
      case proto::Envelope::kGetUser: {
        const auto found = users.find(id_of<UserId>(request.get_user().user()));
        if (found == users.end())
          return reply_error(connection, request.id(),
                             fail(ErrorCode::not_found, "There is no such person."));
        fill_user(found->second, *reply.mutable_user_reply()->mutable_user());
        break;
      }
      case proto::Envelope::kOpenDirect: {
        const auto peer = id_of<UserId>(request.open_direct().peer());
        const auto found = std::ranges::find_if(logs, [&](const auto& entry) {
          return is_member(entry.second, peer) && is_member(entry.second, connection.user);
        });
        ConversationId conversation;
        if (found != logs.end()) {
          conversation = found->first;
        } else {
          conversation = random_.id<ConversationId>();
          logs[conversation].members = {connection.user, peer};
        }
        proto::Conversation& out = *reply.mutable_open_direct_reply()->mutable_conversation();
        out.set_conversation(raw(conversation.bytes()));
        for (const UserId& member : logs[conversation].members) out.add_members(raw(member.bytes()));
        out.set_last_seq(logs[conversation].entries.size());
        break;
      }
      case proto::Envelope::kListConversations: {
        reply.mutable_list_conversations_reply();
        for (auto& [conversation, log] : logs) {
          if (!is_member(log, connection.user)) continue;
          proto::Conversation& out = *reply.mutable_list_conversations_reply()->add_conversations();
          out.set_conversation(raw(conversation.bytes()));
          for (const UserId& member : log.members) out.add_members(raw(member.bytes()));
          out.set_last_seq(log.entries.size());
          out.set_acked_seq(log.acked[connection.device]);
        }
        break;
      }
      case proto::Envelope::kAppend: {
        if (Status done = append(connection, request.append(), reply, now); !done) {
          return reply_error(connection, request.id(), done.error());
        }
        break;
      }
      case proto::Envelope::kFetch: {
        const auto log = logs.find(id_of<ConversationId>(request.fetch().conversation()));
        if (log == logs.end() || !is_member(log->second, connection.user)) {
          return reply_error(connection, request.id(),
                             fail(ErrorCode::not_found, "There is no such conversation."));
        }
        reply.mutable_fetch_reply();
        // Small pages, so that simulations meet them.
        const std::size_t limit = std::min<std::size_t>(request.fetch().limit(), 7);
        for (std::size_t at = request.fetch().after_seq(); at < log->second.entries.size(); ++at) {
          if (static_cast<std::size_t>(reply.fetch_reply().entries_size()) == limit) {
            reply.mutable_fetch_reply()->set_more(true);
            break;
          }
          *reply.mutable_fetch_reply()->add_entries() = log->second.entries[at];
        }
        break;
      }
      case proto::Envelope::kAck: {
        logs[id_of<ConversationId>(request.ack().conversation())].acked[connection.device] =
            request.ack().seq();
        reply.mutable_ok();
        break;
      }
      case proto::Envelope::kPutBlob: {
        Blob& blob = blobs[id_of<BlobId>(request.put_blob().blob())];
        if (request.put_blob().offset() != blob.data.size() || blob.complete) {
          return reply_error(connection, request.id(),
                             fail(ErrorCode::conflict, "The blob has another length."));
        }
        blob.data += request.put_blob().data();
        reply.mutable_blob_status_reply()->set_size(blob.data.size());
        break;
      }
      case proto::Envelope::kBlobStatus: {
        const auto found = blobs.find(id_of<BlobId>(request.blob_status().blob()));
        if (found == blobs.end())
          return reply_error(connection, request.id(), fail(ErrorCode::not_found, "There is no such blob."));
        reply.mutable_blob_status_reply()->set_size(found->second.data.size());
        reply.mutable_blob_status_reply()->set_complete(found->second.complete);
        break;
      }
      case proto::Envelope::kFinishBlob: {
        const auto found = blobs.find(id_of<BlobId>(request.finish_blob().blob()));
        if (found == blobs.end() || found->second.data.size() != request.finish_blob().size()) {
          return reply_error(connection, request.id(),
                             fail(ErrorCode::conflict, "The blob has another length."));
        }
        found->second.complete = true;
        reply.mutable_blob_status_reply()->set_size(found->second.data.size());
        reply.mutable_blob_status_reply()->set_complete(true);
        break;
      }
      case proto::Envelope::kGetBlob: {
        const auto found = blobs.find(id_of<BlobId>(request.get_blob().blob()));
        if (found == blobs.end())
          return reply_error(connection, request.id(),
                             fail(ErrorCode::not_found, "The file is no longer on the server."));
        const std::string& data = found->second.data;
        const std::size_t offset = std::min<std::size_t>(request.get_blob().offset(), data.size());
        reply.mutable_get_blob_reply()->set_data(data.substr(offset, request.get_blob().length()));
        reply.mutable_get_blob_reply()->set_size(data.size());
        break;
      }
      case proto::Envelope::kChangePassword: {
        UserEntry& user = users.at(connection.user);
        if (user.password != request.change_password().old_password()) {
          return reply_error(connection, request.id(), fail(ErrorCode::denied, "The password is wrong."));
        }
        user.password = request.change_password().new_password();
        reply.mutable_ok();
        break;
      }
      case proto::Envelope::kLogout: {
        revoked_.insert(connection.device);
        users.at(connection.user).devices.clear();
        reply.mutable_ok();
        break;
      }
      default:
        if (reply.body_case() == proto::Envelope::BODY_NOT_SET) reply.mutable_ok();
        break;
    }
  }
  connection.send(reply);
}

}  // namespace sotto::testing
