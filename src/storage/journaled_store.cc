// SPDX-License-Identifier: Apache-2.0
#include "madang/storage/journaled_store.h"

#include <absl/strings/numbers.h>

#include <algorithm>
#include <utility>

#include "storage/blocking.h"

namespace madang {
namespace {

constexpr const char* kRoom = "journal";
constexpr const char* kEpoch = "1";
// Before a message's own tags the journal keeps those that say whose it is.
constexpr std::size_t kOwnTags = 3;

StoredMessage wrap(const StoredMessage& message, std::uint64_t number) {
  StoredMessage wrapped = message;
  wrapped.room = kRoom;
  wrapped.epoch = kEpoch;
  wrapped.offset = number;
  wrapped.tags = {
      {"room", message.room}, {"epoch", message.epoch}, {"offset", std::to_string(message.offset)}};
  wrapped.tags.insert(wrapped.tags.end(), message.tags.begin(), message.tags.end());
  return wrapped;
}

absl::StatusOr<StoredMessage> unwrap(StoredMessage wrapped) {
  Tags& tags = wrapped.tags;
  if (wrapped.epoch != kEpoch || tags.size() < kOwnTags || tags[0].first != "room" ||
      tags[1].first != "epoch" || tags[2].first != "offset" ||
      !absl::SimpleAtoi(tags[2].second, &wrapped.offset)) {
    return absl::DataLossError("the journal holds what no journal wrote");
  }
  wrapped.room = std::move(tags[0].second);
  wrapped.epoch = std::move(tags[1].second);
  tags.erase(tags.begin(), tags.begin() + kOwnTags);
  return wrapped;
}

// Whether it may go well another time, so that the journal is of help.
bool is_away(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status);
}

absl::Status ended() { return absl::UnavailableError("the store is being closed"); }
absl::Status waits() {
  return absl::UnavailableError("messages of the room wait in the journal for the store");
}

}  // namespace

JournaledStore::JournaledStore(std::unique_ptr<MessageStore> store,
                               std::unique_ptr<MessageStore> journal, JournalOptions options)
    : options_(std::move(options)),
      store_(std::move(store)),
      journal_(std::move(journal)),
      thread_([this] { run(); }) {}

JournaledStore::~JournaledStore() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    news_.notify_all();
  }
  thread_.join();
  if (opening_) opening_(ended());
  if (closing_) closing_(ended());
  if (held_) held_->done(ended());
  store_.reset();
  journal_.reset();
}

JournalState JournaledStore::state() const {
  const std::lock_guard lock(mutex_);
  JournalState state = state_;
  state.away = away_;
  return state;
}

// --- Messages ------------------------------------------------------------------------------------

void JournaledStore::append(MessageBatch batch, Callback<AppendResult> done) {
  Append append{std::move(batch), std::move(done)};
  bool direct = false;
  absl::Status refused;
  {
    const std::lock_guard lock(mutex_);
    look_at_epochs(append.batch);
    if (ended_ || closing_) {
      refused = ended();
    } else if (!stopped_.ok()) {
      refused = stopped_;
    } else if (!away_) {
      direct = true;
    } else if (!failing_ && !held_ && state_.messages <= options_.batch_messages_max) {
      held_ = std::move(append);
      return;
    }
  }
  if (!refused.ok()) return append.done(refused);
  if (direct) return append_to_store(std::move(append));
  append_to_journal(std::move(append));
}

void JournaledStore::append_to_store(Append append) {
  MessageBatch copy = append.batch;
  store_->append(std::move(copy), [this, append = std::move(append)](
                                      absl::StatusOr<AppendResult> result) mutable {
    if (result.ok() || !is_away(result.status()) || store_->lease_left() <= Duration(0)) {
      return append.done(std::move(result));
    }
    append_to_journal(std::move(append));
  });
}

