#include "sotto/net/tls_stream.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "tls_internal.hpp"

namespace sotto::net {
namespace {

constexpr std::size_t kRecordBytes = SSL3_RT_MAX_PLAIN_LENGTH;  // 16 KiB, RFC 8446 section 5.1
constexpr std::size_t kSmallRecordBytes = 1024;
constexpr std::size_t kReadBudget = 256UL * 1024;  // a turn; then other connections
constexpr std::size_t kWriteBudget = 512UL * 1024;
constexpr int kUserTimeoutMs = 30'000;
constexpr int kKeepAliveIdleSeconds = 60;

// One set of buffers a thread: an idle connection holds none. Streams of a thread take turns, and no
// stream uses them across a callback except `plain`, which the callback only reads.
struct Scratch {
  std::array<std::uint8_t, 64 * 1024> in;
  std::array<std::uint8_t, 64 * 1024> plain;
  std::array<std::uint8_t, kRecordBytes> gather;
  Bytes out;
};
Scratch& scratch() {
  thread_local const auto buffers = std::make_unique<Scratch>();
  return *buffers;
}

// Lends ciphertext in and out to OpenSSL for the calls within a scope. Nests, because a callback may
// destroy another stream, which says goodbye through OpenSSL.
class IoScope {
 public:
  IoScope(ByteView in, Bytes& out) : saved_(memory_bio()) {
    memory_bio() = {in, &out};
    if (ERR_peek_error() != 0)
      ERR_clear_error();  // SSL_get_error looks at the whole queue, whoever filled it
  }
  ~IoScope() { memory_bio() = saved_; }
  IoScope(const IoScope&) = delete;
  IoScope& operator=(const IoScope&) = delete;
  ByteView unread() const { return memory_bio().in; }

 private:
  MemoryBio saved_;
};

CloseKind kind_of(const TlsError& error) {
  return error.refuses_us ? CloseKind::refused : CloseKind::tls_failed;
}

void set_socket_options(int fd) {
  const auto set = [fd](int level, int name, int value) {
    ::setsockopt(fd, level, name, &value, sizeof value);
  };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(IPPROTO_TCP, TCP_NOTSENT_LOWAT, static_cast<int>(kNotSentLowWater));
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdleSeconds);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, kUserTimeoutMs);
}

}  // namespace

// ---- Queues ----

void TlsStream::Queue::push(Bytes frame) {
  if (frame.empty()) return;
  bytes += frame.size();
  frames.push_back(std::move(frame));
}

void TlsStream::Queue::consume(std::size_t count) {
  offset += count;
  bytes -= count;
  if (offset < frames[head].size()) return;
  frames[head] = Bytes();
  ++head;
  offset = 0;
  if (head == frames.size()) {
    clear();
  } else if (head >= 64 && head * 2 >= frames.size()) {
    frames.erase(frames.begin(), frames.begin() + static_cast<std::ptrdiff_t>(head));
    head = 0;
  }
}

void TlsStream::Queue::drop_unbegun() {
  const std::size_t keep = begun() ? head + 1 : head;
  while (frames.size() > keep) {
    bytes -= frames.back().size();
    frames.pop_back();
  }
  if (empty()) clear();
}

void TlsStream::Queue::clear() {
  frames = {};  // an idle connection keeps nothing
  head = 0;
  offset = 0;
  bytes = 0;
}

// A begun frame is finished first: frames of both priorities share one byte stream.
TlsStream::Queue* TlsStream::next_queue() {
  if (bulk_.begun()) return &bulk_;
  if (!urgent_.empty()) return &urgent_;
  return bulk_.empty() ? nullptr : &bulk_;
}

// ---- Making and ending ----

TlsStream::TlsStream(Loop& loop, std::shared_ptr<const TlsContext> context, Socket socket,
                     const SocketAddress& peer, Handler& handler)
    : loop_(loop),
      context_(std::move(context)),
      handler_(handler),
      peer_(peer),
      socket_(std::move(socket)),
      ssl_(SSL_new(context_->native())),
      notes_(std::make_unique<HandshakeNotes>()) {
  BIO* bio = make_memory_bio();
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_app_data(ssl_, notes_.get());
  set_socket_options(socket_.fd());
  events_ = EPOLLIN;
  loop_.watch(socket_.fd(), events_, *this);
  set_timer(kHandshakeTimeout);
}

std::unique_ptr<TlsStream> TlsStream::accept(Loop& loop, std::shared_ptr<const TlsContext> context,
                                             Socket socket, const SocketAddress& peer, Handler& handler) {
  std::unique_ptr<TlsStream> out(new TlsStream(loop, std::move(context), std::move(socket), peer, handler));
  SSL_set_accept_state(out->ssl_);
  return out;
}

