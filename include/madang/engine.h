// SPDX-License-Identifier: Apache-2.0
#pragma once

// All that a host needs that brings its own sockets and its own storage. Start with Engine.

#include "madang/engine/close_reason.h"
#include "madang/engine/engine.h"
#include "madang/engine/handlers.h"
#include "madang/engine/protocol.h"
#include "madang/engine/session.h"
#include "madang/engine/transport.h"
