// The BIO between OpenSSL and the stream's buffers: OpenSSL never touches the socket. That keeps system
// calls few (one recv and one send for many records), lets a write never stop half-way, and makes
// "the kernel is full" a matter of the stream alone.
#include <openssl/bio.h>

#include <algorithm>
#include <cstring>

#include "tls_internal.hpp"

namespace sotto::net {
namespace {

int bio_write(BIO*, const char* data, int size) {
  MemoryBio& views = memory_bio();
  if (!views.out || size < 0) return -1;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(data);
  views.out->insert(views.out->end(), bytes, bytes + size);
  return size;
}

int bio_read(BIO* bio, char* data, int size) {
  MemoryBio& views = memory_bio();
  BIO_clear_retry_flags(bio);
  if (views.in.empty()) {
    BIO_set_retry_read(bio);  // the end of the connection is the stream's to judge
    return -1;
  }
  const std::size_t count = std::min(views.in.size(), static_cast<std::size_t>(size));
  std::memcpy(data, views.in.data(), count);
  views.in = views.in.subspan(count);
  return static_cast<int>(count);
}

long bio_ctrl(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

int bio_create(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

BIO_METHOD* make_method() {
  BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "sotto stream");
  BIO_meth_set_write(method, bio_write);
  BIO_meth_set_read(method, bio_read);
  BIO_meth_set_ctrl(method, bio_ctrl);
  BIO_meth_set_create(method, bio_create);
  return method;
}

}  // namespace

BIO* make_memory_bio() {
  static BIO_METHOD* const method = make_method();  // lives as long as the process, as OpenSSL's own do
  return BIO_new(method);
}

MemoryBio& memory_bio() {
  thread_local MemoryBio views;
  return views;
}

}  // namespace sotto::net
