// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace madang::http {

// One header line. A name is compared without regard to case; a value has no white space around it.
struct Header {
  std::string name;
  std::string value;
};

// The lines in the order in which they came or will be sent; a name may occur more than once.
using Headers = std::vector<Header>;

}  // namespace madang::http
