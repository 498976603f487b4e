// SPDX-License-Identifier: Apache-2.0
#include "protocol/centrifuge/protobuf_command.h"

#include <google/protobuf/arena.h>

#include <array>
#include <cstddef>
#include <limits>

#include "protocol/centrifuge/protobuf_request.h"

namespace madang::centrifuge {
namespace {

// Room for the parts of most commands, so that reading one allocates only what it keeps.
constexpr std::size_t kArenaBytes = 1024;

}  // namespace

bool read_protobuf_command(std::string_view text, Command& command) {
  if (text.empty()) return true;
  if (text.size() > std::numeric_limits<int>::max()) return false;
  alignas(std::max_align_t) std::array<char, kArenaBytes> room;
  google::protobuf::ArenaOptions options;
  options.initial_block = room.data();
  options.initial_block_size = room.size();
  google::protobuf::Arena arena(options);
  auto& wire = *google::protobuf::Arena::CreateMessage<wire::Command>(&arena);
  if (!wire.ParseFromArray(text.data(), static_cast<int>(text.size()))) return false;
  command.id = wire.id();
  return is_strict(wire) && read_request(wire, command.body);
}

}  // namespace madang::centrifuge
