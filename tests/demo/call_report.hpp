// What a call was like, at both ends, as a table for people: from samples that the windows gave once a
// second.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace sotto::demo {

struct End {
  std::string name;
  std::vector<nlohmann::json> samples;  // "call" of the window's test socket
  // From the far camera's moment of capture to this window's screen; below 0: not measured.
  double delay_median_ms = -1, delay_p95_ms = -1;
};

// The columns are the two ends. Averages over the samples, the worst of losses.
std::string table_of(const End& a, const End& b, double seconds);

// Why this was not a working call, one sentence each; empty if it was one. The bounds are loose: the machine
// may be busy.
std::vector<std::string> problems_of(const End& a, const End& b);

}  // namespace sotto::demo
