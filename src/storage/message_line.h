// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "madang/storage/message_store.h"
#include "storage/json_line.h"

namespace madang::line {

// The members of a message, all but its room, which lines of one file may share. For one object of
// one line; the first has no comma before it.
void put_message(std::string& out, const StoredMessage& message);

// The same again; `members` are not ok() if they are not what put_message() writes.
StoredMessage message_of(Members& members);

}  // namespace madang::line
