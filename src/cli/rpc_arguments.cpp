#include "rpc_arguments.hpp"

#include <algorithm>

namespace sotto::cli {
namespace {

std::string in_quotes(std::string_view name) { return "'" + std::string(name) + "'"; }

Error wrong(const Parameter& parameter, std::string_view what) {
  return fail(ErrorCode::invalid_argument,
              "the parameter " + in_quotes(parameter.name) + " " + std::string(what));
}

}  // namespace

std::string_view to_string(ParameterType type) {
  switch (type) {
    case ParameterType::text: return "string";
    case ParameterType::secret: return "secret string";
    case ParameterType::id: return "id";
    case ParameterType::boolean: return "boolean";
    case ParameterType::integer: return "integer";
  }
  return "";
}

Result<Arguments::Value> Arguments::convert(const Parameter& parameter, Json& value) {
  switch (parameter.type) {
    case ParameterType::text:
    case ParameterType::secret: {
      if (!value.is_string()) return wrong(parameter, "has to be a string");
      auto& text = value.get_ref<std::string&>();
      if (text.size() > parameter.limit) {
        return wrong(parameter, "is longer than " + std::to_string(parameter.limit) + " bytes");
      }
      if (parameter.type == ParameterType::text) return Value(std::move(text));
      Value secret(SecretBytes::from_text(text));
      secure_wipe(text.data(), text.size());
      return secret;
    }
    case ParameterType::id: {
      if (!value.is_string()) return wrong(parameter, "has to be an id: 32 hexadecimal digits");
      const auto id = AnyId::from_string(value.get_ref<const std::string&>());
      if (!id) return wrong(parameter, "has to be an id: 32 hexadecimal digits");
      return Value(*id);
    }
    case ParameterType::boolean:
      if (!value.is_boolean()) return wrong(parameter, "has to be true or false");
      return Value(value.get<bool>());
    case ParameterType::integer: {
      const auto out_of_range = [&] {
        return wrong(parameter, "has to be a whole number from 1 to " + std::to_string(parameter.limit));
      };
      // Unsigned first: a number past INT64_MAX would come out negative as a signed one.
      if (!value.is_number_unsigned()) return out_of_range();
      const auto number = value.get<std::uint64_t>();
      if (number < 1 || number > parameter.limit) return out_of_range();
      return Value(static_cast<int>(number));
    }
  }
  return fail(ErrorCode::internal, "unknown parameter type");
}

Result<Arguments> Arguments::from(const std::vector<Parameter>& parameters, Json& params) {
  Arguments out;
  if (!params.is_null() && !params.is_object()) {
    return fail(ErrorCode::invalid_argument, "parameters are passed by name: 'params' has to be an object");
  }
  for (auto& [name, value] : params.items()) {
    const auto parameter = std::ranges::find(parameters, name, &Parameter::name);
    if (parameter == parameters.end()) {
      return fail(ErrorCode::invalid_argument,
                  "this method has no parameter " + in_quotes(name.substr(0, 64)));
    }
    if (value.is_null() && !parameter->required) continue;  // null and absent mean the same
    auto converted = convert(*parameter, value);
    if (!converted) return std::move(converted).error();
    out.values_.emplace(name, std::move(converted).value());
  }
  for (const Parameter& parameter : parameters) {
    if (parameter.required && !out.has(parameter.name)) return wrong(parameter, "is missing");
  }
  return out;
}

std::string Arguments::text(std::string_view name) const {
  const auto* value = find<std::string>(name);
  return value ? *value : std::string();
}

SecretBytes Arguments::secret(std::string_view name) {
  const auto it = values_.find(name);
  if (it == values_.end()) return {};
  auto* value = std::get_if<SecretBytes>(&it->second);
  return value ? std::move(*value) : SecretBytes{};
}

bool Arguments::boolean(std::string_view name, bool otherwise) const {
  return optional_boolean(name).value_or(otherwise);
}

std::optional<bool> Arguments::optional_boolean(std::string_view name) const {
  const auto* value = find<bool>(name);
  return value ? std::optional(*value) : std::nullopt;
}

int Arguments::integer(std::string_view name, int otherwise) const {
  const auto* value = find<int>(name);
  return value ? *value : otherwise;
}

ByteView Arguments::id_bytes(std::string_view name) const {
  const auto* value = find<AnyId>(name);
  return value ? value->bytes() : ByteView{};
}

}  // namespace sotto::cli
