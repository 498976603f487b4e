// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "madang/engine.h"
#include "madang/storage/message_search.h"

namespace chat {

// Answers {"room": "chat:lobby", "text": "...", "below": ...} with {"messages": [{"offset": 7,
// "data": {...}}], "below": ...}: what the store finds in a room that the session is in, the newest
// first. "below" leads to the next page and is null after the last.
void search(madang::MessageSearch& store, madang::Session& session,
            const madang::RpcRequest& request, madang::Reply<madang::RpcAnswer> reply);

}  // namespace chat
