// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "madang/storage/message_retention.h"
#include "madang/storage/message_search.h"
#include "madang/storage/message_store.h"

namespace madang {

// A store that is to be tested, and what it stores: everything one test of a kind needs, with
// nothing stored yet. Told apart from MessageStore, because a test makes several of those over the
// same data, as programs do that start, die and start again.
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;

  // Another store over the same data, not yet open. Destroyed without close() it must be as dead
  // to those after it as if its process had been killed.
  virtual std::unique_ptr<MessageStore> make() = 0;

  // Whether a store finds what another stored. A store that does not is held to the rest.
  virtual bool outlives_objects() const { return true; }

  // Makes the data what a backup brought back would be, while no store is open; false if there is
  // no way to do so in a test.
  virtual bool go_back_in_time() { return false; }

  // A store without one of the small interfaces says so here, or lacking it is a broken promise.
  virtual bool has_search() const { return true; }
  virtual bool has_retention() const { return true; }

  // How long until something stored is found, and something removed is not. The promise is a
  // second; a test machine may have other things to do.
  virtual std::chrono::milliseconds search_lag_max() const { return std::chrono::seconds(10); }

  // How long any one answer may take.
  virtual std::chrono::milliseconds answer_time_max() const { return std::chrono::seconds(30); }
};

// Where one call's answer is waited for. It notices a callback that comes twice, and one that is
// dropped without an answer, which it need not wait for.
template <typename Result>
class Awaited {
 public:
  using Answer =
      std::conditional_t<std::is_void_v<Result>, absl::Status,
                         absl::StatusOr<std::conditional_t<std::is_void_v<Result>, int, Result>>>;

  absl::AnyInvocable<void(Answer)> callback() {
    return [state = state_, ticket = std::make_unique<Ticket>(state_)](Answer answer) {
      const std::lock_guard lock(state->mutex);
      ++state->calls;
      if (!state->answer) state->answer = std::move(answer);
      state->news.notify_all();
    };
  }

  // Takes the answer out, so it is asked once.
  Answer wait(std::chrono::milliseconds time_max) {
    std::unique_lock lock(state_->mutex);
    state_->news.wait_for(lock, time_max, [this] { return state_->answer || state_->dropped; });
    if (state_->answer) return std::move(*state_->answer);
    if (state_->dropped) return absl::InternalError("the callback was destroyed without an answer");
    return absl::DeadlineExceededError("no answer in time");
  }

  // Tells how often the answer came, also after this object is gone.
  std::function<int()> calls() const {
    return [state = state_] {
      const std::lock_guard lock(state->mutex);
      return state->calls;
    };
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable news;
    std::optional<Answer> answer;
    int calls = 0;
    bool dropped = false;
  };
  // Held by the callback alone, so that it goes with it.
  struct Ticket {
    explicit Ticket(std::shared_ptr<State> of) : state(std::move(of)) {}
    ~Ticket() {
      const std::lock_guard lock(state->mutex);
      state->dropped = true;
      state->news.notify_all();
    }
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    std::shared_ptr<State> state;
  };

  std::shared_ptr<State> state_ = std::make_shared<State>();
};

// The test of one promise on fresh data: makes stores, calls them and waits, and keeps the first
// thing that was not as promised. After that has happened, all else it answers is worth nothing.
class Trial {
 public:
  explicit Trial(std::unique_ptr<StoreUnderTest> under_test) : under_test_(std::move(under_test)) {}

  StoreUnderTest& under_test() { return *under_test_; }

  // Answers `holds`. `otherwise` is what to say of the promise that is not kept.
  bool expect(bool holds, std::string_view otherwise) {
    if (!holds && broken_.empty()) broken_ = otherwise;
    return holds;
  }
  bool expect_ok(const absl::Status& status, std::string_view call) {
    return expect(status.ok(), std::string(call) + " answered " + status.ToString());
  }
  const std::string& broken() const { return broken_; }

  // How many callbacks came more than once, or never. Only when all stores are destroyed.
  std::size_t miscalled() const {
    std::size_t count = 0;
    for (const auto& calls : calls_)
      count += calls() == 1 ? 0 : 1;
    return count;
  }

  // A store that is open, or null if it does not open.
  std::unique_ptr<MessageStore> open(OpenResult* result = nullptr) {
    auto store = under_test_->make();
    if (!expect(store != nullptr, "no store was made")) return nullptr;
    const auto opened = try_open(*store);
    if (!expect_ok(opened.status(), "open()")) return nullptr;
    if (result != nullptr) *result = *opened;
    return store;
  }

  // The same where the last writer has just died, which the place where the data is may notice a
  // little later: tries again while another is said to be the writer.
  std::unique_ptr<MessageStore> open_after_death(OpenResult* result = nullptr) {
    for (auto rest = under_test_->answer_time_max();; rest -= kPause) {
      auto store = under_test_->make();
      if (!expect(store != nullptr, "no store was made")) return nullptr;
      const auto opened = try_open(*store);
      if (opened.ok()) {
        if (result != nullptr) *result = *opened;
        return store;
      }
      if (!absl::IsFailedPrecondition(opened.status()) || rest <= kPause) {
        expect_ok(opened.status(), "open() after the last writer had died");
        return nullptr;
      }
      store.reset();
      pause();
    }
  }

