// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "madang/base/payload.h"

// Lines of JSON in files: how their members are written, and read again.
namespace madang::line {

// Each adds `,"key":value`, so it comes after the first member of an object.
void put_key(std::string& out, std::string_view key);
// Bytes that are not UTF-8 are base64, under a key that says so.
void put_bytes(std::string& out, std::string_view key, std::string_view bytes);
void put_payload(std::string& out, std::string_view key, const Payload& payload);
template <typename Number>
void put_number(std::string& out, std::string_view key, Number number) {
  put_key(out, key);
  out += std::to_string(number);
}

// The members of an object. Once one is not what it should be, nothing is right any more.
class Members {
 public:
  explicit Members(simdjson::dom::object object) : object_(object) {}

  bool ok() const { return ok_; }
  void wrong() { ok_ = false; }

  bool has(std::string_view key) const { return object_.at_key(key).error() == simdjson::SUCCESS; }
  bool has_bytes(std::string_view key) const;

  std::int64_t number(std::string_view key);
  std::uint64_t whole(std::string_view key);
  // Above 0.
  std::uint64_t offset(std::string_view key);
  std::string bytes(std::string_view key);
  Payload payload(std::string_view key);
  simdjson::dom::object object(std::string_view key);
  simdjson::dom::array array(std::string_view key);

 private:
  simdjson::dom::object object_;
  bool ok_ = true;
};

}  // namespace madang::line
