// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>

#include "storage/faulty_store.h"

// `loaded` and the like are lambdas over the one argument; `own` shares a state between hooks.
namespace madang {
namespace {

using conformance::kEverything;
using Place = std::pair<std::string, std::uint64_t>;

Place place_of(const StoredMessage& message) { return {message.room, message.offset}; }

AppendResult refused(std::size_t index, absl::Status status) {
  AppendResult result;
  result.refused.push_back({index, std::move(status)});
  return result;
}

// A fault that changes each message on its way in.
template <typename Change>
std::function<Fault()> in_each_message(Change change) {
  return [change] {
    return Fault{.append = [change](MessageBatch& batch) {
      for (auto& message : batch)
        change(message);
    }};
  };
}

// A fault that changes each room that is loaded.
template <typename Change>
std::function<Fault()> in_each_load(Change change) {
  return [change] {
    return Fault{.loaded = [change](absl::StatusOr<StoredRoom>& room) { change(*room); }};
  };
}

Fault refuses_what_it_has() {
  auto own = std::make_shared<std::set<Place>>();
  return {.append_instead = [own](MessageStore& store, MessageBatch batch,
                                  Callback<AppendResult> done) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (own->count(place_of(batch[i])) > 0) {
        return done(refused(i, absl::AlreadyExistsError("")));
      }
    }
    for (const auto& message : batch)
      own->insert(place_of(message));
    store.append(std::move(batch), std::move(done));
  }};
}

Fault compares_without_tags() {
  auto own = std::make_shared<std::map<Place, Tags>>();
  return {.append = [own](MessageBatch& batch) {
    for (auto& message : batch)
      message.tags = own->emplace(place_of(message), message.tags).first->second;
  }};
}

Fault stores_the_rest_of_a_refused_batch() {
  return {
      .append_instead = [](MessageStore& store, MessageBatch batch, Callback<AppendResult> done) {
        store.append(batch, [&](absl::StatusOr<AppendResult> result) {
          if (result.ok() && !result->refused.empty()) {
            batch.erase(batch.begin() + static_cast<std::ptrdiff_t>(result->refused[0].index));
            store.append(batch, [](absl::StatusOr<AppendResult>) {});
          }
          done(std::move(result));
        });
      }};
}

Fault keeps_places_of_refused_batches() {
  auto own = std::make_shared<std::set<Place>>();
  return {.appended = [own](const MessageBatch& batch, absl::StatusOr<AppendResult>& result) {
    for (std::size_t i = 0; i < batch.size() && result.ok(); ++i) {
      if (!result->refused.empty()) {
        own->insert(place_of(batch[i]));
      } else if (own->count(place_of(batch[i])) > 0) {
        result = refused(i, absl::AlreadyExistsError(""));
        return;
      }
    }
  }};
}

Fault takes_only_what_is_newer() {
  auto own = std::make_shared<std::map<std::string, std::uint64_t>>();
  return {.append_instead = [own](MessageStore& store, MessageBatch batch,
                                  Callback<AppendResult> done) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      auto& top = (*own)[batch[i].room];
      if (batch[i].offset <= top) return done(refused(i, absl::InvalidArgumentError("")));
      top = batch[i].offset;
    }
    store.append(std::move(batch), std::move(done));
  }};
}

Fault names_a_lineage_anew() {
  auto own = std::make_shared<int>(0);
  return {.opened = [own](absl::StatusOr<OpenResult>& result) {
    if (result.ok()) result->lineage += std::to_string(++*own);
  }};
}

Fault lets_in_one_writer_ever() {
  auto own = std::make_shared<bool>(false);
  return {.opened = [own](absl::StatusOr<OpenResult>& result) {
    if (std::exchange(*own, true)) result = absl::FailedPreconditionError("");
  }};
}

Fault trusts_a_room_that_goes_on() {
  auto own = std::make_shared<bool>(false);
  return {.loaded =
              [own](absl::StatusOr<StoredRoom>& room) {
                if (*own) room->continuity = Continuity::kComplete;
              },
          .append = [own](MessageBatch& batch) { *own = *own || batch[0].offset > 2; }};
}

// An answer that goes nowhere until the program ends.
Fault never_answers() {
  return {.append_instead = [](MessageStore&, MessageBatch, Callback<AppendResult> done) {
    static std::vector<Callback<AppendResult>> kept;
    kept.push_back(std::move(done));
  }};
}

Fault answers_twice() {
  return {
      .append_instead = [](MessageStore& store, MessageBatch batch, Callback<AppendResult> done) {
        store.append(std::move(batch), [&](absl::StatusOr<AppendResult> result) {
          done(result);
          done(result);
        });
      }};
}

}  // namespace