  // Ends `store` as it should end.
  bool close(std::unique_ptr<MessageStore>& store) {
    const auto status = try_close(*store);
    store.reset();
    return expect_ok(status, "close()");
  }

  // Makes a store that ended well, or did not, anew.
  bool reopen(std::unique_ptr<MessageStore>& store) {
    if (!close(store)) return false;
    store = open();
    return store != nullptr;
  }

  // --- Calls that wait for their answer --------------------------------------------------------
  absl::StatusOr<OpenResult> try_open(MessageStore& store) {
    return answer<OpenResult>([&](auto done) { store.open(std::move(done)); });
  }
  absl::Status try_close(MessageStore& store) {
    return answer<void>([&](auto done) { store.close(std::move(done)); });
  }
  absl::StatusOr<AppendResult> try_append(MessageStore& store, MessageBatch batch) {
    return answer<AppendResult>(
        [&](auto done) { store.append(std::move(batch), std::move(done)); });
  }
  absl::StatusOr<StoredPage> try_read(MessageStore& store, PageRequest request) {
    return answer<StoredPage>([&](auto done) { store.read(std::move(request), std::move(done)); });
  }
  absl::StatusOr<SearchPage> try_search(MessageStore& store, SearchQuery query) {
    auto* search = store.search();
    if (search == nullptr) return absl::UnimplementedError("search() is null");
    return answer<SearchPage>(
        [&](auto done) { search->search(std::move(query), std::move(done)); });
  }

  absl::StatusOr<std::size_t> try_expire(MessageStore& store, WallTime before,
                                         std::size_t messages_max) {
    auto* retention = store.retention();
    if (retention == nullptr) return absl::UnimplementedError("retention() is null");
    return answer<std::size_t>(
        [&](auto done) { retention->expire(before, messages_max, std::move(done)); });
  }

  // --- The same where there is but one good answer; a bad one breaks the promise
  // ------------------
  bool append(MessageStore& store, MessageBatch batch) {
    const auto result = try_append(store, std::move(batch));
    return expect_ok(result.status(), "append()") &&
           expect(result->refused.empty(), "append() refused what it must store");
  }
  StoredRoom load(MessageStore& store, LoadRequest request) {
    return good("load()", answer<StoredRoom>(
                              [&](auto done) { store.load(std::move(request), std::move(done)); }));
  }
  StoredPage read(MessageStore& store, PageRequest request) {
    return good("read()", try_read(store, std::move(request)));
  }
  bool remove(MessageStore& store, std::string room, std::uint64_t offset) {
    return expect_ok(
        answer<void>([&](auto done) { store.remove(std::move(room), offset, std::move(done)); }),
        "remove()");
  }
  std::vector<RoomSummary> rooms(MessageStore& store, std::string after, std::size_t rooms_max) {
    auto* retention = store.retention();
    if (!expect(retention != nullptr, "retention() is null")) return {};
    return good("rooms()", answer<std::vector<RoomSummary>>([&](auto done) {
                  retention->rooms(std::move(after), rooms_max, std::move(done));
                }));
  }
  std::size_t expire(MessageStore& store, WallTime before, std::size_t messages_max) {
    auto* retention = store.retention();
    if (!expect(retention != nullptr, "retention() is null")) return 0;
    return good("expire()", try_expire(store, before, messages_max));
  }
  // What is found once the store has had its time to notice, which `settled` recognizes.
  SearchPage search(MessageStore& store, const SearchQuery& query,
                    const std::function<bool(const SearchPage&)>& settled) {
    for (auto rest = under_test_->search_lag_max();; rest -= kPause) {
      auto page = good("search()", try_search(store, query));
      if (!broken_.empty() || settled(page) || rest <= std::chrono::milliseconds(0)) return page;
      pause();
    }
  }

  // For calls that are made and not waited for: the one answer of each is expected all the same.
  template <typename Result>
  auto callback() {
    Awaited<Result> awaited;
    calls_.push_back(awaited.calls());
    return awaited.callback();
  }

 private:
  static constexpr std::chrono::milliseconds kPause{20};

  template <typename Result, typename Call>
  typename Awaited<Result>::Answer answer(const Call& call) {
    Awaited<Result> awaited;
    calls_.push_back(awaited.calls());
    call(awaited.callback());
    return awaited.wait(under_test_->answer_time_max());
  }

  template <typename Result>
  Result good(std::string_view call, absl::StatusOr<Result> result) {
    if (!expect_ok(result.status(), call)) return {};
    return *std::move(result);
  }

  static void pause() {
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, kPause);
  }

  std::unique_ptr<StoreUnderTest> under_test_;
  std::vector<std::function<int()>> calls_;
  std::string broken_;
};

// A promise and the test of it.
struct Promise {
  const char* says;
  void (*test)(Trial& trial);
};

}  // namespace madang
