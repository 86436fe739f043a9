// Published MLS test vectors: vectors/mls of the folder that SOTTO_VECTORS_DIR names.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "sotto/base/bytes.hpp"

namespace sotto::mls {

using Json = nlohmann::json;

// The cases of one file, or a skipped test where the folder is absent.
#define SOTTO_LOAD_VECTORS(cases, name)                                                                \
  const std::filesystem::path vector_path = std::filesystem::path(SOTTO_VECTORS_DIR) / "mls" / (name); \
  if (!std::filesystem::exists(vector_path)) GTEST_SKIP() << "no test vectors at " << vector_path;     \
  std::ifstream vector_stream(vector_path);                                                            \
  const Json cases = Json::parse(vector_stream)

inline Bytes bytes_of(const Json& value) {
  const auto bytes = from_hex(value.get<std::string>());
  if (!bytes) throw std::invalid_argument("a vector is not hexadecimal");
  return *bytes;
}

inline bool is_supported_suite(const Json& test_case) {
  const int suite = test_case.at("cipher_suite").get<int>();
  return suite >= 1 && suite <= 3;
}

inline void print_counts(const std::string& file, std::size_t run, std::size_t skipped) {
  std::printf("%s: %zu cases run, %zu of other suites skipped\n", file.c_str(), run, skipped);
}

// Runs `check` for each case of a suite we have, and prints how many were passed over.
template <class Check>
void for_supported_cases(const std::string& file, const Json& cases, Check&& check) {
  std::size_t skipped = 0;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (!is_supported_suite(cases[i])) {
      ++skipped;
      continue;
    }
    SCOPED_TRACE(file + ", case " + std::to_string(i));
    check(cases[i]);
    if (testing::Test::HasFatalFailure()) return;
  }
  print_counts(file, cases.size() - skipped, skipped);
  ASSERT_LT(skipped, cases.size());
}

}  // namespace sotto::mls
