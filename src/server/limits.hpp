// Every limit of the server core, with its reason.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "sotto/base/time.hpp"

namespace sotto::server {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// ---- Connections ----
// Requests being worked on for one connection; then its bytes stay in the kernel. Enough to keep a pipeline
// full over 100 ms at 600 messages a second.
inline constexpr std::uint32_t kMaxInFlight = 64;
// GetBlob requests of one connection being read from the disk; 2 MiB of chunks.
inline constexpr std::uint32_t kMaxReadsInFlight = 16;
// Pieces of files that may wait for one connection's network before another is read: all that may be asked
// for at once.
inline constexpr std::size_t kMaxQueuedBulk = 2U << 20;
// Pages of logs: how many are read for one connection at a time, how much that is urgent may wait for its
// network before the next one, and how long until that is looked at again. Together with the pieces of files
// it stays below the 8 MiB at which a connection is cut for not being read, however many pages are asked for.
inline constexpr std::uint32_t kMaxFetchesInFlight = 4;
inline constexpr std::size_t kMaxQueuedUrgent = 1U << 20;
inline constexpr Duration kLookAgain = std::chrono::milliseconds(50);
// From the handshake to Hello, and for everything that a connection without a device may want: typing a
// password happens before.
inline constexpr Duration kHelloDeadline = seconds(10);
inline constexpr Duration kGuestDeadline = minutes(2);
// Connections without a device: memory that nobody answers for. Per source: an office behind one address.
inline constexpr std::size_t kMaxGuests = 2048;
inline constexpr std::size_t kMaxGuestsPerSource = 128;
// A frame before the connection has shown a device: the largest is Enroll with a 16 KiB certificate.
inline constexpr std::size_t kMaxGuestFrame = 32UL * 1024;

// ---- Work put elsewhere ----
// Waiting for the storage thread: about a second of its work. More is answered with unavailable.
inline constexpr std::size_t kMaxStoreTasks = 16384;
// Waiting for a password hash at 14 ms each: about a second. More is answered with rate_limited.
inline constexpr std::size_t kMaxPasswordJobs = 64;

// ---- Rates: a burst, and how long one more takes to come back ----
struct Rate {
  double burst;
  Duration each;
};
// Per source. Guesses at invites and passwords; a club may register on one evening behind one address.
inline constexpr Rate kRegisterRate{20, seconds(5)};
inline constexpr Rate kLoginRate{20, seconds(3)};
// Per user name, whether it exists or not.
inline constexpr Rate kPasswordRate{10, seconds(30)};
// Per account: who may look up 20 names an hour cannot list the users.
inline constexpr Rate kFindUserRate{30, minutes(3)};
// Per connection. Far above what people and most programs do; what keeps one sender from filling the disk.
inline constexpr Rate kAppendRate{5000, std::chrono::microseconds(500)};
inline constexpr Rate kOtherRate{500, std::chrono::milliseconds(5)};
// How many sources, names or accounts are remembered; the fullest buckets are forgotten first.
inline constexpr std::size_t kMaxBuckets = 65536;

// ---- Requests ----
inline constexpr std::uint32_t kMaxFetchEntries = 500;
inline constexpr std::size_t kMaxFetchBytes = 512UL * 1024;
inline constexpr std::size_t kMinPasswordCharacters = 10;  // NIST SP 800-63B asks for 8 at least
inline constexpr std::size_t kMaxNameCharacters = 64;
inline constexpr std::size_t kMinUsername = 2;
inline constexpr std::size_t kMaxUsername = 32;
inline constexpr std::size_t kMaxCachedConversations = 65536;  // members, some 100 bytes each
inline constexpr std::size_t kMaxCachedBlobs = 4096;

// ---- Housekeeping ----
// Acknowledgements may be lost in a crash: the client then gets entries again that it knows.
inline constexpr Duration kAckDelay = seconds(1);
inline constexpr Duration kAckRetry = seconds(5);
inline constexpr Duration kHousekeeping = hours(1);
// How long a repeated AppendRequest is recognised even if everyone has the message.
inline constexpr std::int64_t kRememberEntriesMs = 7LL * 24 * 3600 * 1000;
inline constexpr std::int64_t kKeepBlobsMs = 30LL * 24 * 3600 * 1000;
// At most this much of an upload is lost with the server.
inline constexpr std::uint64_t kBlobSyncBytes = 16ULL << 20;
// An upload nobody continues is forgotten in memory (not on the disk).
inline constexpr Duration kUploadIdle = minutes(10);
// Uploads of one account in memory; programs send a few files at a time.
inline constexpr std::size_t kMaxUploads = 256;
inline constexpr int kIdentityCertificateDays = 3650;

}  // namespace sotto::server
