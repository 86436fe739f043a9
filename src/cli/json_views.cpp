#include "json_views.hpp"

#include <cmath>

namespace sotto::cli {
namespace {

// JSON has no infinity and no NaN; a figure that is not known is 0, as everywhere in the statistics.
double finite(double value) { return std::isfinite(value) ? value : 0.0; }

template <class IdType>
Json id_or_null(const IdType& id) {
  return id.is_zero() ? Json(nullptr) : Json(id.str());
}

Json to_json(const call::VideoStats& video) {
  return {{"codec", video.codec},
          {"bitrate", finite(video.bitrate)},
          {"width", video.width},
          {"height", video.height},
          {"fps", finite(video.fps)},
          {"frames", video.frames},
          {"dropped", video.dropped},
          {"freezes", video.freezes},
          {"freeze_ms", finite(video.freeze_ms)},
          {"key_frames", video.key_frames},
          {"qp", finite(video.qp)},
          {"encode_ms", finite(video.encode_ms)},
          {"decode_ms", finite(video.decode_ms)},
          {"jitter_buffer_ms", finite(video.jitter_buffer_ms)}};
}

Json to_json(const call::AudioStats& audio) {
  return {{"codec", audio.codec},
          {"bitrate", finite(audio.bitrate)},
          {"level", finite(audio.level)},
          {"jitter_buffer_ms", finite(audio.jitter_buffer_ms)},
          {"concealed_ms", finite(audio.concealed_ms)},
          {"stretched_ms", finite(audio.stretched_ms)},
          {"echo_return_loss_db", finite(audio.echo_return_loss_db)}};
}

}  // namespace

Json to_json(const client::UserView& user) {
  return {{"id", user.id.str()},   {"username", user.username}, {"display_name", user.display_name},
          {"online", user.online}, {"verified", user.verified}, {"identity_changed", user.identity_changed}};
}

Json to_json(const client::DeviceView& device) {
  return {{"id", device.id.str()},
          {"name", device.name},
          {"last_seen", device.last_seen.ms == 0 ? Json(nullptr) : Json(to_rfc3339(device.last_seen))},
          {"current", device.current}};
}

Json to_json(const client::ConnectionView& connection) {
  Json out = {{"state", to_string(connection.state)}, {"reason", connection.reason}};
  if (connection.state != client::ConnectionState::online) {
    out["code"] = to_string(connection.code);
    out["retry_in_ms"] = connection.retry_in_ms;
  }
  return out;
}

Json to_json(const client::AccountView& account) {
  return {{"user", account.user.id.str()},
          {"username", account.user.username},
          {"display_name", account.user.display_name},
          {"device", account.device.id.str()},
          {"device_name", account.device.name},
          {"server", account.server}};
}

Json to_json(const client::Commands::AccountStatus& status) {
  Json out = status.account ? to_json(*status.account)
                            : Json{{"user", nullptr}, {"device", nullptr}, {"server", nullptr}};
  out["connection"] = to_json(status.connection);
  return out;
}

Json to_json(const client::MessageView& message) {
  Json out = {{"id", message.id.str()},
              {"conversation", message.conversation.str()},
              {"sender",
               {{"user", message.sender.str()},
                {"username", message.sender_username},
                {"device", id_or_null(message.sender_device)}}},
              {"own", message.own},
              {"time", to_rfc3339(message.time)},
              {"kind", to_string(message.kind)},
              {"text", message.text},
              {"state", to_string(message.state)},
              {"reply_to", message.reply_to ? Json(message.reply_to->str()) : Json(nullptr)},
              // Editing, deleting and reactions are not in the protocol yet: always so.
              {"edited", false},
              {"deleted", false},
              {"reactions", Json::array()}};
  if (message.state == client::MessageState::failed) out["failure"] = message.failure;
  if (message.file) {
    out["file"] = {{"name", message.file->name}, {"size", message.file->size}, {"type", message.file->type}};
    out["transfer"] = message.transfer ? Json(message.transfer->str()) : Json(nullptr);
    if (!message.local_path.empty()) out["path"] = message.local_path;
  }
  if (message.call) {
    out["call"] = {{"outgoing", message.call->outgoing},
                   {"video", message.call->video},
                   {"answered", message.call->answered},
                   {"reason", to_string(message.call->reason)},
                   {"duration_s", message.call->duration_s}};
  }
  return out;
}

Json to_json(const client::ConversationView& conversation) {
  Json out = {{"id", conversation.id.str()},
              {"kind", to_string(conversation.kind)},
              {"name", conversation.name},
              {"unread", conversation.unread},
              {"last_message", conversation.last ? to_json(*conversation.last) : Json(nullptr)}};
  if (conversation.kind == client::ConversationKind::direct) out["peer"] = to_json(conversation.peer);
  return out;
}

Json to_json(const client::TransferView& transfer) {
  Json out = {{"transfer", transfer.id.str()},
              {"message", transfer.message.str()},
              {"conversation", transfer.conversation.str()},
              {"direction", to_string(transfer.direction)},
              {"bytes", transfer.bytes},
              {"total", transfer.total},
              {"state", to_string(transfer.state)},
              {"rate", finite(transfer.rate)},
              {"path", transfer.path}};
  if (transfer.state == client::TransferState::failed) out["failure"] = transfer.failure;
  return out;
}

Json to_json(const client::CallView& call) {
  return {{"call", call.id.str()},
          {"conversation", call.conversation.str()},
          {"peer", to_json(call.peer)},
          {"outgoing", call.outgoing},
          {"video", call.video},
          {"peer_ringing", call.peer_ringing},
          {"state", to_string(call.state)},
          {"reason", to_string(call.reason)},
          {"failure", call.failure},
          {"security_code", call.security_code},
          {"verified", call.verified},
          {"microphone", call.microphone},
          {"camera", call.camera},
          {"peer_microphone", call.peer_microphone},
          {"peer_camera", call.peer_camera},
          {"active_s", call.active_s}};
}

Json to_json(const call::CallStats& stats) {
  return {{"rtt_ms", finite(stats.rtt_ms)},
          {"jitter_ms", finite(stats.jitter_ms)},
          {"loss_in", finite(stats.loss_in)},
          {"loss_out", finite(stats.loss_out)},
          {"bitrate_in", finite(stats.bitrate_in)},
          {"bitrate_out", finite(stats.bitrate_out)},
          {"target_bitrate", finite(stats.target_bitrate)},
          {"path", stats.path},
          {"cipher", stats.cipher},
          {"rejected_packets", stats.rejected_packets},
          {"video_in", to_json(stats.video_in)},
          {"video_out", to_json(stats.video_out)},
          {"audio_in", to_json(stats.audio_in)},
          {"audio_out", to_json(stats.audio_out)}};
}

Json to_json(const call::MediaSessionFactory::Devices& devices) {
  Json list = Json::array();
  const auto add = [&list](const auto& entries, std::string_view kind, const std::string& selected) {
    bool found = false;
    for (const auto& entry : entries) {
      list.push_back(
          {{"id", entry.id}, {"name", entry.name}, {"kind", kind}, {"selected", entry.id == selected}});
      found = found || entry.id == selected;
    }
    // Chosen by URI (a file, a tone): no enumeration lists it, the user still has to see it.
    if (!found && !selected.empty()) {
      list.push_back({{"id", selected}, {"name", selected}, {"kind", kind}, {"selected", true}});
    }
  };
  add(devices.cameras, "camera", devices.camera);
  add(devices.microphones, "microphone", devices.microphone);
  add(devices.speakers, "speaker", devices.speaker);
  return list;
}

std::string to_line(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace sotto::cli
