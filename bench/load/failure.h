// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>

namespace load {

// What ends a run: a limit met, a server gone, a promise broken. The text is for the user.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace load
