// Published test vectors: JSON files below SOTTO_VECTORS_DIR. They are not part of the project; a test that
// needs one skips where it is absent.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "sotto/base/bytes.hpp"

namespace sotto::vectors {

using Json = nlohmann::json;

inline std::optional<Json> load(const std::string& file) {
  std::ifstream in(std::filesystem::path(SOTTO_VECTORS_DIR) / file);
  if (!in) return std::nullopt;
  return Json::parse(in);
}

// The bytes of a hexadecimal field; a field that is absent gives none.
inline Bytes hex(const Json& object, const char* field) {
  return object.contains(field) ? from_hex(object.at(field).get<std::string>()).value() : Bytes{};
}

}  // namespace sotto::vectors

// A macro because GTEST_SKIP returns from the test. Declares `name` as the parsed file.
#define SOTTO_LOAD_VECTORS(name, file)                                            \
  const auto name##_loaded = ::sotto::vectors::load(file);                        \
  if (!name##_loaded) GTEST_SKIP() << file << " is not in " << SOTTO_VECTORS_DIR; \
  const ::sotto::vectors::Json& name = *name##_loaded
