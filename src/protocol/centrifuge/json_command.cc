// SPDX-License-Identifier: Apache-2.0
#include "protocol/centrifuge/json_command.h"

#include <algorithm>
#include <array>
#include <bit>
#include <string>
#include <utility>

#include "protocol/centrifuge/json_request.h"

namespace madang::centrifuge {
namespace {

// What a thread keeps for reading is made for texts up to this.
constexpr std::size_t kKeptTextBytes = 256 * 1024;

// Reads one request, and keeps it if none before it in the protocol's order is there.
struct ReadRequest {
  std::size_t index = 0;
  std::size_t* first = nullptr;
  CommandBody* body = nullptr;

  bool operator()(JsonValue value) const {
    CommandBody read;
    if (!json_requests()[index].read(value, read)) return false;
    if (index < *first) {
      *first = index;
      *body = std::move(read);
    }
    return true;
  }
};

bool is_empty_object(std::string_view text) {
  std::string_view expected = "{}";
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\r') continue;
    if (expected.empty() || c != expected.front()) return false;
    expected.remove_prefix(1);
  }
  return expected.empty();
}

bool at_end(simdjson::ondemand::document& document) {
  return document.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

bool read_document(simdjson::ondemand::document& document, Command& command) {
  simdjson::ondemand::object object;
  if (document.get_object().get(object)) return false;
  std::size_t first = kJsonRequests;
  std::array<ReadRequest, kJsonRequests> requests;
  std::array<JsonField, kJsonRequests + 1> fields;
  fields.back().name = "id";
  fields.back().to = &command.id;
  for (std::size_t i = 0; i < kJsonRequests; ++i) {
    requests[i] = {i, &first, &command.body};
    fields[i].name = json_requests()[i].name;
    fields[i].to.emplace<ReadValue>(requests[i]);
  }
  return read_object(object, fields) && first != kJsonRequests && at_end(document);
}

// The parser wants to read beyond the end of the text, and needs memory by its length.
class Reader {
 public:
  bool read(std::string_view text, Command& command) {
    padded_.assign(text);
    padded_.append(simdjson::SIMDJSON_PADDING, ' ');
    if (parser_.capacity() < text.size() &&
        parser_.allocate(std::max(std::bit_ceil(text.size()), kLeastTextBytes))) {
      return false;
    }
    simdjson::ondemand::document document;
    return !parser_.iterate(padded_.data(), text.size(), padded_.size()).get(document) &&
           read_document(document, command);
  }

 private:
  static constexpr std::size_t kLeastTextBytes = 1024;

  simdjson::ondemand::parser parser_;
  std::string padded_;
};

}  // namespace

bool read_json_command(std::string_view text, Command& command) {
  if (is_empty_object(text)) return true;
  if (text.size() > kKeptTextBytes) return Reader().read(text, command);
  thread_local Reader reader;
  return reader.read(text, command);
}

}  // namespace madang::centrifuge
