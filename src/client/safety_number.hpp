// The 60 digits that two people compare to be sure of each other's identity keys (docs/protocol.md).
//
// 30 digits for each of the two, ascending, so both see the same: SHA-512 iterated 5200 times (2^12.3 times
// the work for whoever grinds keys towards a wanted number, 3 ms for us) over
//   "sotto safety number v1" || 0x00 || user id || identity key,
// each round over the hash before || identity key; of the result six times 5 bytes, big-endian, modulo
// 100000. Thread: any.
#pragma once

#include <string>

#include "sotto/base/bytes.hpp"
#include "sotto/base/ids.hpp"

namespace sotto::client {

struct SafetyNumberSide {
  UserId user;
  ByteView identity_key;
};
std::string safety_number(const SafetyNumberSide& a, const SafetyNumberSide& b);

}  // namespace sotto::client
