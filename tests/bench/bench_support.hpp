// What the benchmark programs share: figures of /proc and one JSON object on stdout.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace sotto::bench {

[[noreturn]] void die(const std::string& message);

// Benchmarks with thousands of connections need as many descriptors, here and in their children.
void raise_descriptor_limit();

// For programs that move large blocks: what is freed is used again instead of being given back.
void keep_freed_memory();

double resident_kib(pid_t process);  // VmRSS
double cpu_seconds(pid_t process);   // user and system, all threads
double load_average();               // 1 minute

// {"name": ..., "figures": {NAME: {"value": ..., "unit": ...}, ...}, "load_average": [before, after]}
class Report {
 public:
  explicit Report(std::string name);
  void add(std::string_view figure, double value, std::string_view unit);
  void print() const;

 private:
  struct Figure {
    std::string name;
    double value;
    std::string unit;
  };
  std::string name_;
  double load_before_;
  std::vector<Figure> figures_;
};

}  // namespace sotto::bench