void JournaledStore::append_to_journal(Append append) {
  auto numbered = number(append.batch);
  if (!numbered.ok()) return append.done(numbered.status());
  const std::size_t count = numbered->size();
  journal_->append(*std::move(numbered), [this, count, done = std::move(append.done)](
                                             absl::StatusOr<AppendResult> result) mutable {
    // Of content the store judges, not the journal. What may be there of a batch that failed comes
    // to the store twice, and the store knows what it has.
    if (result.ok() && !result->refused.empty()) {
      result = absl::UnavailableError("the journal does not take the messages");
    }
    {
      const std::lock_guard lock(mutex_);
      --journaling_;
      if (result.ok()) state_.journaled += count;
      news_.notify_all();
    }
    done(std::move(result));
  });
}

absl::StatusOr<MessageBatch> JournaledStore::number(const MessageBatch& batch) {
  const std::lock_guard lock(mutex_);
  if (ended_) return ended();
  if (!stopped_.ok()) return stopped_;
  if (store_->lease_left() <= Duration(0)) {
    return absl::UnavailableError("the store is away for so long that there may be another writer");
  }
  std::size_t bytes = 0;
  MessageBatch numbered;
  numbered.reserve(batch.size());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    numbered.push_back(wrap(batch[i], numbers_ + 1 + i));
    bytes += numbered.back().bytes();
  }
  if (state_.messages + batch.size() > options_.messages_max ||
      state_.bytes + bytes > options_.bytes_max) {
    return absl::ResourceExhaustedError("the store is away, and its journal is full");
  }
  for (std::size_t i = 0; i < batch.size(); ++i)
    note(batch[i], numbers_ + 1 + i, numbered[i].bytes());
  numbers_ += batch.size();
  if (!away_) unanswered_ = batch;
  away_ = true;
  ++journaling_;
  return numbered;
}

void JournaledStore::note(const StoredMessage& message, std::uint64_t number, std::size_t bytes) {
  Journaled& room = rooms_[message.room];
  room.first = room.first == 0 ? message.offset : std::min(room.first, message.offset);
  room.last = number;
  ++state_.messages;
  state_.bytes += bytes;
}

void JournaledStore::look_at_epochs(const MessageBatch& batch) {
  if (uncertain_.empty()) return;
  for (const StoredMessage& message : batch) {
    const auto found = uncertain_.find(message.room);
    if (found != uncertain_.end() && found->second != message.epoch) uncertain_.erase(found);
  }
}

// --- Questions -----------------------------------------------------------------------------------

std::optional<std::uint64_t> JournaledStore::journaled_from(const std::string& room) const {
  const std::lock_guard lock(mutex_);
  const auto found = rooms_.find(room);
  if (found == rooms_.end()) return std::nullopt;
  return found->second.first;
}

void JournaledStore::load(LoadRequest request, Callback<StoredRoom> done) {
  if (journaled_from(request.room)) return done(waits());
  bool uncertain = false;
  {
    const std::lock_guard lock(mutex_);
    uncertain = uncertain_.contains(request.room);
  }
  if (!uncertain) return store_->load(std::move(request), std::move(done));
  store_->load(std::move(request), [done = std::move(done)](auto room) mutable {
    if (room.ok()) room->continuity = std::max(room->continuity, Continuity::kStored);
    done(std::move(room));
  });
}

void JournaledStore::read(PageRequest request, Callback<StoredPage> done) {
  if (const auto from = journaled_from(request.room)) {
    const bool before =
        request.direction == Direction::kUp ? request.cursor + 1 < *from : request.cursor <= *from;
    if (!before) return done(waits());
    request.stored_top = std::min(request.stored_top, *from - 1);
  }
  store_->read(std::move(request), std::move(done));
}

void JournaledStore::remove(std::string room, std::uint64_t offset, StatusCallback done) {
  if (journaled_from(room)) return done(waits());
  store_->remove(std::move(room), offset, std::move(done));
}

// --- The thread of this object -------------------------------------------------------------------

void JournaledStore::open(Callback<OpenResult> done) {
  const std::lock_guard lock(mutex_);
  opening_ = std::move(done);
  news_.notify_all();
}

void JournaledStore::close(StatusCallback done) {
  const std::lock_guard lock(mutex_);
  closing_ = std::move(done);
  news_.notify_all();
}

