#include "sotto/ice/agent.hpp"

namespace sotto::ice {

std::string_view to_string(State state) {
  switch (state) {
    case State::gathering: return "gathering";
    case State::connecting: return "connecting";
    case State::connected: return "connected";
    case State::failed: return "failed";
  }
  return "failed";
}

std::string_view to_string(Path path) {
  switch (path) {
    case Path::none: return "none";
    case Path::direct: return "direct";
    case Path::relay: return "relay";
  }
  return "none";
}

}  // namespace sotto::ice
