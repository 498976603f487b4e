// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "madang/storage/message_retention.h"
#include "madang/storage/message_search.h"
#include "madang/storage/message_store.h"

namespace madang {

struct MemoryStoreOptions {
  // What the messages may cost, as StoredMessage::bytes() counts. Beyond it append() answers
  // ResourceExhausted until something is removed.
  std::size_t bytes_max = std::size_t{256} << 20;
  // The beginning of the lineage's name, for a host that holds several stores apart by it.
  std::string name = "memory";
};

// What a MemoryStore stores, apart from the store itself: a store that is made of the same data
// finds what another left, as after a restart. Any thread.
class MemoryStoreData {
 public:
  explicit MemoryStoreData(MemoryStoreOptions options = {});
  ~MemoryStoreData();
  MemoryStoreData(const MemoryStoreData&) = delete;
  MemoryStoreData& operator=(const MemoryStoreData&) = delete;

  // Makes it another lineage from the next open() on, as a backup that was brought back would be:
  // its rooms are kBroken until they begin another epoch.
  void become_another_lineage();

  // What its messages cost now.
  std::size_t bytes() const;

 private:
  friend class MemoryStore;
  class State;
  const std::unique_ptr<State> state_;
};

// A MessageStore, with search and retention, that holds everything in memory: for tests, and for
// hosts that want the ways of a store and no disk. "Stored" means here as long as its data lives,
// so nothing outlasts the process.
//
// Everything is done in the calling thread, and the callback runs before the call returns, outside
// of any lock. A search looks at each message of the rooms it is given, about a microsecond each.
// expire() goes through each room from its oldest message on and stops at one that is young enough,
// so that clocks which jumped leave no holes. Destroyed without close(), it is a writer that died.
class MemoryStore final : public MessageStore, public MessageSearch, public MessageRetention {
 public:
  // `data` is not null.
  explicit MemoryStore(std::shared_ptr<MemoryStoreData> data);
  // A store of its own.
  MemoryStore() : MemoryStore(std::make_shared<MemoryStoreData>()) {}
  ~MemoryStore() override;
  MemoryStore(const MemoryStore&) = delete;
  MemoryStore& operator=(const MemoryStore&) = delete;

  void open(Callback<OpenResult> done) override;
  void load(LoadRequest request, Callback<StoredRoom> done) override;
  void append(MessageBatch batch, Callback<AppendResult> done) override;
  void read(PageRequest request, Callback<StoredPage> done) override;
  void remove(std::string room, std::uint64_t offset, StatusCallback done) override;
  void close(StatusCallback done) override;

  // Without end: nobody else opens the data as long as this one has not ended.
  Duration lease_left() const override;
  MessageSearch* search() override { return this; }
  MessageRetention* retention() override { return this; }

  void search(SearchQuery query, Callback<SearchPage> done) override;
  void rooms(std::string after, std::size_t rooms_max,
             Callback<std::vector<RoomSummary>> done) override;
  void expire(WallTime before, std::size_t messages_max, Callback<std::size_t> done) override;

 private:
  const std::shared_ptr<MemoryStoreData> data_;
};

}  // namespace madang