void JournaledStore::run() {
  std::unique_lock lock(mutex_);
  while (!ended_) {
    work(lock);
    if (ended_ || opening_ || closing_) continue;
    const auto asked = [this] { return ended_ || opening_ || closing_; };
    if (to_replay()) {
      // Not failing: all that is left is on its way into the journal.
      news_.wait_for(lock, std::max(retry_, options_.retry_min),
                     [&] { return asked() || (!failing_ && journaling_ == 0); });
    } else {
      news_.wait(lock, [&] { return asked() || to_replay(); });
    }
  }
}

void JournaledStore::work(std::unique_lock<std::mutex>& lock) {
  if (opening_) {
    auto done = std::exchange(opening_, nullptr);
    lock.unlock();
    done(open_now());
    lock.lock();
  } else if (closing_) {
    lock.unlock();
    const absl::Status status = close_now();
    lock.lock();
    auto done = std::exchange(closing_, nullptr);
    ended_ = true;
    lock.unlock();
    done(status);
    lock.lock();
  } else if (to_replay()) {
    lock.unlock();
    replay_all().IgnoreError();
    lock.lock();
  }
}

absl::StatusOr<OpenResult> JournaledStore::open_now() {
  if (!options_.set_aside) {
    return absl::InvalidArgumentError("a journal needs a place for what the store refuses");
  }
  if (!journal_open_) {
    const auto opened =
        wait_for<OpenResult>([this](auto done) { journal_->open(std::move(done)); });
    if (!opened.ok()) return opened.status();
    journal_open_ = true;
  }
  if (absl::Status status = take_stock(); !status.ok()) return status;
  auto opened = wait_for<OpenResult>([this](auto done) { store_->open(std::move(done)); });
  if (!opened.ok()) return opened;
  store_open_ = true;
  // If it fails the rooms that wait can not be loaded yet, and the rest can.
  replay_all().IgnoreError();
  return opened;
}

// What the last process left in the journal.
absl::Status JournaledStore::take_stock() {
  if (stock_taken_) return absl::OkStatus();
  LoadRequest request;
  request.room = kRoom;
  request.messages_max = 1;
  const auto room =
      wait_for<StoredRoom>([&](auto done) { journal_->load(request, std::move(done)); });
  if (!room.ok()) return room.status();
  if (room->continuity == Continuity::kBroken) {
    return absl::DataLossError("the journal is not the one it was");
  }
  replayed_ = cleaned_ = room->first - 1;
  {
    const std::lock_guard lock(mutex_);
    numbers_ = room->top;
    rooms_.clear();
    state_.messages = state_.bytes = 0;
  }
  for (std::uint64_t cursor = replayed_;;) {
    PageRequest page{
        kRoom,    cursor, Direction::kUp, options_.batch_messages_max, options_.batch_bytes_max,
        room->top};
    auto read = wait_for<StoredPage>([&](auto done) { journal_->read(page, std::move(done)); });
    if (!read.ok()) return read.status();
    const std::lock_guard lock(mutex_);
    if (read->messages.empty()) {
      away_ = !rooms_.empty();
      stock_taken_ = true;
      return absl::OkStatus();
    }
    for (StoredMessage& wrapped : read->messages) {
      cursor = wrapped.offset;
      const std::size_t bytes = wrapped.bytes();
      const auto message = unwrap(std::move(wrapped));
      if (!message.ok()) return message.status();
      note(*message, cursor, bytes);
      uncertain_[message->room] = message->epoch;
    }
  }
}

absl::Status JournaledStore::close_now() {
  absl::Status closed = replay_all();
  if (closed.ok() && state().away) closed = absl::UnavailableError("messages are on their way");
  bool certain = false;
  {
    const std::lock_guard lock(mutex_);
    certain = uncertain_.empty();
  }
  if (closed.ok() && certain) {
    closed = wait_for_status([this](StatusCallback done) { store_->close(std::move(done)); });
  }
  const absl::Status journal =
      wait_for_status([this](StatusCallback done) { journal_->close(std::move(done)); });
  return closed.ok() ? journal : closed;
}

