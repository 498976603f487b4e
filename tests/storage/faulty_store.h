// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/memory_store_under_test.h"

namespace madang {

// What is wrong with a store that is otherwise a MemoryStore: each hook that is set changes a
// request before the store has it, or an answer before the caller has it.
struct Fault {
  std::function<void(absl::StatusOr<OpenResult>&)> opened = {};
  std::function<void(LoadRequest&)> load = {};
  std::function<void(absl::StatusOr<StoredRoom>&)> loaded = {};
  std::function<void(MessageBatch&)> append = {};
  std::function<void(const MessageBatch&, absl::StatusOr<AppendResult>&)> appended = {};
  std::function<void(PageRequest&)> read = {};
  std::function<void(const PageRequest&, StoredPage&)> page = {};
  std::function<void(std::string& room, std::uint64_t& offset)> remove = {};
  std::function<void(SearchQuery&)> search = {};
  std::function<void(const SearchQuery&, absl::StatusOr<SearchPage>&)> found = {};
  std::function<void(std::string& after, std::size_t& rooms_max)> rooms = {};
  std::function<void(std::vector<RoomSummary>&)> summed_up = {};
  std::function<void(WallTime& before, std::size_t& messages_max)> expire = {};
  std::function<void(std::size_t&)> expired = {};
  // In place of the store's own.
  std::function<void(MessageStore&, MessageBatch, Callback<AppendResult>)> append_instead = {};
  bool ignores_close = false;
  bool closes_at_death = false;
  bool has_no_search = false;
  bool has_no_retention = false;
};

class FaultyStore : public MessageStore, public MessageSearch, public MessageRetention {
 public:
  FaultyStore(std::unique_ptr<MessageStore> store, Fault fault)
      : store_(std::move(store)), fault_(std::move(fault)) {}
  ~FaultyStore() override {
    if (fault_.closes_at_death) store_->close([](absl::Status) {});
  }

  void open(Callback<OpenResult> done) override {
    store_->open([this, done = std::move(done)](absl::StatusOr<OpenResult> result) mutable {
      if (fault_.opened) fault_.opened(result);
      done(std::move(result));
    });
  }
  void load(LoadRequest request, Callback<StoredRoom> done) override {
    if (fault_.load) fault_.load(request);
    store_->load(std::move(request),
                 [this, done = std::move(done)](absl::StatusOr<StoredRoom> room) mutable {
                   if (fault_.loaded && room.ok()) fault_.loaded(room);
                   done(std::move(room));
                 });
  }
  void append(MessageBatch batch, Callback<AppendResult> done) override {
    if (fault_.append_instead) {
      return fault_.append_instead(*store_, std::move(batch), std::move(done));
    }
    if (fault_.append) fault_.append(batch);
    const auto sent = batch;
    store_->append(std::move(batch), [this, sent, done = std::move(done)](
                                         absl::StatusOr<AppendResult> result) mutable {
      if (fault_.appended) fault_.appended(sent, result);
      done(std::move(result));
    });
  }
  void read(PageRequest request, Callback<StoredPage> done) override {
    if (fault_.read) fault_.read(request);
    const auto asked = request;
    store_->read(std::move(request),
                 [this, asked, done = std::move(done)](absl::StatusOr<StoredPage> page) mutable {
                   if (fault_.page && page.ok()) fault_.page(asked, *page);
                   done(std::move(page));
                 });
  }
  void remove(std::string room, std::uint64_t offset, StatusCallback done) override {
    if (fault_.remove) fault_.remove(room, offset);
    store_->remove(std::move(room), offset, std::move(done));
  }
  void close(StatusCallback done) override {
    if (fault_.ignores_close) return done(absl::OkStatus());
    store_->close(std::move(done));
  }

  MessageSearch* search() override { return fault_.has_no_search ? nullptr : this; }
  MessageRetention* retention() override { return fault_.has_no_retention ? nullptr : this; }

  void search(SearchQuery query, Callback<SearchPage> done) override {
    const auto asked = query;
    if (fault_.search) fault_.search(query);
    store_->search()->search(std::move(query), [this, asked, done = std::move(done)](
                                                   absl::StatusOr<SearchPage> page) mutable {
      if (fault_.found) fault_.found(asked, page);
      done(std::move(page));
    });
  }
  void rooms(std::string after, std::size_t rooms_max,
             Callback<std::vector<RoomSummary>> done) override {
    if (fault_.rooms) fault_.rooms(after, rooms_max);
    store_->retention()->rooms(
        std::move(after), rooms_max,
        [this, done = std::move(done)](absl::StatusOr<std::vector<RoomSummary>> rooms) mutable {
          if (fault_.summed_up && rooms.ok()) fault_.summed_up(*rooms);
          done(std::move(rooms));
        });
  }
  void expire(WallTime before, std::size_t messages_max, Callback<std::size_t> done) override {
    if (fault_.expire) fault_.expire(before, messages_max);
    store_->retention()->expire(
        before, messages_max,
        [this, done = std::move(done)](absl::StatusOr<std::size_t> count) mutable {
          if (fault_.expired && count.ok()) fault_.expired(*count);
          done(std::move(count));
        });
  }

 private:
  const std::unique_ptr<MessageStore> store_;
  const Fault fault_;
};

class FaultyStoreUnderTest : public MemoryStoreUnderTest {
 public:
  explicit FaultyStoreUnderTest(Fault fault) : fault_(std::move(fault)) {}
  std::unique_ptr<MessageStore> make() override {
    return std::make_unique<FaultyStore>(MemoryStoreUnderTest::make(), fault_);
  }
  // A MemoryStore answers at once, so one that has not yet will not.
  std::chrono::milliseconds answer_time_max() const override {
    return std::chrono::milliseconds(10);
  }

 private:
  const Fault fault_;
};

// A fault that the test of a promise must notice. `make` gives it a state of its own.
struct PlantedFault {
  const char* promise;  // how its name begins
  const char* what;
  std::function<Fault()> make;
};
std::vector<PlantedFault> planted_writer_faults();
std::vector<PlantedFault> planted_append_faults();
std::vector<PlantedFault> planted_read_faults();
std::vector<PlantedFault> planted_search_faults();
std::vector<PlantedFault> planted_retention_faults();

}  // namespace madang
