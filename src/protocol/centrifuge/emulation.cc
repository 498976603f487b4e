// SPDX-License-Identifier: Apache-2.0
#include "madang/protocol/centrifuge/emulation.h"

#include <array>
#include <limits>
#include <utility>

#include "protocol/centrifuge/client.pb.h"
#include "protocol/centrifuge/json_reader.h"
#include "protocol/centrifuge/protobuf_wire.h"

namespace madang::centrifuge {
namespace {

bool read_json(std::string_view body, EmulationRequest& request) {
  const auto value = parse_json(body);
  const std::array<JsonField, 3> fields = {
      {{"session", &request.session}, {"node", &request.node}, {"data", &request.data}}};
  return value && read_object(*value, fields);
}

bool read_protobuf(std::string_view body, EmulationRequest& request) {
  wire::EmulationRequest wire;
  // The server bounds its bodies far below what an int holds.
  if (body.size() > std::numeric_limits<int>::max() ||
      !wire.ParseFromArray(body.data(), static_cast<int>(body.size())) ||
      has_any(wire.unknown_fields(), FieldSet(1, 2, 3))) {
    return false;
  }
  request.node = std::move(*wire.mutable_node());
  request.session = std::move(*wire.mutable_session());
  request.data = std::move(*wire.mutable_data());
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
