// SPDX-License-Identifier: Apache-2.0
#include "madang/storage/memory/memory_store.h"

#include <algorithm>
#include <cassert>
#include <mutex>
#include <tuple>
#include <utility>

#include "storage/memory/memory_rooms.h"

namespace madang {

class MemoryStoreData::State {
 public:
  explicit State(MemoryStoreOptions options)
      : name_(std::move(options.name)), rooms_(options.bytes_max) {}

  absl::StatusOr<OpenResult> open(const MemoryStore* store) {
    const std::lock_guard lock(mutex_);
    if (writer_ != nullptr) return absl::FailedPreconditionError("another writer has the store");
    writer_ = store;
    rooms_.open();
    return OpenResult{.lineage = name_ + "-" + std::to_string(rooms_.lineage())};
  }

  absl::Status close(const MemoryStore* store) {
    const std::lock_guard lock(mutex_);
    if (writer_ != store) return not_open();
    rooms_.close();
    writer_ = nullptr;
    return absl::OkStatus();
  }

  bool is_writer(const MemoryStore* store) const {
    const std::lock_guard lock(mutex_);
    return writer_ == store;
  }

  // A writer that dies here without close() has ended uncleanly.
  void forget(const MemoryStore* store) {
    const std::lock_guard lock(mutex_);
    if (writer_ == store) writer_ = nullptr;
  }

  // What `task` answers of the rooms, if `store` is the writer.
  template <typename Result, typename RoomsTask>
  absl::StatusOr<Result> with_rooms(const MemoryStore* store, RoomsTask task) {
    const std::lock_guard lock(mutex_);
    if (writer_ != store) return not_open();
    return task(rooms_);
  }

  void become_another_lineage() {
    const std::lock_guard lock(mutex_);
    rooms_.become_another_lineage();
  }

  std::size_t bytes() const {
    const std::lock_guard lock(mutex_);
    return rooms_.bytes();
  }

 private:
  static absl::Status not_open() { return absl::FailedPreconditionError("the store is not open"); }

  const std::string name_;
  mutable std::mutex mutex_;  // guards what follows
  MemoryRooms rooms_;
  const MemoryStore* writer_ = nullptr;
};

MemoryStoreData::MemoryStoreData(MemoryStoreOptions options)
    : state_(std::make_unique<State>(std::move(options))) {}
MemoryStoreData::~MemoryStoreData() = default;

void MemoryStoreData::become_another_lineage() { state_->become_another_lineage(); }

std::size_t MemoryStoreData::bytes() const { return state_->bytes(); }

MemoryStore::MemoryStore(std::shared_ptr<MemoryStoreData> data) : data_(std::move(data)) {
  assert(data_ != nullptr);
}

MemoryStore::~MemoryStore() { data_->state_->forget(this); }

void MemoryStore::open(Callback<OpenResult> done) { done(data_->state_->open(this)); }

void MemoryStore::close(StatusCallback done) { done(data_->state_->close(this)); }

Duration MemoryStore::lease_left() const {
  return data_->state_->is_writer(this) ? Duration::max() : Duration(0);
}

void MemoryStore::load(LoadRequest request, Callback<StoredRoom> done) {
  done(data_->state_->with_rooms<StoredRoom>(
      this, [&](MemoryRooms& rooms) { return rooms.load(request); }));
}

void MemoryStore::append(MessageBatch batch, Callback<AppendResult> done) {
  done(data_->state_->with_rooms<AppendResult>(
      this, [&](MemoryRooms& rooms) { return rooms.append(std::move(batch)); }));
}

void MemoryStore::read(PageRequest request, Callback<StoredPage> done) {
  done(data_->state_->with_rooms<StoredPage>(
      this, [&](MemoryRooms& rooms) { return rooms.read(request); }));
}

void MemoryStore::remove(std::string room, std::uint64_t offset, StatusCallback done) {
  done(data_->state_
           ->with_rooms<bool>(this,
                              [&](MemoryRooms& rooms) {
                                rooms.remove(room, offset);
                                return true;
                              })
           .status());
}

void MemoryStore::rooms(std::string after, std::size_t rooms_max,
                        Callback<std::vector<RoomSummary>> done) {
  done(data_->state_->with_rooms<std::vector<RoomSummary>>(
      this, [&](MemoryRooms& rooms) { return rooms.rooms(after, rooms_max); }));
}

void MemoryStore::expire(WallTime before, std::size_t messages_max, Callback<std::size_t> done) {
  done(data_->state_->with_rooms<std::size_t>(
      this, [&](MemoryRooms& rooms) { return rooms.expire(before, messages_max); }));
}

void MemoryStore::search(SearchQuery query, Callback<SearchPage> done) {
  const auto phrases = search_phrases(query.text);
  if (phrases.empty()) return done(absl::InvalidArgumentError("no word to search for"));
  if (phrases.size() > kSearchWordsMax) {
    return done(absl::InvalidArgumentError("too many words to search for"));
  }
  if (query.rooms.size() > kSearchRoomsMax) {
    return done(absl::InvalidArgumentError("too many rooms to search in"));
  }
  auto searched = data_->state_->with_rooms<std::vector<StoredMessageRef>>(
      this, [&](MemoryRooms& rooms) { return rooms.searched(query); });
  if (!searched.ok()) return done(searched.status());

  // Messages do not change, so reading them needs no lock.
  std::sort(searched->begin(), searched->end(), [](const auto& a, const auto& b) {
    return std::tie(a->time, a->room, a->offset) > std::tie(b->time, b->room, b->offset);
  });
  SearchPage page;
  for (const auto& message : *searched) {
    if (page.messages.size() >= query.messages_max) break;
    const auto text = searchable_text(message->data.view());
    if (found_by(phrases, index_words(text, kIndexedWordsMax))) page.messages.push_back(*message);
  }
  done(std::move(page));
}

}  // namespace madang
