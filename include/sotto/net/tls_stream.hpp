// One TLS 1.3 connection that carries whole frames in two priorities.
//
//   auto stream = TlsStream::accept(loop, context, std::move(socket), peer, handler);
//   stream->send(frame, Priority::urgent);            // any time; before the handshake ends it waits
//   Handler::on_bytes(view)                           // decrypted bytes, frame borders not kept
//   stream->close();                                  // sends what is queued, then a clean close
//
// Outgoing frames of one loop iteration are gathered into few TLS records and few system calls. A bulk
// frame is begun only when no urgent frame waits and the kernel holds little unsent data, so an urgent
// frame waits for at most kNotSentLowWater + one bulk frame + kBatchBytes. Frames of one priority keep their
// order.
//
// Every callback comes from the loop, never from within a call into the stream, and may destroy the
// stream. After on_closed nothing follows. Destroying an open stream closes it at once, with a
// close_notify if the socket takes it, and drops what was queued. Thread: the loop's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sotto/base/bytes.hpp"
#include "sotto/base/result.hpp"
#include "sotto/base/secret_bytes.hpp"
#include "sotto/net/loop.hpp"
#include "sotto/net/socket.hpp"
#include "sotto/net/tls_context.hpp"

struct ssl_st;

namespace sotto::net {

struct HandshakeNotes;

enum class Priority { urgent, bulk };

enum class CloseKind {
  clean,       // the peer said close_notify: everything it sent has arrived
  truncated,   // the connection ended without close_notify: what it sent last may be missing
  reset,       // reset or network error
  timeout,     // handshake deadline, or no acknowledgement for 30 s
  too_slow,    // the peer does not read: more than kMaxQueuedBytes waited
  tls_failed,  // handshake refused by either side, wrong protocol, bad record
  refused,     // the peer said that it does not take our certificate
  local,       // close() was called and is done
};

struct Closed {
  CloseKind kind = CloseKind::local;
  Error error;  // code and a plain sentence
};

struct PeerInfo {
  std::vector<Bytes> chain_der;  // leaf first; empty: the peer showed no certificate
  SocketAddress address;
  std::string cipher;  // "TLS_AES_256_GCM_SHA384"
  std::string group;   // "x25519"
};

// A slow reader is cut when this much waits for it.
inline constexpr std::size_t kMaxQueuedBytes = 8UL * 1024 * 1024;
// TCP_NOTSENT_LOWAT: what the kernel may hold that is not yet on the wire (105 ms at 10 Mbit/s).
inline constexpr std::size_t kNotSentLowWater = 128UL * 1024;
// Plaintext encrypted for one system call.
inline constexpr std::size_t kBatchBytes = 64UL * 1024;
// on_drained comes when no more than this much bulk waits.
inline constexpr std::size_t kBulkLowWater = 64UL * 1024;
inline constexpr Duration kHandshakeTimeout = std::chrono::seconds(10);
inline constexpr Duration kCloseTimeout = std::chrono::seconds(5);
// A peer may send this much before the handshake ends.
inline constexpr std::size_t kMaxHandshakeBytes = 64UL * 1024;
// And so many handshake messages (key updates, session tickets) in a minute after it. They cost us far more
// than the peer; an honest one renews its keys after gigabytes.
inline constexpr int kMaxLateHandshakeMessages = 32;

class TlsStream final : private FdHandler, private IterationHook {
 public:
  class Handler {
   public:
    virtual void on_established(const PeerInfo& peer) = 0;
    // Valid during the call only. At most 64 KiB.
    virtual void on_bytes(ByteView bytes) = 0;
    // The bulk queue fell to kBulkLowWater or less after send(..., bulk): time to refill it.
    virtual void on_drained() {}
    virtual void on_closed(const Closed& closed) = 0;

   protected:
    ~Handler() = default;
  };

  // `socket` is connected and non-blocking; `handler` outlives the stream.
  static std::unique_ptr<TlsStream> accept(Loop& loop, std::shared_ptr<const TlsContext> context,
                                           Socket socket, const SocketAddress& peer, Handler& handler);
  // `server_name` is sent in the clear (SNI) unless it is empty or a numeric address.
  static std::unique_ptr<TlsStream> connect(Loop& loop, std::shared_ptr<const TlsContext> context,
                                            Socket socket, const SocketAddress& peer,
                                            const std::string& server_name, Handler& handler);
  ~TlsStream();

