// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "door.h"
#include "madang/http/request.h"
#include "madang/http/router.h"

namespace madang {

// Answers a request that hands in commands beside a stream, as ServerOptions::emulation_path says:
// once the session's lane has taken them, so that what a client sends one after the other keeps its
// order. On the door's lane; `send` is called on whichever lane the session is, and not at all
// where that ends before.
void emulate(Door& door, const http::Request& request, http::Responder::Send send);

}  // namespace madang
