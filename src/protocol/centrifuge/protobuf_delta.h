// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace madang::centrifuge {

// What makes `data` out of `before`, if that is worth it: empty where it would be no smaller than
// the data itself, or where either is above 1 MiB. Lives until the next call on this thread.
std::string_view patch_between(std::string_view before, std::string_view data);

}  // namespace madang::centrifuge
