// SPDX-License-Identifier: Apache-2.0
#include "json_config.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>

namespace server {

using simdjson::SUCCESS;

JsonConfig::JsonConfig(simdjson::dom::object object, std::string path,
                       std::vector<std::string>& errors)
    : object_(object), path_(std::move(path)), errors_(errors) {
  std::set<std::string_view> seen;
  for (const auto& [name, value] : object_) {
    if (!seen.insert(name).second) wrong(name, "is there twice");
  }
}

JsonConfig::~JsonConfig() {
  for (const auto& [name, value] : object_) {
    if (!asked_.contains(name)) wrong(name, "there is no such setting");
  }
}

std::string JsonConfig::path_of(std::string_view name) const {
  return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
}

void JsonConfig::wrong(std::string_view name, std::string_view why) {
  errors_.push_back(fmt::format("{}: {}", path_of(name), why));
  asked_.emplace(name);
}

bool JsonConfig::find(std::string_view name, simdjson::dom::element& value) {
  asked_.emplace(name);
  return object_.at_key(name).get(value) == SUCCESS;
}

bool JsonConfig::read_text(std::string_view name, std::string& to) {
  simdjson::dom::element value;
  if (!find(name, value)) return false;
  std::string_view text;
  if (value.get(text) != SUCCESS) {
    wrong(name, "is not a text");
    return false;
  }
  to = text;
  return true;
}

void JsonConfig::text(std::string_view name, std::string& to) { read_text(name, to); }

void JsonConfig::texts(std::string_view name, std::vector<std::string>& to) {
  simdjson::dom::element value;
  if (!find(name, value)) return;
  simdjson::dom::array list;
  if (value.get(list) != SUCCESS) return wrong(name, "is not a list of texts");
  to.clear();
  for (const auto item : list) {
    std::string_view text;
    if (item.get(text) != SUCCESS) {
      return wrong(fmt::format("{}[{}]", name, to.size()), "is not a text");
    }
    to.emplace_back(text);
  }
}

void JsonConfig::yes_or_no(std::string_view name, bool& to) {
  simdjson::dom::element value;
  if (find(name, value) && value.get(to) != SUCCESS) wrong(name, "is neither true nor false");
}

void JsonConfig::duration(std::string_view name, madang::Duration& to, madang::Duration min,
                          madang::Duration max) {
  std::string text;
  if (!read_text(name, text)) return;
  madang::Duration read{};
  if (!read_duration(text, read)) {
    return wrong(name, R"(is not a time like "250ms", "30s", "5m", "24h" or "7d")");
  }
  if (read < min || read > max) {
    const auto ms = [](madang::Duration of) {
      return std::chrono::duration_cast<std::chrono::milliseconds>(of).count();
    };
    return wrong(name, fmt::format("is not between {} and {} ms", ms(min), ms(max)));
  }
  to = read;
}

void JsonConfig::read_number(std::string_view name, std::uint64_t& to, std::uint64_t min,
                             std::uint64_t max) {
  simdjson::dom::element value;
  if (!find(name, value)) return;
  std::uint64_t number = 0;
  if (value.get(number) != SUCCESS || number < min || number > max) {
    return wrong(name, fmt::format("is not a whole number from {} to {}", min, max));
  }
  to = number;
}

void JsonConfig::object(std::string_view name, const std::function<void(JsonConfig&)>& read) {
  simdjson::dom::element value;
  if (!find(name, value)) return;
  simdjson::dom::object inner;
  if (value.get(inner) != SUCCESS) return wrong(name, "is not an object");
  JsonConfig config(inner, path_of(name), errors_);
  read(config);
}

void JsonConfig::objects(std::string_view name,
                         const std::function<void(const std::string&, JsonConfig&)>& read) {
  object(name, [&](JsonConfig& all) {
    for (const auto& [key, value] : all.object_) {
      const std::string inner(key);
      all.object(inner, [&](JsonConfig& one) { read(inner, one); });
    }
  });
}

bool read_duration(std::string_view text, madang::Duration& to) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  using std::chrono::milliseconds;
  constexpr milliseconds kMax = std::chrono::hours(24 * 365 * 100);
  constexpr std::pair<std::string_view, milliseconds> kUnits[] = {
      {"ms", milliseconds(1)},      {"s", std::chrono::seconds(1)}, {"m", std::chrono::minutes(1)},
      {"h", std::chrono::hours(1)}, {"d", std::chrono::hours(24)},
  };
  for (const auto& [name, length] : kUnits) {
    if (unit != name) continue;
    if (number > static_cast<std::uint64_t>(kMax / length)) return false;
    to = number * length;
    return true;
  }
  return false;
}

}  // namespace server