std::vector<PlantedFault> planted_writer_faults() {
  return {
      {"open: names", "another name at each open", names_a_lineage_anew},
      {"open: names", "no name",
       [] {
         return Fault{.opened = [](absl::StatusOr<OpenResult>& result) { result = OpenResult(); }};
       }},
      {"open: a second", "says that it is open",
       [] {
         return Fault{.opened = [](absl::StatusOr<OpenResult>& result) {
           if (!result.ok()) result = OpenResult{.lineage = "memory-1"};
         }};
       }},
      {"open: the next", "lets in one writer ever", lets_in_one_writer_ever},
      {"append: a store", "says OK to all",
       [] {
         return Fault{.appended = [](const MessageBatch&, absl::StatusOr<AppendResult>& result) {
           if (!result.ok()) result = AppendResult();
         }};
       }},
      {"continuity: after close()", "close() is not noted",
       [] { return Fault{.ignores_close = true}; }},
      {"continuity: after a death", "a death is taken for close()",
       [] { return Fault{.closes_at_death = true}; }},
      {"continuity: after a death", "a room that goes on is trusted", trusts_a_room_that_goes_on},
      {"continuity: an epoch", "a new epoch is not noted", in_each_load([](StoredRoom& room) {
         if (room.epoch == "e2") room.continuity = Continuity::kStored;
       })},
      {"continuity: in another", "a backup is not noticed", in_each_load([](StoredRoom& room) {
         if (room.continuity == Continuity::kBroken) room.continuity = Continuity::kComplete;
       })},
      {"destruction:", "a call is not answered", never_answers},
      {"callbacks:", "comes twice", answers_twice},
      {"callbacks:", "comes never", never_answers},
      {"callbacks:", "is dropped",
       [] {
         return Fault{.append_instead = [](MessageStore&, MessageBatch, Callback<AppendResult>) {}};
       }},
  };
}

std::vector<PlantedFault> planted_append_faults() {
  return {
      {"append: what is stored", "data ends at a NUL", in_each_message([](StoredMessage& message) {
         message.data = message.data.view().substr(0, message.data.view().find('\0'));
       })},
      {"append: what is stored", "64 KiB are all", in_each_message([](StoredMessage& message) {
         message.data = message.data.view().substr(0, 64 * 1024);
       })},
      {"append: what is stored", "whole seconds", in_each_message([](StoredMessage& message) {
         message.time = std::chrono::floor<std::chrono::seconds>(message.time);
       })},
      {"append: what is stored", "no time before 1970", in_each_message([](StoredMessage& message) {
         message.time = std::max(message.time, WallTime());
       })},
      {"append: what is stored", "tags in order", in_each_message([](StoredMessage& message) {
         std::sort(message.tags.begin(), message.tags.end());
       })},
      {"append: what is stored", "an info of nobody", in_each_message([](StoredMessage& message) {
         if (message.info == nullptr) message.info = std::make_shared<const ClientInfo>();
       })},
      {"append: what is stored", "no info",
       in_each_message([](StoredMessage& message) { message.info = nullptr; })},
      {"append: what is stored", "no key",
       in_each_message([](StoredMessage& message) { message.idempotency_key.clear(); })},
      {"append: what is stored", "the first epoch",
       in_each_message([](StoredMessage& message) { message.epoch = "e1"; })},
      {"append: a room's name", "ends at a NUL", in_each_message([](StoredMessage& message) {
         message.room = message.room.substr(0, message.room.find('\0'));
       })},
      {"append: a room's name", "254 bytes are all",
       in_each_message([](StoredMessage& message) { message.room = message.room.substr(0, 254); })},
      {"append: a batch of many", "a thousand are all",
       [] {
         return Fault{.append = [](MessageBatch& batch) {
           batch.resize(std::min<std::size_t>(batch.size(), 1000));
         }};
       }},
      {"append: the same batch", "refuses what it has", refuses_what_it_has},
      {"append: a batch that is stored", "refuses what it has", refuses_what_it_has},
      {"append: another message", "takes it silently",
       [] {
         return Fault{.appended = [](const MessageBatch&, absl::StatusOr<AppendResult>& result) {
           if (result.ok()) result->refused.clear();
         }};
       }},
      {"append: another message", "names the first",
       [] {
         return Fault{.appended = [](const MessageBatch&, absl::StatusOr<AppendResult>& result) {
           if (result.ok() && !result->refused.empty()) result->refused[0].index = 0;
         }};
       }},
      {"append: another message", "as an error of its own",
       [] {
         return Fault{.appended = [](const MessageBatch&, absl::StatusOr<AppendResult>& result) {
           if (result.ok() && !result->refused.empty()) {
             result->refused[0].status = absl::InternalError("");
           }
         }};
       }},
      {"append: another message", "compares without tags", compares_without_tags},
      {"append: a batch that is half", "stores the rest", stores_the_rest_of_a_refused_batch},
      {"append: an offset", "keeps it", keeps_places_of_refused_batches},
      {"append: what is missing", "takes only what is newer", takes_only_what_is_newer},
  };
}