std::unique_ptr<TlsStream> TlsStream::connect(Loop& loop, std::shared_ptr<const TlsContext> context,
                                              Socket socket, const SocketAddress& peer,
                                              const std::string& server_name, Handler& handler) {
  std::unique_ptr<TlsStream> out(new TlsStream(loop, std::move(context), std::move(socket), peer, handler));
  SSL_set_connect_state(out->ssl_);
  // RFC 6066 section 3: no literal addresses.
  if (!server_name.empty() && !SocketAddress::from_ip(server_name, 0)) {
    // What SSL_set_tlsext_host_name expands to, without its C cast; OpenSSL copies the name.
    SSL_ctrl(out->ssl_, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(server_name.c_str()));
  }
  loop.at_iteration_end(*out);  // the ClientHello
  return out;
}

TlsStream::~TlsStream() {
  if (state_ == State::open) say_close_notify();
  if (state_ != State::closed) loop_.unwatch(socket_.fd(), *this);
  SSL_free(ssl_);
  if (destroyed_) *destroyed_ = true;
}

bool TlsStream::end(CloseKind kind, ErrorCode code, std::string message) {
  if (state_ == State::closed) return false;
  if (state_ == State::open) say_close_notify();
  state_ = State::closed;
  loop_.unwatch(socket_.fd(), *this);
  socket_.close();
  SSL_free(std::exchange(ssl_, nullptr));
  timer_.reset();
  notes_.reset();
  urgent_.clear();
  bulk_.clear();
  cipher_in_ = Bytes();
  cipher_out_ = Bytes();
  handler_.on_closed(Closed{kind, fail(code, std::move(message))});  // may destroy this object
  return false;
}

bool TlsStream::end_by_errno(int number) {
  if (number == ETIMEDOUT)
    return end(CloseKind::timeout, ErrorCode::offline, "the other side no longer answers");
  Error error = system_error(number, "the connection was lost");
  return end(CloseKind::reset, ErrorCode::offline, std::move(error.message));
}

// The peer's FIN without close_notify before it.
bool TlsStream::end_of_stream() {
  if (state_ == State::closing || state_ == State::lingering) {
    return end(CloseKind::local, ErrorCode::offline, "the connection was closed on this side");
  }
  if (send_errno_ != 0) return end_by_errno(send_errno_);
  return end(CloseKind::truncated, ErrorCode::offline,
             state_ == State::handshaking ? "the other side hung up during the handshake"
                                          : "the connection was cut");
}

void TlsStream::say_close_notify() {
  Bytes out;
  {
    const IoScope io({}, out);
    SSL_shutdown(ssl_);
    ERR_clear_error();
  }
  send_out(out);
}

void TlsStream::set_timer(Duration delay) {
  if (!timer_) timer_ = std::make_unique<Timer>(loop_, [this] { on_timer(); });
  timer_->arm_after(delay);
}

void TlsStream::on_timer() {
  if (state_ == State::handshaking) {
    end(CloseKind::timeout, ErrorCode::offline, "the other side did not finish the handshake in time");
  } else {
    end(CloseKind::local, ErrorCode::offline, "the connection was closed on this side");
  }
}

// ---- The application's calls: they only note what is wanted; the loop does it ----

void TlsStream::send(Bytes frame, Priority priority) {
  if (state_ != State::open && state_ != State::handshaking) return;
  if (too_slow_) return;
  if (priority == Priority::bulk) want_drained_ = true;
  (priority == Priority::urgent ? urgent_ : bulk_).push(std::move(frame));
  if (queued_bytes() > kMaxQueuedBytes) {
    too_slow_ = true;
    urgent_.clear();
    bulk_.clear();
  }
  if (state_ == State::open || too_slow_) loop_.at_iteration_end(*this);
}

void TlsStream::close() {
  if (state_ != State::open && state_ != State::handshaking) return;
  bulk_.drop_unbegun();
  state_ = State::closing;
  set_timer(kCloseTimeout);
  update_watch();
  loop_.at_iteration_end(*this);
}

void TlsStream::set_handshake_timeout(Duration timeout) {
  if (state_ == State::handshaking) set_timer(timeout);
}

void TlsStream::pause_reading() {
  paused_ = true;
  update_watch();
}

void TlsStream::resume_reading() {
  paused_ = false;
  update_watch();
  if (!cipher_in_.empty()) loop_.at_iteration_end(*this);
}

