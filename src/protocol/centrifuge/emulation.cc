// SPDX-License-Identifier: Apache-2.0
#include "madang/protocol/centrifuge/emulation.h"

#include <array>
#include <cstdint>

#include "protocol/centrifuge/json_reader.h"

namespace madang::centrifuge {
namespace {

bool read_json(std::string_view body, EmulationRequest& request) {
  std::string padded(body);
  padded.append(simdjson::SIMDJSON_PADDING, ' ');
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  simdjson::ondemand::object object;
  if (parser.iterate(padded.data(), body.size(), padded.size()).get(document)) return false;
  if (document.get_object().get(object)) return false;
  const std::array<JsonField, 3> fields = {
      {{"session", &request.session}, {"node", &request.node}, {"data", &request.data}}};
  return read_object(object, fields) &&
         document.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

// Reads fields off the front of a Protobuf message. Each answers false if that is cut off.
class ProtobufFields {
 public:
  explicit ProtobufFields(std::string_view bytes) : bytes_(bytes) {}

  bool empty() const { return bytes_.empty(); }

  bool varint(std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64 && !bytes_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

  bool bytes(std::string_view& value) {
    std::uint64_t size = 0;
    return varint(size) && fixed(size, value);
  }

  bool fixed(std::uint64_t size, std::string_view& value) {
    if (size > bytes_.size()) return false;
    value = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return true;
  }

 private:
  std::string_view bytes_;
};

enum WireType : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

// Groups, which the language of schemas no longer has, are refused.
bool skip(ProtobufFields& fields, unsigned type) {
  std::uint64_t number = 0;
  std::string_view ignored;
  switch (type) {
    case kVarint:
      return fields.varint(number);
    case kFixed64:
      return fields.fixed(8, ignored);
    case kBytes:
      return fields.bytes(ignored);
    case kFixed32:
      return fields.fixed(4, ignored);
    default:
      return false;
  }
}

bool read_protobuf(std::string_view body, EmulationRequest& request) {
  constexpr std::uint64_t kFieldMax = (std::uint64_t{1} << 29) - 1;
  std::string* const places[] = {&request.node, &request.session, &request.data};
  ProtobufFields fields(body);
  while (!fields.empty()) {
    std::uint64_t tag = 0;
    if (!fields.varint(tag)) return false;
    const std::uint64_t number = tag >> 3;
    const auto type = static_cast<unsigned>(tag & 7);
    if (number == 0 || number > kFieldMax) return false;
    if (number > std::size(places)) {
      if (!skip(fields, type)) return false;
      continue;
    }
    std::string_view value;
    if (type != kBytes || !fields.bytes(value)) return false;
    *places[number - 1] = value;
  }
  return true;
}

template <typename Read>
std::optional<EmulationRequest> read(Read read, std::string_view body) {
  EmulationRequest request;
  if (body.empty() || !read(body, request) || request.data.empty()) return std::nullopt;
  return request;
}

}  // namespace

std::optional<EmulationRequest> read_json_emulation(std::string_view body) {
  return read(read_json, body);
}

std::optional<EmulationRequest> read_protobuf_emulation(std::string_view body) {
  return read(read_protobuf, body);
}

}  // namespace madang::centrifuge
