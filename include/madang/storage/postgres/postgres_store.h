// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "madang/base/time.h"
#include "madang/storage/message_store.h"

namespace madang {

inline constexpr Duration kWriterLeaseMin = std::chrono::milliseconds(100);
inline constexpr Duration kWriterLeaseMax = std::chrono::hours(24);
inline constexpr std::size_t kWriterNameBytesMax = 255;

struct PostgresOptions {
  // How libpq reaches the server that takes writes: "host=... dbname=..." or a postgresql:// URI. A
  // host name is looked up in the store's thread; give `hostaddr` where that may hang. The writer
  // needs a session of its own: no pooler in between that shares one among transactions.
  std::string primary = {};
  // A streaming replica of it, for pages of history; empty: none. Load, search and whatever the
  // replica does not have yet come from the primary.
  std::string replica = {};

  // The tables lie in this schema, which is made if it is not there: a small letter or '_', then
  // small letters, digits and '_', at most 40. Two stores in one database need two names.
  std::string schema = "madang";

  // Connections beside the writer's. They are made when they are first needed.
  std::size_t primary_readers = 2;
  std::size_t replica_readers = 2;

  // Messages stored while this is on are found by search(), as soon as they are stored. Writing
  // costs several times as much. What a schema of an older version had in its index is brought into
  // the new one while the store works, and found from then on.
  bool search = false;
  // A server that runs with fsync=off cannot keep what it acknowledges, so open() refuses it.
  bool accept_fsync_off = false;

  Duration connect_timeout = std::chrono::seconds(5);
  // From the call to the answer, in which a server that is slow or silent must have answered. A
  // batch that takes longer gets twice the time when it comes again, up to sixteen times.
  Duration request_timeout = std::chrono::seconds(10);
  // How long the replica may take before the primary is asked.
  Duration replica_timeout = std::chrono::seconds(1);
  // How long open() waits for the last writer's session to end before it says that there is one.
  Duration writer_wait = std::chrono::seconds(1);
  // For so long after its last renewal no other process can become the writer, also if this one
  // does not reach the server: MessageStore::lease_left(). 0: there is no lease; else 0.1 s to a
  // day. It is renewed every third of it between two batches, so it runs out while one takes long
  // to store; nobody takes over while the writer's session lives, but lease_left() is 0. After a
  // crash other processes wait until it ran out.
  Duration writer_lease = Duration(0);
  // Whoever opens the store under the same name, at most 255 bytes, does not wait for the lease:
  // the same process started again on the same machine. So no two that may run at once share a
  // name. Empty: nobody does.
  std::string writer_name = {};

  // The pause before another connection is tried doubles from one to the other, less a random half.
  Duration reconnect_min = std::chrono::milliseconds(100);
  Duration reconnect_max = std::chrono::seconds(10);

  // Calls that wait at once; one more is answered ResourceExhausted.
  std::size_t requests_max = 4096;
  // A message with more bytes than this is refused with InvalidArgument.
  std::size_t message_bytes_max = std::size_t{64} << 20;
};

// A MessageStore in PostgreSQL 13 or newer, with MessageRetention, and MessageSearch if the options
// say so. One thread of its own talks to all servers and runs the callbacks. The store must not be
// destroyed within one of them.
//
// Messages lie in a table partitioned by the month of their time; a month older than what
// retention keeps is dropped as a whole. The server's own numbers (system identifier, timeline,
// database) are part of the lineage, so a fail-over, a restored dump and a recovery to a point in
// time are noticed. A snapshot of the server's disk brought back is not: to make it known, change
// the column `id` of the table `meta`.
//
// Errors beside those of MessageStore: Unavailable also for a wrong password or a missing database,
// with the server's words, because it heals without us; FailedPrecondition also where rights are
// missing, the server runs with fsync=off, or it was replaced by one with another past while the
// store was open.
//
// The index of words lies in the tables `segments` and `words`. Where it is damaged, searches are
// answered DataLoss; to have it made anew, close the store, empty both and `unindexed`, and put
// there `id` and `top` of all `rooms`.
//
// The writer's lease stands by the server's clock, which must not be set forward, and counts as
// long as the server or a synchronous replica of it takes the writes: an asynchronous replica that
// is promoted need not know of it.
//
// InvalidArgument in open(): the schema's name, the lease or the writer's name is not as said
// above.
std::unique_ptr<MessageStore> make_postgres_store(PostgresOptions options);

}  // namespace madang
