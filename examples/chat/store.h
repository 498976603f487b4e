// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "madang/storage/message_store.h"

namespace chat {

// The store that `name` asks for: "sqlite:PATH", "postgres://..." or "memory". Null, with a
// sentence in `error`, if there is no such thing; what it lacks it says as it opens.
std::unique_ptr<madang::MessageStore> make_store(const std::string& name, std::string& error);

}  // namespace chat