Result<SecretBytes> TlsStream::exporter(std::string_view label, std::size_t length) const {
  if (state_ != State::open) return fail(ErrorCode::offline, "the connection is not established");
  SecretBytes out(length);
  if (SSL_export_keying_material(ssl_, out.data(), out.size(), label.data(), label.size(), nullptr, 0, 0) !=
      1) {
    return fail(ErrorCode::internal, "TLS exporter: " + take_tls_error().sentence);
  }
  return out;
}

// ---- Events of the loop ----

void TlsStream::update_watch() {
  if (state_ == State::closed) return;
  const bool reading = !paused_ || state_ != State::open;
  const std::uint32_t events = (reading ? EPOLLIN : 0U) | (cipher_out_.empty() ? 0U : EPOLLOUT);
  if (events == events_) return;
  events_ = events;
  loop_.rewatch(socket_.fd(), events, *this);
}

void TlsStream::on_fd_ready(std::uint32_t events) {
  if ((events & EPOLLOUT) != 0) {
    send_waiting();
    if (!flush()) return;
  }
  if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) {
    if (paused_ && state_ == State::open) {
      // Not asked for, so this is an error or the end of both directions.
      if ((events & (EPOLLERR | EPOLLHUP)) == 0) return;
      int error = send_errno_;
      socklen_t size = sizeof error;
      if (error == 0) ::getsockopt(socket_.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
      end_by_errno(error != 0 ? error : ECONNRESET);
      return;
    }
    if (!receive()) return;
  }
  update_watch();
}

void TlsStream::on_iteration_end() {
  if (state_ == State::closed) return;
  if (too_slow_) {
    end(CloseKind::too_slow, ErrorCode::unavailable, "the other side reads too slowly");
    return;
  }
  if (state_ == State::handshaking || (!paused_ && !cipher_in_.empty())) {
    const Bytes waiting = std::exchange(cipher_in_, {});
    if (!process(waiting)) return;
  }
  if (!flush()) return;
  update_watch();
}

// ---- Receiving ----

bool TlsStream::receive() {
  if (state_ == State::closing || state_ == State::lingering) return receive_and_drop();
  if (!cipher_in_.empty()) return true;  // that comes first, at the end of this iteration
  for (std::size_t total = 0; total < kReadBudget;) {
    auto& in = scratch().in;
    const auto count = ::recv(socket_.fd(), in.data(), in.size(), 0);
    if (count == 0) return end_of_stream();
    if (count < 0) {
      if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return true;
      return end_by_errno(errno);
    }
    const auto size = static_cast<std::size_t>(count);
    if (!process({in.data(), size})) return false;
    // Not counted: what came along with the end of the handshake.
    if (state_ == State::handshaking) {
      handshake_bytes_ += size;
      if (handshake_bytes_ > kMaxHandshakeBytes) {
        return end(CloseKind::tls_failed, ErrorCode::too_large, "the other side's handshake is too long");
      }
    }
    if (size < in.size() || paused_ || state_ == State::closing)
      return true;  // a short read emptied the socket
    total += size;
  }
  return true;
}

bool TlsStream::receive_and_drop() {
  for (std::size_t total = 0; total < kReadBudget;) {
    auto& in = scratch().in;
    const auto count = ::recv(socket_.fd(), in.data(), in.size(), 0);
    if (count == 0) return end_of_stream();
    if (count < 0) {
      if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return true;
      return end_of_stream();
    }
    total += static_cast<std::size_t>(count);
  }
  return true;
}

bool TlsStream::process(ByteView ciphertext) {
  if (state_ == State::handshaking) {
    if (!continue_handshake(ciphertext)) return false;
    if (state_ == State::handshaking) return true;
  }
  Scratch& buffers = scratch();
  while (!paused_ && state_ == State::open) {
    std::size_t count = 0;
    int outcome = SSL_ERROR_NONE;
    TlsError error;
    buffers.out.clear();
    {
      const IoScope io(ciphertext, buffers.out);
      while (buffers.plain.size() - count >= kRecordBytes) {
        std::size_t more = 0;
        if (SSL_read_ex(ssl_, buffers.plain.data() + count, buffers.plain.size() - count, &more) != 1) {
          outcome = SSL_get_error(ssl_, 0);
          break;
        }
        count += more;
        if (io.unread().empty() &&
            SSL_has_pending(ssl_) == 0) {  // OpenSSL would only say so, in a microsecond
          outcome = SSL_ERROR_WANT_READ;
          break;
        }
      }
      ciphertext = io.unread();
      if (outcome == SSL_ERROR_SSL || outcome == SSL_ERROR_SYSCALL) error = take_tls_error();
    }
    send_out(buffers.out);  // an alert or a key update
    if (count > 0 && !deliver({buffers.plain.data(), count})) return false;
    if (late_messages_ > kMaxLateHandshakeMessages && state_ == State::open) {
      return end(CloseKind::tls_failed, ErrorCode::rate_limited, "the other side renews its keys too often");
    }
    if (outcome == SSL_ERROR_NONE) continue;
    if (outcome == SSL_ERROR_WANT_READ) return true;
    if (state_ != State::open) return true;  // closed by the callback: the rest does not matter
    if (outcome == SSL_ERROR_ZERO_RETURN) {
      return end(CloseKind::clean, ErrorCode::offline, "the other side closed the connection");
    }
    return end(kind_of(error), ErrorCode::untrusted, std::move(error.sentence));
  }
  if (state_ == State::open) append(cipher_in_, ciphertext);
  return true;
}

