// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "marker.h"

namespace load {

// What goes into a stencil's placeholders.
struct Blanks {
  std::uint32_t room = 0;
  std::uint32_t member = 0;
  std::uint32_t id = 0;
  std::uint32_t sequence = 0;  // of the message
};

// How rooms and messages look in a run.
struct Wording {
  std::string room_prefix;  // a room's name is this and eight hexadecimal digits
  MessageText message;
};

// A text with the placeholders {room}, {member}, {id} and {message}. Each has one length whatever
// is put in, so filling one in is a copy and a few stores. Ids need ten digits: from 1,000,000,000.
class Stencil {
 public:
  Stencil() = default;
  Stencil(std::string_view text, const Wording& wording);

  std::size_t size() const { return text_.size(); }
  void append(const Blanks& blanks, std::string* out) const;
  std::string fill(const Blanks& blanks) const;

 private:
  std::string text_;
  std::vector<std::size_t> rooms_;
  std::vector<std::size_t> members_;
  std::vector<std::size_t> ids_;
  std::vector<std::size_t> markers_;
};

}  // namespace load
