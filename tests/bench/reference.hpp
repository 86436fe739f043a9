// The same work with nothing of ours in it, for comparison in the same run: plain sockets and OpenSSL, a
// process for each end. What a benchmark costs above these is what our own code is answerable for.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sotto::bench {

// Seconds for `size` bytes over one TLS 1.3 connection on loopback (blocking, 16 KiB writes), and one byte
// back.
double plain_tls_copy(std::uint64_t size);

// CPU seconds per million messages of a process that only passes them on: for each message of a pair's first
// connection one receive, a short reply to it, and the message sent to the pair's second connection. Stores
// nothing, parses nothing; one message in flight a pair; sizes as with sottod and a payload of 256 bytes.
enum class RelayOver { tcp, tls };
double relay_cpu_per_million(RelayOver transport, int pairs, std::size_t messages);

}  // namespace sotto::bench