std::vector<PlantedFault> planted_read_faults() {
  return {
      {"load: a room that", "is an error",
       [] {
         return Fault{.loaded = [](absl::StatusOr<StoredRoom>& room) {
           if (room->top == 0) room = absl::NotFoundError("");
         }};
       }},
      {"load: a room that", "begins at 0",
       in_each_load([](StoredRoom& room) { room.first -= room.top == 0 ? 1 : 0; })},
      {"load: top and epoch", "of the messages loaded", in_each_load([](StoredRoom& room) {
         if (room.messages.empty()) room.epoch.clear();
       })},
      {"load: top and epoch", "the first epoch", in_each_load([](StoredRoom& room) {
         if (!room.messages.empty()) room.epoch = room.messages.front().epoch;
       })},
      {"load: the newest messages", "no bound of bytes",
       [] { return Fault{.load = [](LoadRequest& request) { request.bytes_max = kEverything; }}; }},
      {"load: the newest messages", "no bound of number",
       [] {
         return Fault{.load = [](LoadRequest& request) { request.messages_max = kEverything; }};
       }},
      {"load: the newest messages", "no bound of time",
       [] { return Fault{.load = [](LoadRequest& request) { request.since = WallTime::min(); }}; }},
      {"load: the newest messages", "backwards", in_each_load([](StoredRoom& room) {
         std::reverse(room.messages.begin(), room.messages.end());
       })},
      {"load: the newest keys", "no bound of number",
       [] { return Fault{.load = [](LoadRequest& request) { request.keys_max = kEverything; }}; }},
      {"load: the newest keys", "no bound of time",
       [] {
         return Fault{.load = [](LoadRequest& request) { request.keys_since = WallTime::min(); }};
       }},
      {"load: the newest keys", "backwards",
       in_each_load([](StoredRoom& room) { std::reverse(room.keys.begin(), room.keys.end()); })},
      {"load: the newest keys", "of the messages loaded", in_each_load([](StoredRoom& room) {
         std::erase_if(room.keys, [&](const StoredKey& key) {
           return room.messages.empty() || key.offset < room.messages.front().offset;
         });
       })},
      {"read: pages of so many messages", "one too many",
       [] { return Fault{.read = [](PageRequest& request) { ++request.messages_max; }}; }},
      {"read: pages of so many messages", "one too few",
       [] {
         return Fault{.page = [](const PageRequest&, StoredPage& page) {
           if (page.messages.size() > 1) page.messages.pop_back();
         }};
       }},
      {"read: pages of so many messages", "always upwards",
       [] {
         return Fault{.read = [](PageRequest& request) { request.direction = Direction::kUp; }};
       }},
      {"read: pages of so many bytes", "no bound of bytes",
       [] { return Fault{.read = [](PageRequest& request) { request.bytes_max = kEverything; }}; }},
      {"read: pages of so many bytes", "nothing instead of too much",
       [] {
         return Fault{.page = [](const PageRequest& request, StoredPage& page) {
           if (!page.messages.empty() && page.messages[0].bytes() > request.bytes_max) {
             page.messages.clear();
           }
         }};
       }},
      {"read: the cursor", "is included",
       [] {
         return Fault{.read = [](PageRequest& request) {
           if (request.direction == Direction::kDown) ++request.cursor;
         }};
       }},
      {"read: the cursor", "has 32 bits",
       [] { return Fault{.read = [](PageRequest& request) { request.cursor &= 0xFFFFFFFF; }}; }},
      {"read: a room that", "begins at 0",
       [] {
         return Fault{.page = [](const PageRequest&, StoredPage& page) {
           if (page.messages.empty()) page.first = 0;
         }};
       }},
      {"read: one thread", "a hole in a page",
       [] {
         return Fault{.page = [](const PageRequest&, StoredPage& page) {
           if (page.messages.size() > 40) page.messages.erase(page.messages.begin() + 20);
         }};
       }},
      {"remove: goes", "without the offset",
       [] { return Fault{.remove = [](std::string&, std::uint64_t& offset) { --offset; }}; }},
      {"remove: goes", "in no room",
       [] { return Fault{.remove = [](std::string& room, std::uint64_t&) { room += "x"; }}; }},
      {"remove: top and epoch", "top goes with the messages", in_each_load([](StoredRoom& room) {
         if (room.messages.empty()) room.top = 0;
       })},
      {"remove: top and epoch", "epoch goes with the messages", in_each_load([](StoredRoom& room) {
         if (room.messages.empty()) room.epoch.clear();
       })},
  };
}

}  // namespace madang
