// The cores take time, randomness, bytes and storage as arguments (docs/architecture.md). This reads
// their sources and fails for a clock, thread, mutex, socket, file or environment variable in them.
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>

namespace {

namespace fs = std::filesystem;

// Back ends, and the codec workers that docs/architecture.md gives threads, are not cores.
constexpr std::array kCores{"src/wire",    "src/mls",      "src/proto",  "src/server",
                            "src/client",  "media/rtp",    "media/srtp", "media/jitter",
                            "media/frame", "media/repair", "media/cc",   "media/sfu"};

const std::array<std::pair<std::regex, const char*>, 7> kForbidden{{
    {std::regex(
         R"((steady_clock|system_clock|high_resolution_clock)::now|clock_gettime|gettimeofday|\btime\(nullptr\))"),
     "a clock"},
    {std::regex(R"(std::(jthread|thread|async)\b|pthread_create)"), "a thread"},
    {std::regex(
         R"(std::(recursive_|shared_|timed_)?mutex\b|std::condition_variable|std::lock_guard|std::scoped_lock)"),
     "a mutex"},
    {std::regex(R"(#include <(sys/socket|netinet/in|arpa/inet|sys/epoll)\.h>)"), "a socket"},
    {std::regex(R"(#include <(fstream|filesystem|fcntl\.h|unistd\.h|cstdio)>)"), "the file system"},
    {std::regex(R"(\bgetenv\()"), "the environment"},
    {std::regex(R"(std::random_device|std::mt19937|\brand\()"), "a global random source"},
}};

std::string without_comment(const std::string& line) { return line.substr(0, line.find("//")); }

TEST(Cores, use_no_clock_thread_mutex_socket_file_or_environment) {
  int files = 0;
  for (const char* core : kCores) {
    const fs::path folder = fs::path(SOTTO_SOURCE_DIR) / core;
    if (!fs::exists(folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      const std::string extension = entry.path().extension();
      if (extension != ".cpp" && extension != ".hpp") continue;
      ++files;
      std::ifstream source(entry.path());
      std::string line;
      for (int number = 1; std::getline(source, line); ++number) {
        for (const auto& [pattern, what] : kForbidden) {
          EXPECT_FALSE(std::regex_search(without_comment(line), pattern))
              << entry.path().string() << ':' << number << " uses " << what << ": " << line;
        }
      }
    }
  }
  EXPECT_GT(files, 0);
}

TEST(OpenSsl, is_included_by_crypto_and_net_alone) {
  const std::regex include(R"(#include <openssl/)");
  for (const char* root : {"include", "src", "media"}) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(SOTTO_SOURCE_DIR) / root)) {
      if (!entry.is_regular_file()) continue;
      const std::string path = fs::relative(entry.path(), SOTTO_SOURCE_DIR).string();
      if (path.starts_with("src/crypto/openssl/") || path.starts_with("src/net/")) continue;
      std::ifstream source(entry.path());
      std::string line;
      while (std::getline(source, line)) {
        EXPECT_FALSE(std::regex_search(line, include)) << path << ": " << line;
      }
    }
  }
}

// Comparing byte by byte until the first difference tells a forger how much of a tag it has right.
TEST(AuthenticationTags, are_compared_in_constant_time) {
  const std::regex early(
      R"([Tt]ag\w*(\(\))?\s*[=!]=|[=!]=\s*[\w.>()-]*[Tt]ag\w*\b|mac\(.*\)\s*[=!]=|memcmp|ranges::equal|std::equal\b)");
  const std::regex sizes(R"(\w*[Tt]ag\w*\.size\(\)|k\w*TagSize)");
  int compared = 0;
  for (const char* root : {"src/mls", "src/crypto"}) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(SOTTO_SOURCE_DIR) / root)) {
      if (!entry.is_regular_file()) continue;
      // What it compares it wrote itself.
      if (entry.path().filename() == "state_changes.cpp") continue;
      std::ifstream source(entry.path());
      std::string line;
      for (int number = 1; std::getline(source, line); ++number) {
        // How long a tag is, everybody knows.
        const std::string code = std::regex_replace(without_comment(line), sizes, "size");
        if (code.find("constant_time_equal(") != std::string::npos) ++compared;
        EXPECT_FALSE(std::regex_search(code, early))
            << entry.path().string() << ':' << number << ": " << line;
      }
    }
  }
  // HMAC for membership tags and a Welcome's confirmation tag, and a commit's confirmation tag.
  EXPECT_GE(compared, 2);
}

TEST(CMakeTargets, put_third_party_headers_into_no_public_header) {
  const std::regex include(
      R"(#include [<"](libav|SDL|portaudio|srtp|nice/|opus|sqlite3|pango|cairo|sodium|nlohmann|CLI/))");
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(SOTTO_SOURCE_DIR) / "include")) {
    if (!entry.is_regular_file()) continue;
    std::ifstream source(entry.path());
    std::string line;
    while (std::getline(source, line)) {
      EXPECT_FALSE(std::regex_search(line, include)) << entry.path().string() << ": " << line;
    }
  }
}

}  // namespace