bool TlsStream::continue_handshake(ByteView& ciphertext) {
  Bytes& out = scratch().out;
  out.clear();
  int result = 0;
  int outcome = SSL_ERROR_NONE;
  TlsError error;
  {
    const IoScope io(ciphertext, out);
    result = SSL_do_handshake(ssl_);
    if (result != 1) outcome = SSL_get_error(ssl_, result);
    ciphertext = io.unread();
    if (outcome == SSL_ERROR_SSL || outcome == SSL_ERROR_SYSCALL) error = take_tls_error();
  }
  send_out(out);
  if (result == 1) return established();
  if (outcome == SSL_ERROR_WANT_READ) return true;
  if (outcome == SSL_ERROR_ZERO_RETURN) {
    return end(CloseKind::tls_failed, ErrorCode::offline, "the other side hung up during the handshake");
  }
  if (notes_->refused) {
    const Error refused = std::move(*notes_->refused);
    return end(CloseKind::tls_failed, refused.code, refused.message);
  }
  return end(kind_of(error), ErrorCode::untrusted, std::move(error.sentence));
}

bool TlsStream::established() {
  const unsigned char* alpn = nullptr;
  unsigned alpn_size = 0;
  SSL_get0_alpn_selected(ssl_, &alpn, &alpn_size);
  if (as_text({alpn, alpn_size}) != context_->alpn()) {
    say_close_notify();
    return end(CloseKind::tls_failed, ErrorCode::invalid_argument,
               "the other side does not speak our protocol");
  }
  timer_.reset();
  state_ = State::open;
  PeerInfo info;
  info.chain_der = std::move(notes_->chain);
  info.address = peer_;
  info.cipher = SSL_get_cipher_name(ssl_);
  if (const char* group = OBJ_nid2sn(static_cast<int>(SSL_get_negotiated_group(ssl_)))) info.group = group;
  SSL_set_app_data(ssl_, nullptr);
  notes_.reset();
  SSL_set_msg_callback(ssl_, on_message);
  SSL_set_msg_callback_arg(ssl_, this);
  // The handler has the chain now. OpenSSL would keep 2.3 kB for each parsed certificate as long as the
  // connection lives, and looks at none of these again.
  if (STACK_OF(X509)* chain = SSL_get_peer_cert_chain(ssl_)) {
    while (sk_X509_num(chain) > 0) X509_free(sk_X509_pop(chain));
  }
  loop_.at_iteration_end(*this);  // what was queued before

  bool destroyed = false;
  destroyed_ = &destroyed;
  handler_.on_established(info);
  if (destroyed) return false;
  destroyed_ = nullptr;
  return true;
}

// OpenSSL tells of every message and every record, and only then looks at it.
void TlsStream::on_message(int sent, int, int type, const void*, std::size_t, SSL*, void* stream) {
  if (sent == 0 && type == SSL3_RT_HANDSHAKE) static_cast<TlsStream*>(stream)->count_late_message();
}

void TlsStream::count_late_message() {
  const TimePoint now = loop_.now();
  if (now - late_since_ >= std::chrono::minutes(1)) {
    late_since_ = now;
    late_messages_ = 0;
  }
  // OpenSSL is in the middle of reading. It gets no more, and process() ends the connection.
  if (++late_messages_ > kMaxLateHandshakeMessages) memory_bio().in = {};
}

bool TlsStream::deliver(ByteView plaintext) {
  bool destroyed = false;
  destroyed_ = &destroyed;
  handler_.on_bytes(plaintext);
  if (destroyed) return false;
  destroyed_ = nullptr;
  return true;
}

// ---- Sending ----

