// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "madang/room/event.h"

namespace madang::centrifuge {

// What a client names when it wants deltas; there is no other.
inline constexpr std::string_view kDeltaFormat = "fossil";

// Messages above this go whole: in the worst case a patch would hold up its lane for too long.
inline constexpr std::size_t kDeltaBytesMax = 1024 * 1024;

// The patch that makes the message's data out of Event::before, or nothing where the message had
// better go whole: nothing is known of the one before, or the patch and the `overhead` that it
// costs on the wire are not smaller than the data.
//
// Any thread. The patch lives until the next call on the same thread, which keeps its working
// memory.
std::string_view patch_of(const Event& message, std::size_t overhead);

// The messages as one list that begins anew, in which the one before is known of all but the first.
std::vector<EventRef> delta_chain(std::vector<EventRef> messages);

}  // namespace madang::centrifuge
