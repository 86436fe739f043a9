#include "sotto/client/view.hpp"

namespace sotto::client {

std::string_view to_string(EndReason reason) {
  switch (reason) {
    case EndReason::none: return "";
    case EndReason::local_hangup: return "local_hangup";
    case EndReason::remote_hangup: return "remote_hangup";
    case EndReason::declined: return "declined";
    case EndReason::busy: return "busy";
    case EndReason::no_answer: return "no_answer";
    case EndReason::cancelled: return "cancelled";
    case EndReason::connect_failed: return "connect_failed";
    case EndReason::connection_lost: return "connection_lost";
    case EndReason::media_failed: return "media_failed";
  }
  return "";
}

std::string_view to_string(ConnectionState state) {
  switch (state) {
    case ConnectionState::offline: return "offline";
    case ConnectionState::connecting: return "connecting";
    case ConnectionState::online: return "online";
  }
  return "";
}

std::string_view to_string(MessageKind kind) {
  switch (kind) {
    case MessageKind::text: return "text";
    case MessageKind::file: return "file";
    case MessageKind::call: return "call";
    case MessageKind::event: return "event";
  }
  return "";
}

std::string_view to_string(MessageState state) {
  switch (state) {
    case MessageState::sending: return "sending";
    case MessageState::sent: return "sent";
    case MessageState::delivered: return "delivered";
    case MessageState::read: return "read";
    case MessageState::failed: return "failed";
  }
  return "";
}

std::string_view to_string(TransferState state) {
  switch (state) {
    case TransferState::queued: return "queued";
    case TransferState::active: return "active";
    case TransferState::paused: return "paused";
    case TransferState::done: return "done";
    case TransferState::failed: return "failed";
    case TransferState::cancelled: return "cancelled";
  }
  return "";
}

std::string_view to_string(TransferDirection direction) {
  return direction == TransferDirection::up ? "up" : "down";
}

std::string_view to_string(CallState state) {
  switch (state) {
    case CallState::ringing: return "ringing";
    case CallState::connecting: return "connecting";
    case CallState::active: return "active";
    case CallState::reconnecting: return "reconnecting";
    case CallState::ended: return "ended";
  }
  return "";
}

std::string_view to_string(ConversationKind kind) {
  return kind == ConversationKind::direct ? "direct" : "room";
}

}  // namespace sotto::client
