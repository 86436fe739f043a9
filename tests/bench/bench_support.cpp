#include "bench_support.hpp"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace sotto::bench {
namespace {

std::string read_proc(pid_t process, const char* file) {
  std::ifstream in("/proc/" + std::to_string(process) + "/" + file);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

void die(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  std::exit(1);
}

void raise_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void keep_freed_memory() {
  ::mallopt(M_MMAP_THRESHOLD, 4 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 4 << 20);
}

double resident_kib(pid_t process) {
  const std::string status = read_proc(process, "status");
  const auto at = status.find("VmRSS:");
  if (at == std::string::npos) die("no VmRSS: is the process gone?");
  return std::strtod(status.c_str() + at + 6, nullptr);
}

double cpu_seconds(pid_t process) {
  const std::string stat = read_proc(process, "stat");
  const auto after_name = stat.rfind(')');  // the name may hold blanks
  if (after_name == std::string::npos) die("no CPU time: is the process gone?");
  std::istringstream in(stat.substr(after_name + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) in >> skipped;  // fields 3 to 13, proc(5)
  double user = 0;
  double system = 0;
  in >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double load_average() {
  double load = 0;
  return ::getloadavg(&load, 1) == 1 ? load : -1;
}

Report::Report(std::string name) : name_(std::move(name)), load_before_(load_average()) {}

void Report::add(std::string_view figure, double value, std::string_view unit) {
  figures_.push_back({std::string(figure), value, std::string(unit)});
}

void Report::print() const {
  std::printf("{\"name\": \"%s\", \"figures\": {", name_.c_str());
  const char* separator = "";
  for (const Figure& figure : figures_) {
    std::printf("%s\"%s\": {\"value\": %.6g, \"unit\": \"%s\"}", separator, figure.name.c_str(), figure.value,
                figure.unit.c_str());
    separator = ", ";
  }
  std::printf("}, \"load_average\": [%.2f, %.2f]}\n", load_before_, load_average());
}

}  // namespace sotto::bench