absl::Status JournaledStore::replay_all() {
  for (;;) {
    const auto more = replay_one();
    std::optional<Append> held;
    bool direct = false;
    {
      const std::lock_guard lock(mutex_);
      failing_ = !more.ok();
      direct = !away_;
      if (failing_ || direct) held.swap(held_);
      if (ended_ && more.ok() && *more) return ended();
    }
    if (held && direct) append_to_store(*std::move(held));
    if (held && !direct) append_to_journal(*std::move(held));
    if (!more.ok()) {
      retry_ = std::clamp(2 * retry_, options_.retry_min, options_.retry_max);
      return more.status();
    }
    retry_ = Duration();
    if (!*more) return absl::OkStatus();
  }
}

absl::StatusOr<bool> JournaledStore::replay_one() {
  std::uint64_t numbers = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!stopped_.ok()) return stopped_;
    if (!away_) return false;
    numbers = journaling_ > 0 ? 0 : numbers_;  // 0: what is read now may not be all
    if (unanswered_) {
      next_ = {*std::exchange(unanswered_, std::nullopt), replayed_};
    }
  }
  if (absl::Status status = clean(); !status.ok()) return status;
  if (next_.batch.empty()) {
    if (absl::Status status = fetch(); !status.ok()) return status;
  }
  if (!next_.batch.empty()) {
    if (absl::Status status = give(); !status.ok()) return status;
    if (absl::Status status = clean(); !status.ok()) return status;
    return true;
  }
  const std::lock_guard lock(mutex_);
  if (numbers != numbers_) return journaling_ == 0;
  away_ = false;
  rooms_.clear();
  state_.messages = state_.bytes = 0;
  return false;
}

// The next batch from the journal; empty if there is nothing.
absl::Status JournaledStore::fetch() {
  PageRequest request{
      kRoom, replayed_, Direction::kUp, options_.batch_messages_max, options_.batch_bytes_max, 0};
  auto page = wait_for<StoredPage>([&](auto done) { journal_->read(request, std::move(done)); });
  if (!page.ok()) return page.status();
  for (StoredMessage& wrapped : page->messages) {
    next_.last = wrapped.offset;
    ++next_.messages;
    next_.bytes += wrapped.bytes();
    auto message = unwrap(std::move(wrapped));
    if (!message.ok()) {
      next_ = {};
      const std::lock_guard lock(mutex_);
      return stopped_ = message.status();
    }
    next_.batch.push_back(*std::move(message));
  }
  return absl::OkStatus();
}

absl::Status JournaledStore::give() {
  while (!next_.batch.empty()) {
    const auto result =
        wait_for<AppendResult>([this](auto done) { store_->append(next_.batch, std::move(done)); });
    if (!result.ok()) {
      if (!is_away(result.status())) {
        const std::lock_guard lock(mutex_);
        stopped_ = result.status();
      }
      return result.status();
    }
    if (result->refused.empty()) break;
    // What was never answered comes once more from the journal, if that has it.
    if (next_.messages == 0) break;
    // It was acknowledged and can not be stored: all that is left is to keep it elsewhere.
    std::vector<bool> refused(next_.batch.size());
    for (const Refusal& refusal : result->refused) {
      refused[refusal.index] = true;
      options_.set_aside(next_.batch[refusal.index], refusal.status);
    }
    MessageBatch rest;
    for (std::size_t i = 0; i < next_.batch.size(); ++i) {
      if (!refused[i]) rest.push_back(std::move(next_.batch[i]));
    }
    next_.batch = std::move(rest);
    const std::lock_guard lock(mutex_);
    state_.set_aside += result->refused.size();
  }
  replayed_ = next_.last;
  const std::lock_guard lock(mutex_);
  if (next_.messages > 0) state_.replayed += next_.batch.size();
  state_.messages -= std::min(state_.messages, next_.messages);
  state_.bytes -= std::min(state_.bytes, next_.bytes);
  absl::erase_if(rooms_, [this](const auto& room) { return room.second.last <= replayed_; });
  next_ = {};
  return absl::OkStatus();
}

// Removes from the journal what the store has.
absl::Status JournaledStore::clean() {
  if (cleaned_ == replayed_) return absl::OkStatus();
  const absl::Status status = wait_for_status(
      [this](StatusCallback done) { journal_->remove(kRoom, replayed_, std::move(done)); });
  if (status.ok()) cleaned_ = replayed_;
  return status;
}

}  // namespace madang
