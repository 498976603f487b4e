// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "madang/base/time.h"

namespace server {

// One object of a JSON text, read by naming its members. What is wrong is noted, each with the path
// of its member, and reading goes on, so that one run shows all of it: a member of the wrong type
// or out of its bounds, one that is there twice, and, as the object goes, one that nobody asked
// for.
class JsonConfig {
 public:
  // `errors` outlives it.
  JsonConfig(simdjson::dom::object object, std::string path, std::vector<std::string>& errors);
  ~JsonConfig();
  JsonConfig(const JsonConfig&) = delete;
  JsonConfig& operator=(const JsonConfig&) = delete;

  // Each leaves `to` as it is where the member is not there.
  void text(std::string_view name, std::string& to);
  void texts(std::string_view name, std::vector<std::string>& to);
  void yes_or_no(std::string_view name, bool& to);
  // "250ms", "30s", "5m", "24h" or "7d".
  void duration(std::string_view name, madang::Duration& to, madang::Duration min,
                madang::Duration max);
  template <typename Number>
  void number(std::string_view name, Number& to, std::uint64_t min = 0,
              std::uint64_t max = std::numeric_limits<Number>::max()) {
    std::uint64_t value = to;
    read_number(name, value, min, max);
    to = static_cast<Number>(value);
  }
  template <typename Choice>
  using Choices = std::vector<std::pair<std::string_view, Choice>>;
  template <typename Choice>
  void choice(std::string_view name, Choice& to, const Choices<Choice>& choices) {
    std::string chosen;
    if (!read_text(name, chosen)) return;
    std::string known;
    for (const auto& [text, value] : choices) {
      if (text == chosen) {
        to = value;
        return;
      }
      known += known.empty() ? "" : ", ";
      known += text;
    }
    wrong(name, "is none of " + known);
  }
  // Calls `read` with the member, if it is there and an object.
  void object(std::string_view name, const std::function<void(JsonConfig&)>& read);
  // The same for each member of it, with its name.
  void objects(std::string_view name,
               const std::function<void(const std::string& name, JsonConfig&)>& read);

  // Notes an error of the member.
  void wrong(std::string_view name, std::string_view why);

 private:
  // False if it is not there. It counts as asked for.
  bool find(std::string_view name, simdjson::dom::element& value);
  bool read_text(std::string_view name, std::string& to);
  void read_number(std::string_view name, std::uint64_t& to, std::uint64_t min, std::uint64_t max);
  std::string path_of(std::string_view name) const;

  const simdjson::dom::object object_;
  const std::string path_;
  std::vector<std::string>& errors_;
  std::set<std::string, std::less<>> asked_;
};

// "30s" and the like; false for anything else, and what is longer than a hundred years.
bool read_duration(std::string_view text, madang::Duration& to);

}  // namespace server
