// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/stored_world.h"

using namespace madang;
using namespace madang::testing;

// One seed after the other: a host that publishes, clients that come and go, a store that is slow,
// away or unsure, and a process that is stopped or killed and starts again. What anyone was ever
// told must fit together over all the processes.

namespace {

constexpr int kProcesses = 6;
constexpr int kSteps = 60;

struct Sent {
  std::string text;
  bool stored_first = false;
  StoredWorld::Answer answer;
};

class Chaos {
 public:
  explicit Chaos(std::uint64_t seed) : draw_(seed) {}

  void run() {
    for (process_ = 0; process_ < kProcesses; ++process_) {
      sent_.clear();
      StoredWorld world(data_, {});
      world.options.handlers.room_options = [](std::string_view room) {
        RoomOptions options =
            stored(room.front() == 'd' ? Durability::kDurable : Durability::kWriteBehind, 6);
        options.tail_events_max = 12;
        return options;
      };
      world.options.limits.page_messages_max = 5;
      for (int step = 0; step < kSteps; ++step)
        this->step(world);
      end(world);
    }
    StoredWorld last(data_, stored(Durability::kWriteBehind));
    for (const auto& [key, text] : acknowledged_) {
      const auto page =
          last.page(key.first, {.since = StreamPosition{key.second - 1, ""}, .limit = 1});
      CAPTURE(key.first);
      CAPTURE(key.second);
      CHECK(page == std::vector<std::string>{text});
    }
  }

 private:
  // A reader and all it was ever told, over all its connections.
  struct Reader {
    std::string room;
    Client client;
    std::shared_ptr<absl::StatusOr<JoinResult>> join;
    bool took_reply = false;
    StreamPosition at;
  };

  void step(StoredWorld& world) {
    const auto lot = draw_.below(100);
    if (lot < 45) {
      publish(world);
    } else if (lot < 55) {
      connect(world);
    } else if (lot < 62) {
      disconnect(world);
    } else if (lot < 72) {
      world.pass(std::chrono::milliseconds(draw_.below(200)));
    } else if (lot < 78) {
      world.store.hold();
    } else if (lot < 88) {
      world.store.release();
    } else if (lot < 94) {
      world.store.fail_appends(1 + draw_.below(3), absl::UnavailableError("away"),
                               draw_.below(2) == 0);
    } else {
      world.store.fail_reads(1, absl::UnavailableError("away"));
    }
    world.run();
    listen();
  }

  std::string any_room() {
    return (draw_.below(2) == 0 ? "d" : "b") + std::to_string(draw_.below(2));
  }

  void publish(StoredWorld& world) {
    const std::string room = any_room();
    const std::string text = std::to_string(++texts_);
    sent_.emplace_back(room, Sent{text, room.front() == 'd', world.send(room, text)});
  }

  void connect(StoredWorld& world) {
    Reader reader;
    reader.room = any_room();
    reader.client = world.enter("u");
    std::optional<StreamPosition> since;
    auto& known = positions_[reader.room];
    if (!known.empty()) since = known[draw_.below(known.size())];
    if (since) reader.at = *since;
    reader.join = reader.client.join(reader.room, since);
    readers_.push_back(std::move(reader));
  }

  void disconnect(StoredWorld& world) {
    if (readers_.empty()) return;
    const auto at = draw_.below(readers_.size());
    world.run();
    listen();
    readers_[at].client.transport->hang_up();
    readers_.erase(readers_.begin() + static_cast<std::ptrdiff_t>(at));
  }

  // Takes what the readers were told and holds it against all that anyone was told before.
  void listen() {
    for (Reader& reader : readers_) {
      if (!reader.took_reply) {
        if (!reader.join->ok()) continue;
        reader.took_reply = true;
        const JoinResult& joined = **reader.join;
        if (!joined.recovered) reader.at = *joined.position;
        reader.at.epoch = joined.position->epoch;
        for (const auto& event : joined.messages)
          take(reader, event->offset, std::string(event->data.view()));
        if (joined.messages.empty()) CHECK(joined.position->offset == reader.at.offset);
      }
      for (const std::string& word : reader.client.read()) {
        const auto first = word.find(' ');
        const auto second = word.find(' ', first + 1);
        if (second == std::string::npos || word.substr(0, first) != reader.room) continue;
        take(reader, std::stoull(word.substr(first + 1)), word.substr(second + 1));
      }
    }
  }

  void take(Reader& reader, std::uint64_t offset, const std::string& text) {
    CAPTURE(reader.room);
    CAPTURE(offset);
    // The next one, and neither a gap nor a repetition.
    CHECK(offset == reader.at.offset + 1);
    reader.at.offset = offset;
    positions_[reader.room].push_back(reader.at);
    // Under one epoch an offset is one message for ever.
    const auto [known, added] = told_.try_emplace({reader.room, reader.at.epoch, offset}, text);
    if (!added) CHECK(known->second == text);
  }

  void note_answers() {
    for (const auto& [room, one] : sent_) {
      if (!one.answer->ok() || !one.stored_first) continue;
      const auto offset = (*one.answer)->position.offset;
      const auto [known, added] = acknowledged_.try_emplace({room, offset}, one.text);
      if (!added) CHECK(known->second == one.text);
    }
  }

  void end(StoredWorld& world) {
    if (draw_.below(2) == 0) {
      world.store.release();
      world.pass(std::chrono::seconds(10));
      listen();
      CHECK(world.imbalance() == 0);
      readers_.clear();
      CHECK(world.stop());
      // After a clean stop also what was only delivered is there.
      for (const auto& [room, one] : sent_) {
        if (!one.answer->ok()) continue;
        acknowledged_.try_emplace({room, (*one.answer)->position.offset}, one.text);
      }
    }
    note_answers();
    readers_.clear();
  }

  SeededRandom draw_;
  const std::shared_ptr<MemoryStoreData> data_ = std::make_shared<MemoryStoreData>();
  int process_ = 0;
  int texts_ = 0;
  std::vector<std::pair<std::string, Sent>> sent_;
  std::vector<Reader> readers_;
  std::map<std::string, std::vector<StreamPosition>> positions_;  // that clients were at
  std::map<std::tuple<std::string, std::string, std::uint64_t>, std::string> told_;
  std::map<std::pair<std::string, std::uint64_t>, std::string> acknowledged_;
};

}  // namespace

TEST_CASE(
    "storage: whatever fails, no offset means two messages and nothing acknowledged is lost") {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    CAPTURE(seed);
    Chaos(seed).run();
  }
}
