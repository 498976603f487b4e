// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "madang/base/time.h"

namespace madang {

// Every bound of the engine, with its default. Nothing in it grows without one. What happens at a
// bound is said beside it; "(106)" and the like are the numbers clients of the Centrifuge protocol
// see. Bounds that a room may choose for itself are in RoomOptions.
struct Limits {
  // --- One message, one name ---------------------------------------------------------------
  // Longest room name. The Centrifuge default. InvalidArgument (107).
  std::size_t room_name_bytes_max = 255;
  // Largest payload of a publish, message or rpc. InvalidArgument (107).
  std::size_t payload_bytes_max = 64 * 1024;
  // Longest user id, and largest connection or room info of a session. A handler that answers
  // with more refuses the client with an error of ours (100).
  std::size_t user_bytes_max = 255;
  std::size_t info_bytes_max = 4 * 1024;
  // Longest idempotency key. InvalidArgument.
  std::size_t idempotency_key_bytes_max = 128;

  // --- One session -------------------------------------------------------------------------
  // Rooms one session may be in, server-side ones included. The Centrifuge default.
  // OutOfRange (106).
  std::size_t rooms_per_session_max = 128;
  // Bytes that wait for one session's socket. Above it the session's rooms fall behind; a reply or
  // a message of its own that does not fit closes it as a slow consumer (3008).
  std::size_t outbox_bytes_max = 1024 * 1024;
  // Of that, what room events may take: enough for any socket that is only slower for a moment,
  // little enough that a thousand that stand still are cheap. The rest of it is for replies.
  std::size_t outbox_events_bytes_max = 64 * 1024;
  // Commands of one session that wait for a handler or for a command before them. At the bound the
  // session is not read.
  std::size_t commands_waiting_max = 128;
  // The command bucket: how many commands a session may send at once, and how many come back each
  // second. Empty: ResourceExhausted (111); as many refusals, which count too: closed (3013).
  std::uint32_t command_burst = 512;
  std::uint32_t commands_per_second = 200;
  // Errors answered to one session before it is closed (3509).
  std::uint32_t errors_per_session_max = 1000;

  // --- Time-outs of a session --------------------------------------------------------------
  // A transport that has not become a session's within this: closed (3502).
  Duration connect_timeout = std::chrono::seconds(15);
  // A handler that has not answered: error 100, and a counter.
  Duration handler_timeout = std::chrono::seconds(10);
  // Between two pings. The first comes after a random part, between half of it and the whole.
  Duration ping_interval = std::chrono::seconds(25);
  // From the ping leaving to the pong. Longer: closed (3012).
  Duration pong_timeout = std::chrono::seconds(10);
  // A socket that takes no byte at all of what waits for it: closed (3008).
  Duration write_stall_timeout = std::chrono::seconds(30);
  // How long a session or subscription lives on after its credentials expired, so that a refresh
  // under way may arrive (3005, 2501, 3006).
  Duration expiry_grace = std::chrono::seconds(25);

  // --- The engine --------------------------------------------------------------------------
  // Rooms in memory. A join or publish that would make one more: OutOfRange (106).
  std::size_t rooms_max = 1'000'000;
  // Sessions of one engine. Above it a connect is answered ResourceExhausted (111), and the
  // client comes again.
  std::size_t sessions_max = 2'000'000;
  // How long a room without members, and without history in its time, is kept.
  Duration empty_room_ttl = std::chrono::minutes(10);
  // Tasks from the host that wait for one lane (send, join, leave or disconnect a user).
  // ResourceExhausted.
  std::size_t lane_tasks_max = 65'536;
  // A lane that had events to read and no turn for this long no longer holds back a full tail.
  Duration lane_stall_timeout = std::chrono::seconds(1);
  // Rooms in which more members may be asked for a list (presence) than this are answered only
  // with counts: OutOfRange (106).
  std::size_t presence_list_max = 1'000;

  // Rooms in one list of them: OutOfRange (106).
  std::size_t rooms_list_max = 10'000;

  // How long joins and leaves wait for their opposite before members are told.
  Duration announce_tick = std::chrono::milliseconds(100);

  // --- Rooms that are stored ---------------------------------------------------------------
  // Joins, publishes and reads that wait for one room to be loaded. ResourceExhausted (111).
  std::size_t room_waiters_max = 100'000;
  // Pages that are being read from the store. ResourceExhausted (111).
  std::size_t store_reads_max = 1'024;
  // Of these, what one lane reads for members that catch up; the others wait for their turn.
  std::size_t store_reads_per_lane_max = 64;

  // --- Pages and slices --------------------------------------------------------------------
  // The largest page of history or recovery, in messages and bytes of payload.
  std::size_t page_messages_max = 1'000;
  std::size_t page_bytes_max = 256 * 1024;
  // Events a lane reads from one room at once.
  std::size_t batch_events_max = 4'096;
  // Deliveries of one turn of a lane before other work of its loop gets its turn.
  std::size_t deliveries_per_turn_max = 8'192;
  // Rooms, or sessions, that a pass over a table handles before it lets others in.
  std::size_t sweep_max = 1'024;
  // Encoded pages a lane keeps for members that catch up.
  std::size_t encode_cache_bytes_max = 1024 * 1024;
};

}  // namespace madang
