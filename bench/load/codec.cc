// SPDX-License-Identifier: Apache-2.0
#include "codec.h"

#include <utility>

#include "frames.h"

namespace load {
namespace {

// What servers take as one frame at least.
constexpr std::size_t kFrameOutBytesMax = 60'000;

}  // namespace

Codec::Codec(const Phrases& phrases, Wording wording)
    : wording_(std::move(wording)),
      path_(phrases.path, wording_),
      publish_path_(phrases.publish_path, wording_),
      publish_(phrases.publish, wording_),
      echo_(phrases.echo, wording_),
      join_(phrases.join, wording_),
      leave_(phrases.leave, wording_) {
  for (const std::string& text : phrases.opening)
    opening_.emplace_back(text, wording_);
}

std::string Codec::room_name(std::uint32_t room) const {
  return Stencil("{room}", wording_).fill({.room = room});
}

void Codec::append_opening(const Blanks& blanks, std::string* out) const {
  for (const Stencil& text : opening_)
    append_client_frame(Opcode::kText, text.fill(blanks), out);
}

void Codec::append_publishes(std::uint32_t room, std::uint32_t first, std::uint32_t count,
                             std::string* out) {
  scratch_.clear();
  for (std::uint32_t i = 0; i < count; ++i) {
    const bool joins = is_in_lines() && scratch_.size() + publish_.size() < kFrameOutBytesMax;
    if (!scratch_.empty() && !joins) {
      append_client_frame(Opcode::kText, scratch_, out);
      scratch_.clear();
    }
    if (!scratch_.empty()) scratch_ += '\n';
    publish_.append({.room = room, .id = next_id(), .sequence = first + i}, &scratch_);
  }
  if (!scratch_.empty()) append_client_frame(Opcode::kText, scratch_, out);
}

std::uint32_t Codec::append_command(const Stencil& stencil, Blanks blanks, std::string* out) {
  blanks.id = next_id();
  scratch_.clear();
  stencil.append(blanks, &scratch_);
  append_client_frame(Opcode::kText, scratch_, out);
  return blanks.id;
}

std::uint32_t Codec::append_echo(std::uint32_t room, std::uint32_t sequence, std::string* out) {
  return append_command(echo_, {.room = room, .sequence = sequence}, out);
}

std::uint32_t Codec::append_join(std::uint32_t room, std::string* out) {
  return append_command(join_, {.room = room}, out);
}

std::uint32_t Codec::append_leave(std::uint32_t room, std::string* out) {
  return append_command(leave_, {.room = room}, out);
}

}  // namespace load
