// How a simulation stops: the first thing that must not be ends it, and the test prints the seed beside it.
#pragma once

#include <stdexcept>
#include <string>

namespace sotto::mls::sim {

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void require(bool holds, const std::string& what) {
  if (!holds) throw Failure(what);
}

}  // namespace sotto::mls::sim