  void send(Bytes frame, Priority priority);
  // Sends what is queued as urgent and the begun bulk frame, then close_notify, and waits up to
  // kCloseTimeout for the peer's end. No on_bytes follows; on_closed(local) does.
  void close();
  // Another deadline than kHandshakeTimeout, from now; nothing happens once established.
  void set_handshake_timeout(Duration timeout);
  // Back-pressure: unread data stays in the kernel and slows the peer down.
  void pause_reading();
  void resume_reading();

  bool is_established() const { return state_ == State::open; }
  std::size_t queued_bytes() const { return urgent_.bytes + bulk_.bytes; }
  std::size_t queued_bulk_bytes() const { return bulk_.bytes; }
  const SocketAddress& peer_address() const { return peer_; }
  // TLS exporter, RFC 8446 section 7.5, without context. Only while established.
  Result<SecretBytes> exporter(std::string_view label, std::size_t length) const;

 private:
  enum class State {
    handshaking,  // queues, sends nothing
    open,
    closing,    // close() was called: the queue is being sent
    lingering,  // everything and close_notify sent; waiting for the peer's end
    closed,
  };
  struct Queue {
    std::vector<Bytes> frames;
    std::size_t head = 0;    // frames before it are gone
    std::size_t offset = 0;  // of frames[head]: already encrypted
    std::size_t bytes = 0;   // still to encrypt

    bool empty() const { return head == frames.size(); }
    bool begun() const { return offset > 0; }
    ByteView front() const { return ByteView(frames[head]).subspan(offset); }
    void push(Bytes frame);
    void consume(std::size_t count);
    void drop_unbegun();
    void clear();
  };
  TlsStream(Loop& loop, std::shared_ptr<const TlsContext> context, Socket socket, const SocketAddress& peer,
            Handler& handler);
  void on_fd_ready(std::uint32_t events) override;
  void on_iteration_end() override;

  // Those that return bool return false when the stream is closed or destroyed: touch nothing any more.
  bool receive();
  bool receive_and_drop();
  bool process(ByteView ciphertext);
  bool continue_handshake(ByteView& ciphertext);
  bool established();
  bool deliver(ByteView plaintext);
  bool flush();
  bool encrypt_some(std::size_t& count);
  bool advance_closing();
  bool end(CloseKind kind, ErrorCode code, std::string message);
  bool end_by_errno(int number);
  bool end_of_stream();

  static void on_message(int sent, int version, int type, const void* data, std::size_t size, ssl_st* ssl,
                         void* stream);
  void count_late_message();
  void send_out(Bytes& ciphertext);
  void send_waiting();
  void say_close_notify();
  void set_timer(Duration delay);
  void on_timer();
  void update_watch();
  Queue* next_queue();

  // Given to us.
  Loop& loop_;
  std::shared_ptr<const TlsContext> context_;  // shared by all streams of its kind
  Handler& handler_;
  SocketAddress peer_;
  // Owned by us.
  Socket socket_;
  ssl_st* ssl_ = nullptr;
  std::unique_ptr<Timer> timer_;           // handshake and closing only
  std::unique_ptr<HandshakeNotes> notes_;  // until established
  Queue urgent_;
  Queue bulk_;
  Bytes cipher_out_;  // encrypted, and the kernel did not take it yet
  std::size_t cipher_out_at_ = 0;
  Bytes cipher_in_;  // received and not yet decrypted: reading is paused
  // Derived state.
  State state_ = State::handshaking;
  bool paused_ = false;
  int send_errno_ = 0;  // the peer is gone; what it sent before is still read
  bool too_slow_ = false;
  bool want_drained_ = false;
  bool small_records_ = false;  // what OpenSSL is set to
  std::uint32_t events_ = 0;
  std::size_t handshake_bytes_ = 0;
  TimePoint late_since_{};
  int late_messages_ = 0;      // since then
  bool* destroyed_ = nullptr;  // set while a callback runs
};

}  // namespace sotto::net
