// Sealing of content to the members of a conversation: the one place that MLS groups take over.
//
// The caller keeps the state that must be stored together with messages (counter and hash of the chain) and
// hands it in; a sealer itself holds nothing but this device's keys. Thread: the client core's.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "sealed_message.hpp"
#include "sotto/base/bytes.hpp"
#include "sotto/base/ids.hpp"
#include "sotto/base/result.hpp"
#include "sotto/base/secret_bytes.hpp"
#include "sotto/store/client_store.hpp"

namespace sotto::client {

struct SealRequest {
  MessageAddress address;  // sender and device: this one
  std::vector<UserId> members;
  std::vector<store::ClientDeviceRecord> devices;  // verified; everyone who shall be able to open it
  std::uint64_t counter = 0;
  Bytes previous;
  Bytes content;
};
struct Sealed {
  Bytes payload;
  Bytes hash;  // what the next message carries as `previous`
};

// What to do with an entry that was received.
enum class Opening {
  content,     // open, authentic, in its place
  gap,         // the same, but messages of this sender before it are missing
  replay,      // this message, or an older one of the same sender, was accepted before: nothing to show
  not_for_us,  // sealed to other devices only
  rejected,    // malformed, altered, forged, or moved here from elsewhere
};
struct Opened {
  Opening outcome = Opening::rejected;
  Bytes content;
  std::uint64_t counter = 0;
  Bytes hash;
  const char* reason = "";  // rejected: for the log
};
struct OpenRequest {
  MessageAddress address;  // as the server gave it
  std::vector<UserId> members;
  const store::ClientDeviceRecord* sender = nullptr;  // verified record of address.device
  const store::SenderChainRecord* chain = nullptr;    // null: nothing accepted from it here yet
};

class Sealer {
 public:
  virtual ~Sealer() = default;
  virtual Result<Sealed> seal(const SealRequest& request) = 0;
  virtual Opened open(const OpenRequest& request, ByteView payload) = 0;
  // 32 bytes that this device and `peer` (a verified device of the conversation) derive and nobody else can.
  virtual Result<SecretBytes> export_secret(ConversationId conversation, std::string_view label,
                                            ByteView context, const store::ClientDeviceRecord& peer) = 0;
};

}  // namespace sotto::client