// Never fails: what the kernel does not take waits in cipher_out_, and when the peer is gone, what it had
// sent before is still to be read; the end is reported from there.
void TlsStream::send_out(Bytes& ciphertext) {
  std::size_t sent = 0;
  if (send_errno_ == 0 && cipher_out_.empty()) {
    while (sent < ciphertext.size()) {
      const auto count =
          ::send(socket_.fd(), ciphertext.data() + sent, ciphertext.size() - sent, MSG_NOSIGNAL);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) {
        if (errno != EAGAIN && errno != EWOULDBLOCK) send_errno_ = errno;
        break;
      }
      sent += static_cast<std::size_t>(count);
    }
  }
  if (send_errno_ == 0) append(cipher_out_, ByteView(ciphertext).subspan(sent));
  ciphertext.clear();
}

void TlsStream::send_waiting() {
  while (cipher_out_at_ < cipher_out_.size()) {
    const auto count = ::send(socket_.fd(), cipher_out_.data() + cipher_out_at_,
                              cipher_out_.size() - cipher_out_at_, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      if (errno == EAGAIN || errno == EWOULDBLOCK) return;
      send_errno_ = errno;
      break;
    }
    cipher_out_at_ += static_cast<std::size_t>(count);
  }
  cipher_out_ = Bytes();
  cipher_out_at_ = 0;
}

bool TlsStream::flush() {
  if (state_ == State::open || state_ == State::closing) {
    std::size_t budget = kWriteBudget;
    while (budget > 0 && cipher_out_.empty() && send_errno_ == 0 && SSL_is_init_finished(ssl_) &&
           next_queue()) {
      std::size_t count = 0;
      if (!encrypt_some(count)) return false;
      budget -= std::min(budget, count);
    }
    if (budget == 0) loop_.at_iteration_end(*this);
  }
  if (send_errno_ != 0) {
    urgent_.clear();
    bulk_.clear();
  }
  if (state_ == State::closing || state_ == State::lingering) return advance_closing();
  if (state_ == State::open && want_drained_ && send_errno_ == 0 && bulk_.bytes <= kBulkLowWater) {
    want_drained_ = false;
    bool destroyed = false;
    destroyed_ = &destroyed;
    handler_.on_drained();
    if (destroyed) return false;
    destroyed_ = nullptr;
  }
  return true;
}

// Encrypts up to kBatchBytes and hands them to the kernel in one call.
bool TlsStream::encrypt_some(std::size_t& count) {
  Scratch& buffers = scratch();
  buffers.out.clear();
  bool ok = true;
  // OpenSSL gets a buffer for the largest record each time and gives it back, because idle connections shall
  // own none. For a few small frames a small one is much cheaper to get.
  const bool small = queued_bytes() <= kSmallRecordBytes;
  if (small != small_records_) {
    const std::size_t fragment = small ? kSmallRecordBytes : kRecordBytes;
    SSL_set_max_send_fragment(ssl_, fragment);
    SSL_set_split_send_fragment(ssl_, fragment);  // lowered along with the other, but not raised
    small_records_ = small;
  }
  {
    const IoScope io({}, buffers.out);
    while (ok && count < kBatchBytes && next_queue()) {
      Queue* queue = next_queue();
      const std::uint8_t* data = queue->front().data();
      std::size_t size = queue->front().size();
      const bool whole_record = size >= kRecordBytes;
      if (whole_record) {
        size = kRecordBytes;
      } else {
        data = buffers.gather.data();
        for (size = 0; size < kRecordBytes && (queue = next_queue()) != nullptr;) {
          const std::size_t part = std::min(queue->front().size(), kRecordBytes - size);
          std::memcpy(buffers.gather.data() + size, queue->front().data(), part);
          queue->consume(part);
          size += part;
        }
      }
      std::size_t written = 0;
      ok = SSL_write_ex(ssl_, data, size, &written) == 1 && written == size;
      if (whole_record) queue->consume(size);
      count += size;
    }
  }
  if (!ok) return end(CloseKind::tls_failed, ErrorCode::internal, take_tls_error().sentence);
  send_out(buffers.out);
  return true;
}

bool TlsStream::advance_closing() {
  if (state_ == State::lingering) return true;
  if (send_errno_ != 0 || !SSL_is_init_finished(ssl_)) {
    return end(CloseKind::local, ErrorCode::offline, "the connection was closed on this side");
  }
  if (next_queue() || !cipher_out_.empty()) return true;
  if ((SSL_get_shutdown(ssl_) & SSL_SENT_SHUTDOWN) == 0) say_close_notify();
  if (!cipher_out_.empty()) return true;
  // Closing now could reset the connection and lose what the peer has not read yet; so only our half is
  // ended, and the peer's end is awaited.
  ::shutdown(socket_.fd(), SHUT_WR);
  state_ = State::lingering;
  return true;
}

}  // namespace sotto::net
