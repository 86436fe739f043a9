// Parameters of a JSON-RPC method: declared in the method table, checked here once for all methods, read
// by the method's function through typed getters that cannot fail any more.
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "json_views.hpp"
#include "sotto/base/ids.hpp"
#include "sotto/base/secret_bytes.hpp"

namespace sotto::cli {

enum class ParameterType { text, secret, id, boolean, integer };
std::string_view to_string(ParameterType type);

struct Parameter {
  std::string_view name;
  ParameterType type = ParameterType::text;
  bool required = true;
  // Of text and secrets, in bytes; for integers the range is 1..limit.
  std::size_t limit = 4096;
};

class Arguments {
 public:
  // `params`: the request's "params" or null. Secrets are moved out of it and wiped there.
  // Fails (invalid_argument) for a missing, unknown or ill-typed parameter, and names it.
  static Result<Arguments> from(const std::vector<Parameter>& parameters, Json& params);

  bool has(std::string_view name) const { return values_.contains(name); }
  std::string text(std::string_view name) const;  // empty when absent
  SecretBytes secret(std::string_view name);      // moves it out
  bool boolean(std::string_view name, bool otherwise = false) const;
  std::optional<bool> optional_boolean(std::string_view name) const;
  int integer(std::string_view name, int otherwise) const;
  template <class IdType>
  IdType id(std::string_view name) const {
    return IdType::from_bytes(id_bytes(name)).value_or(IdType{});
  }
  template <class IdType>
  std::optional<IdType> optional_id(std::string_view name) const {
    if (!has(name)) return std::nullopt;
    return id<IdType>(name);
  }

 private:
  using AnyId = Id<struct AnyTag>;
  using Value = std::variant<std::string, SecretBytes, AnyId, bool, int>;

  static Result<Value> convert(const Parameter& parameter, Json& value);
  ByteView id_bytes(std::string_view name) const;
  template <class T>
  const T* find(std::string_view name) const {
    const auto it = values_.find(name);
    return it == values_.end() ? nullptr : std::get_if<T>(&it->second);
  }

  std::map<std::string, Value, std::less<>> values_;
};

}  // namespace sotto::cli
