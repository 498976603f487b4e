// SPDX-License-Identifier: Apache-2.0
// A quarter of a year in SQLite, moved to files while it is read, restarted and killed.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "madang/base/random.h"
#include "storage/archive/archive_fixture.h"
#include "storage/sqlite/store_folder.h"

namespace madang {
namespace {

using std::chrono::days;

constexpr std::uint64_t kRooms = 20;
constexpr std::uint64_t kRoomMessages = 2500;
constexpr std::size_t kPage = 100;

WallTime begin_of_quarter() {
  using namespace std::chrono;
  return sys_days{year{2026} / March / 1};
}

std::string room_name(std::uint64_t room) { return "room " + std::to_string(room); }

// What stands at an offset of a room, always the same.
StoredMessage message_at(std::uint64_t room, std::uint64_t offset) {
  auto message = conformance::message(room_name(room), offset);
  SeededRandom random(room << 32 | offset);
  message.time = begin_of_quarter() + std::chrono::minutes(52 * offset + room);
  message.epoch = offset < 1000 ? "e1" : "e2";
  std::string text = "message " + std::to_string(offset) + " of " + message.room + " ";
  text.append(random.below(200), static_cast<char>(random.below(256)));
  message.data = text;
  if (offset % 3 == 0) message.idempotency_key = "key " + std::to_string(offset);
  if (offset % 5 == 0) message.tags = {{"kind", std::to_string(random.below(9))}};
  if (offset % 2 == 0) {
    message.info = std::make_shared<const ClientInfo>(
        ClientInfo{.user = "user " + std::to_string(random.below(50)),
                   .client = ClientId::from_bits(random.next(), random.next())});
  }
  return message;
}

// The store and its files, in one folder.
class Quarter {
 public:
  explicit Quarter(const StoreFolder& folder)
      : archive_(make_sqlite_store(folder.options()), folder.path("archive"),
                 {.file_messages_max = 400}) {}

  WaitingArchive& archive() { return archive_; }
  absl::Status opened() const { return archive_.opened(); }

  void fill() {
    constexpr std::uint64_t kBatch = 500;
    for (std::uint64_t offset = 1; offset <= kRoomMessages; offset += kBatch) {
      for (std::uint64_t room = 0; room < kRooms; ++room) {
        MessageBatch batch;
        for (std::uint64_t i = 0; i < kBatch; ++i)
          batch.push_back(message_at(room, offset + i));
        REQUIRE(archive_.append(batch));
      }
    }
  }

  // How many messages page after page brings, as long as they are what went in.
  std::uint64_t count_right(std::uint64_t room, Direction direction) {
    const bool up = direction == Direction::kUp;
    std::uint64_t cursor = up ? 0 : kRoomMessages + 1;
    for (std::uint64_t right = 0;;) {
      auto request = conformance::page_of(room_name(room), cursor, direction, kPage);
      request.stored_top = kRoomMessages;
      const auto page = archive_.read(request);
      if (!page.ok() || page->messages.empty() || page->messages.size() > kPage) return right;
      for (const auto& message : page->messages) {
        cursor += up ? 1 : std::uint64_t(-1);
        if (!same_message(message, message_at(room, cursor))) return right;
        ++right;
      }
    }
  }

  // Every message once, in both directions; of some rooms in one alone, which is enough for those
  // that look often.
  void check_all(bool both_directions = true) {
    for (std::uint64_t room = 0; room < kRooms; ++room) {
      for (const auto direction : {Direction::kUp, Direction::kDown}) {
        if (!both_directions && (room % 2 == 0) != (direction == Direction::kUp)) continue;
        CHECK(count_right(room, direction) == kRoomMessages);
      }
    }
  }

