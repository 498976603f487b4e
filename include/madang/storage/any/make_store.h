// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "madang/storage/message_store.h"

namespace madang {

// For programs that let their operator choose: the store of a name, not opened yet.
//
//   memory                    nothing outlasts the process
//   sqlite:PATH               where SQLite was there when madang was built
//   postgres://USER@HOST/DB   where libpq was there
//
// With `search` it has an index of words. InvalidArgument, with the names there are, for another
// name. Those who link madang::any link all these stores; a host that knows its store links that.
absl::StatusOr<std::unique_ptr<MessageStore>> make_store(const std::string& name, bool search);

}  // namespace madang
