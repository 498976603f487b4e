// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "database.h"
#include "madang/storage/message_store.h"

// All that madang wants of it. Where a database answers later, `done` is kept until then.
class OwnStore final : public madang::MessageStore {
 public:
  explicit OwnStore(std::shared_ptr<Database> data) : data_(std::move(data)) {}
  ~OwnStore() override {
    if (writes_) data_->leave(false);
  }

  void open(madang::Callback<madang::OpenResult> done) override {
    if (!writes_ && !data_->enter()) {
      return done(absl::FailedPreconditionError("another writer has it"));
    }
    writes_ = true;
    done(madang::OpenResult{"a map"});
  }
  void close(madang::StatusCallback done) override {
    if (!std::exchange(writes_, false)) return done(absl::FailedPreconditionError("not open"));
    data_->leave(true);
    done(absl::OkStatus());
  }
  void load(madang::LoadRequest request, madang::Callback<madang::StoredRoom> done) override {
    answer(done, [&](auto& rooms) {
      const Database::Room& room = rooms[request.room];
      madang::StoredRoom stored{room.top, room.epoch, room.first()};
      if (room.term <= data_->unclean_term) stored.continuity = madang::Continuity::kStored;
      bool fits = true;
      std::size_t bytes = 0;
      for (auto it = room.messages.rbegin(); it != room.messages.rend(); ++it) {
        const auto& [offset, message] = *it;
        fits = fits && stored.messages.size() < request.messages_max &&
               (bytes += message.bytes()) <= request.bytes_max && message.time >= request.since;
        if (fits) stored.messages.insert(stored.messages.begin(), message);
        if (message.idempotency_key.empty() || message.time < request.keys_since) continue;
        if (stored.keys.size() == request.keys_max) continue;
        stored.keys.insert(stored.keys.begin(), {message.idempotency_key, offset, message.time});
      }
      return stored;
    });
  }
  void append(madang::MessageBatch batch, madang::Callback<madang::AppendResult> done) override {
    answer(done, [&](auto& rooms) {
      madang::AppendResult result;
      for (std::size_t i = 0; i < batch.size(); ++i) {
        const auto& known = rooms[batch[i].room].messages;
        const auto found = known.find(batch[i].offset);
        if (found != known.end() && !same_message(found->second, batch[i]))
          result.refused.push_back({i, absl::AlreadyExistsError("another message is there")});
      }
      if (!result.refused.empty()) return result;
      for (madang::StoredMessage& message : batch) {
        Database::Room& room = rooms[message.room];
        if (message.offset > room.top) {
          if (room.epoch != message.epoch) room.term = data_->term;
          room.epoch = message.epoch;
          room.top = message.offset;
        }
        room.messages.try_emplace(message.offset, std::move(message));
      }
      return result;
    });
  }
  void read(madang::PageRequest request, madang::Callback<madang::StoredPage> done) override {
    answer(done, [&](auto& rooms) {
      const Database::Room& room = rooms[request.room];
      madang::StoredPage page{{}, room.first()};
      const bool up = request.direction == madang::Direction::kUp;
      auto it = up ? room.messages.upper_bound(request.cursor)
                   : room.messages.lower_bound(request.cursor);
      std::size_t bytes = 0;
      while (page.messages.size() < request.messages_max &&
             it != (up ? room.messages.end() : room.messages.begin())) {
        const madang::StoredMessage& next = up ? (it++)->second : (--it)->second;
        if (!page.messages.empty() && bytes + next.bytes() > request.bytes_max) break;
        bytes += next.bytes();
        page.messages.push_back(next);
      }
      return page;
    });
  }
  void remove(std::string room, std::uint64_t offset, madang::StatusCallback done) override {
    madang::Callback<bool> removed = [&](const auto& result) { done(result.status()); };
    answer(removed, [&](auto& rooms) {
      auto& messages = rooms[room].messages;
      return messages.erase(messages.begin(), messages.upper_bound(offset)), true;
    });
  }

 private:
  // Asks the database under its lock, and answers without it.
  template <typename Result, typename Ask>
  void answer(madang::Callback<Result>& done, Ask ask) {
    absl::StatusOr<Result> result = absl::FailedPreconditionError("not open");
    if (std::unique_lock lock(data_->mutex); writes_) result = ask(data_->rooms);
    done(std::move(result));
  }
  const std::shared_ptr<Database> data_;
  bool writes_ = false;
};
