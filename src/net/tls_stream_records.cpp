// The records of an established connection: what is in them besides data (RFC 8446 sections 4.6, 5 and 6).
#include <openssl/ssl.h>

#include "tls_scratch.hpp"

namespace sotto::net {
namespace {

constexpr std::uint8_t kWarning = 1;
constexpr std::uint8_t kFatal = 2;
constexpr std::uint8_t kUserCanceled = 90;
constexpr std::uint8_t kNewSessionTicket = 4;
constexpr std::uint8_t kKeyUpdate = 24;
// Key updates, tickets and empty records in a row: enough for any honest peer, little work for a dishonest one.
constexpr unsigned kMaxWithoutData = 32;
constexpr std::size_t kMaxHandshakeMessage = 16 * 1024;

}  // namespace

std::unique_ptr<TlsRecords> TlsRecords::make(const RecordSuite& suite, HandshakeNotes& notes, bool server) {
  if (notes.client_traffic.empty() || notes.server_traffic.empty() || notes.exporter.empty()) return nullptr;
  const SecretBytes& peer = server ? notes.client_traffic : notes.server_traffic;
  const SecretBytes& own = server ? notes.server_traffic : notes.client_traffic;
  return std::unique_ptr<TlsRecords>(new TlsRecords{RecordKey(suite, peer.view(), false),
                                                    RecordKey(suite, own.view(), true), suite.hash,
                                                    std::move(notes.exporter), {}, 0, false});
}

// Opens as many whole records as there are and as fit, data into scratch().plain. `full`: there may be more; `wait`:
// what is left is the beginning of a record; `failed`: the peer was told why, and `sentence` tells us.
TlsStream::Incoming TlsStream::open_records(ByteView& ciphertext, std::size_t& count, std::string& sentence) {
  auto& plain = scratch().plain;
  const auto refuse = [&](std::uint8_t alert, std::string why) {
    say_alert(kFatal, alert);
    sentence = std::move(why);
    return Incoming::failed;
  };
  while (plain.size() - count >= kMaxRecordBody) {
    if (ciphertext.size() < kRecordHeaderBytes) return Incoming::wait;
    const std::size_t body = std::size_t{ciphertext[3]} << 8 | ciphertext[4];
    if (ciphertext[0] != static_cast<std::uint8_t>(RecordType::application_data)) {
      return refuse(SSL_AD_UNEXPECTED_MESSAGE, "a record was damaged or forged on the way");
    }
    if (body > kMaxRecordBody) return refuse(SSL_AD_RECORD_OVERFLOW, "a record was damaged or forged on the way");
    if (ciphertext.size() - kRecordHeaderBytes < body) return Incoming::wait;
    const ByteView record = ciphertext.first(kRecordHeaderBytes + body);
    ciphertext = ciphertext.subspan(record.size());
    const auto opened = records_->in.open(record, plain.data() + count);
    if (!opened) return refuse(SSL_AD_BAD_RECORD_MAC, "a record was damaged or forged on the way");
    const ByteView content(plain.data() + count, opened->size);
    switch (opened->type) {
      case RecordType::application_data:
        count += content.size();
        if (!content.empty()) records_->without_data = 0;
        break;
      case RecordType::alert:
        if (content.size() != 2) return refuse(SSL_AD_DECODE_ERROR, "the other side broke the rules of TLS");
        if (content[1] == SSL_AD_CLOSE_NOTIFY) return Incoming::clean;
        if (content[1] == kUserCanceled) break;
        sentence = tls_alert_sentence(content[1]);
        return Incoming::failed;
      case RecordType::handshake:
        if (!take_handshake(content)) {
          return refuse(SSL_AD_UNEXPECTED_MESSAGE, "the other side broke the rules of TLS");
        }
        break;
      default: return refuse(SSL_AD_UNEXPECTED_MESSAGE, "the other side broke the rules of TLS");
    }
    if ((opened->type != RecordType::application_data || content.empty()) &&
        ++records_->without_data > kMaxWithoutData) {
      return refuse(SSL_AD_UNEXPECTED_MESSAGE, "the other side broke the rules of TLS");
    }
  }
  return Incoming::full;
}

bool TlsStream::take_handshake(ByteView bytes) {
  Bytes& message = records_->handshake;
  append(message, bytes);
  constexpr std::size_t kHead = 4;
  while (message.size() >= kHead) {
    const std::size_t size = std::size_t{message[1]} << 16 | std::size_t{message[2]} << 8 | message[3];
    if (size > kMaxHandshakeMessage) return false;
    if (message.size() < kHead + size) return true;
    if (message[0] == kKeyUpdate) {
      // It ends its record, since what follows has other keys.
      if (size != 1 || message[kHead] > 1 || message.size() != kHead + size) return false;
      records_->in.update();
      if (message[kHead] == 1) {
        records_->update_wanted = true;
        loop_.at_iteration_end(*this);
      }
    } else if (message[0] != kNewSessionTicket || context_->is_server()) {
      return false;
    }
    message.erase(message.begin(), message.begin() + static_cast<std::ptrdiff_t>(kHead + size));
  }
  if (message.empty()) message = Bytes();
  return true;
}

void TlsStream::send_key_update() {
  const std::uint8_t message[] = {kKeyUpdate, 0, 0, 1, 0};  // update_not_requested
  const ByteView part(message);
  std::uint8_t record[sizeof message + kRecordOverhead];
  const std::size_t size = records_->out.seal(RecordType::handshake, {&part, 1}, record);
  send_out({record, size});
  records_->out.update();
  records_->update_wanted = false;
}

void TlsStream::say_close_notify() {
  said_goodbye_ = true;
  say_alert(kWarning, SSL_AD_CLOSE_NOTIFY);
}

void TlsStream::say_alert(std::uint8_t level, std::uint8_t description) {
  const std::uint8_t message[] = {level, description};
  const ByteView part(message);
  std::uint8_t record[sizeof message + kRecordOverhead];
  const std::size_t size = records_->out.seal(RecordType::alert, {&part, 1}, record);
  send_out({record, size});
}

}  // namespace sotto::net
