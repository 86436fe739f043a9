// Published MLS test vectors: vectors/mls of the folder that SOTTO_VECTORS_DIR names.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "sotto/base/bytes.hpp"

namespace sotto::mls {

using Json = nlohmann::json;

// The cases of one file, or a skipped test where the folder is absent.
#define SOTTO_LOAD_VECTORS(cases, name)                                                          \
  const std::filesystem::path vector_path = std::filesystem::path(SOTTO_VECTORS_DIR) / "mls" / (name); \
  if (!std::filesystem::exists(vector_path)) GTEST_SKIP() << "no test vectors at " << vector_path;     \
  std::ifstream vector_stream(vector_path);                                                      \
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

}  // namespace sotto::mls