 private:
  WaitingArchive archive_;
};

std::uint64_t older_than(WallTime before) {
  std::uint64_t count = 0;
  for (std::uint64_t room = 0; room < kRooms; ++room) {
    for (std::uint64_t offset = 1; offset <= kRoomMessages; ++offset)
      count += begin_of_quarter() + std::chrono::minutes(52 * offset + room) < before ? 1 : 0;
  }
  return count;
}

TEST_CASE("archive: three months of 50,000 messages are the same after an export and a restart") {
  const StoreFolder folder;
  const WallTime cold = begin_of_quarter() + days(60);
  {
    Quarter quarter(folder);
    REQUIRE(quarter.opened().ok());
    quarter.fill();
    const auto exported = quarter.archive().export_before(cold);
    REQUIRE(exported.ok());
    CHECK(exported->messages == older_than(cold));
    CHECK(exported->rooms == kRooms);
    quarter.check_all();
    REQUIRE(quarter.archive().close().ok());
  }
  {
    Quarter quarter(folder);
    REQUIRE(quarter.opened().ok());
    quarter.check_all();
    for (std::uint64_t room = 0; room < kRooms; ++room) {
      const auto loaded = quarter.archive().load(conformance::all_of(room_name(room)));
      REQUIRE(loaded.ok());
      CHECK(loaded->top == kRoomMessages);
      CHECK(loaded->first == 1);
      CHECK(loaded->epoch == "e2");
      CHECK(loaded->continuity == Continuity::kComplete);
      CHECK(loaded->messages.size() == kRoomMessages);
      CHECK(loaded->keys.size() == kRoomMessages / 3);
    }
    REQUIRE(quarter.archive().export_before(WallTime::max()).ok());
    REQUIRE(quarter.archive().close().ok());
  }
  Quarter quarter(folder);
  REQUIRE(quarter.opened().ok());
  quarter.check_all();
}

// In the child: exports, and writes a byte for each step.
[[noreturn]] void export_until_killed(const StoreFolder& folder, int out) {
  Quarter quarter(folder);
  if (!quarter.opened().ok()) _exit(2);
  Blocking<absl::StatusOr<ArchiveProgress>> done;
  quarter.archive().get().export_before(
      WallTime::max(), [out](const ArchiveProgress&) { (void)!write(out, "a", 1); },
      done.callback());
  _exit(done.wait().ok() ? 0 : 3);
}

// Kills a child some time after so many steps of its export. Answers whether it had ended before.
bool export_and_kill(const StoreFolder& folder, std::uint64_t steps, std::uint64_t spins) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::close(ends[0]);
    export_until_killed(folder, ends[1]);
  }
  ::close(ends[1]);
  char byte = 0;
  for (std::uint64_t i = 0; i < steps && read(ends[0], &byte, 1) == 1; ++i) {
  }
  SeededRandom at_work(spins);
  std::uint64_t left = spins;
  while (left > 0 && at_work.next() != 0)
    --left;
  kill(child, SIGKILL);
  ::close(ends[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  if (WIFSIGNALED(status)) return false;
  CHECK(WEXITSTATUS(status) == 0);
  return true;
}

TEST_CASE("archive: killed at any moment of an export, nothing is lost, doubled or changed") {
  const StoreFolder folder;
  {
    Quarter quarter(folder);
    REQUIRE(quarter.opened().ok());
    quarter.fill();
    REQUIRE(quarter.archive().close().ok());
  }
  SeededRandom random(19);
  int kills = 0;
  for (bool ended = false; !ended && kills < 100; ++kills) {
    ended = export_and_kill(folder, random.below(12), random.below(20'000'000));
    if (kills % 6 != 5) continue;
    Quarter quarter(folder);
    REQUIRE(quarter.opened().ok());
    quarter.check_all(false);
  }
  CHECK(kills > 5);
  Quarter quarter(folder);
  REQUIRE(quarter.opened().ok());
  REQUIRE(quarter.archive().export_before(WallTime::max()).ok());
  quarter.check_all();
  std::uint64_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder.path("archive")))
    files += entry.is_regular_file() ? 1 : 0;
  CHECK(files >= kRooms * kRoomMessages / 400);
}

}  // namespace
}  // namespace madang
