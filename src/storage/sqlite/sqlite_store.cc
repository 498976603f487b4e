// SPDX-License-Identifier: Apache-2.0
#include "madang/storage/sqlite/sqlite_store.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <utility>

#include "madang/storage/message_retention.h"
#include "madang/storage/message_search.h"
#include "storage/sqlite/answer.h"
#include "storage/sqlite/reader.h"
#include "storage/sqlite/writer.h"
#include "storage/worker.h"

namespace madang {
namespace {

using sqlite::Answer;
using sqlite::Reader;
using sqlite::Writer;

constexpr std::size_t kReadersMax = 8;

SqliteOptions sound(SqliteOptions options) {
  options.readers = std::clamp<std::size_t>(options.readers, 1, kReadersMax);
  options.page_bytes = std::bit_ceil(std::clamp<std::size_t>(options.page_bytes, 512, 65'536));
  options.calls_max = std::max<std::size_t>(options.calls_max, 1);
  return options;
}

// A thread that reads. The reader belongs to it alone.
struct ReadingThread {
  explicit ReadingThread(std::size_t calls_max) : worker(calls_max) {}

  std::unique_ptr<Reader> reader = {};
  Worker worker;  // last: what it runs uses the reader
};

class SqliteStore final : public MessageStore, public MessageSearch, public MessageRetention {
 public:
  explicit SqliteStore(SqliteOptions options)
      : options_(sound(std::move(options))), writer_(options_), writing_(options_.calls_max) {
    for (std::size_t i = 0; i < options_.readers + (options_.search ? 1 : 0); ++i)
      reading_.push_back(std::make_unique<ReadingThread>(options_.calls_max));
  }

  void open(Callback<OpenResult> done) override {
    write(std::move(done), [this](Writer& writer) {
      absl::StatusOr<OpenResult> result = writer.open();
      if (result.ok()) {
        since_ = {writer.state().generation, writer.state().unclean_term};
        is_open_.store(true, std::memory_order_release);
      }
      return result;
    });
  }

  void load(LoadRequest request, Callback<StoredRoom> done) override {
    read(next_reader(), std::move(done),
         [request = std::move(request)](Reader& reader) { return reader.load(request); });
  }

  void append(MessageBatch batch, Callback<AppendResult> done) override {
    write(std::move(done),
          [batch = std::move(batch)](Writer& writer) { return writer.append(batch); });
  }

  void read(PageRequest request, Callback<StoredPage> done) override {
    read(next_reader(), std::move(done),
         [request = std::move(request)](Reader& reader) { return reader.read(request); });
  }

  void remove(std::string room, std::uint64_t offset, StatusCallback done) override {
    write(std::move(done),
          [room = std::move(room), offset](Writer& writer) { return writer.remove(room, offset); });
  }

  void close(StatusCallback done) override { close_after(0, Answer(std::move(done))); }

  // Without end: the file is locked as long as this process has it open.
  Duration lease_left() const override {
    return is_open_.load(std::memory_order_acquire) ? Duration::max() : Duration(0);
  }

  MessageSearch* search() override { return options_.search ? this : nullptr; }
  MessageRetention* retention() override { return this; }

  void search(SearchQuery query, Callback<SearchPage> done) override {
    read(*reading_.back(), std::move(done),
         [query = std::move(query)](Reader& reader) { return reader.search(query); });
  }

  void rooms(std::string after, std::size_t rooms_max,
             Callback<std::vector<RoomSummary>> done) override {
    read(next_reader(), std::move(done), [after = std::move(after), rooms_max](Reader& reader) {
      return reader.rooms(after, rooms_max);
    });
  }

  void expire(WallTime before, std::size_t messages_max, Callback<std::size_t> done) override {
    write(std::move(done),
          [before, messages_max](Writer& writer) { return writer.expire(before, messages_max); });
  }

 private:
  template <typename Done, typename Call>
  void write(Done done, Call call) {
    post(writing_, [this, answer = Answer(std::move(done)), call = std::move(call)]() mutable {
      answer(call(writer_));
      do_chores();
    });
  }

  template <typename Done, typename Call>
  void read(ReadingThread& thread, Done done, Call call) {
    post(thread.worker,
         [this, &thread, answer = Answer(std::move(done)), call = std::move(call)]() mutable {
           if (!is_open_.load(std::memory_order_acquire)) {
             return answer(absl::FailedPreconditionError("the store is not open"));
           }
           if (thread.reader == nullptr) {
             thread.reader = std::make_unique<Reader>(options_, since_);
           }
           answer(call(*thread.reader));
         });
  }

  // What is not taken answers for itself when it goes.
  template <typename Task>
  static void post(Worker& worker, Task task) {
    static_cast<void>(worker.post(std::move(task)));
  }

  ReadingThread& next_reader() {
    return *reading_[next_reader_.fetch_add(1, std::memory_order_relaxed) % options_.readers];
  }

  // On the writer's thread, after an answer was given; the rest after what waits there.
  void do_chores() {
    const bool more = writer_.do_chore();
    if (!more || chores_posted_) return;
    chores_posted_ = writing_.post([this] {
      chores_posted_ = false;
      do_chores();
    });
  }

  // Readers let go of the file one after the other, and then the writer.
  void close_after(std::size_t readers, Answer<StatusCallback> answer) {
    if (readers == reading_.size()) {
      return post(writing_, [this, answer = std::move(answer)]() mutable {
        is_open_.store(false, std::memory_order_release);
        answer(writer_.close());
      });
    }
    ReadingThread& thread = *reading_[readers];
    post(thread.worker, [this, &thread, readers, answer = std::move(answer)]() mutable {
      thread.reader.reset();
      close_after(readers + 1, std::move(answer));
    });
  }

  const SqliteOptions options_;
  // Written by open() before it answers; nothing reads before that.
  std::atomic<bool> is_open_ = false;
  sqlite::Since since_;
  std::atomic<std::size_t> next_reader_ = 0;

  Writer writer_;               // touched by its thread only
  bool chores_posted_ = false;  // likewise
  Worker writing_;
  // Gone first: the connection that goes last puts the log into the file, and that is the writer's.
  std::vector<std::unique_ptr<ReadingThread>> reading_;
};

}  // namespace

std::unique_ptr<MessageStore> make_sqlite_store(SqliteOptions options) {
  return std::make_unique<SqliteStore>(std::move(options));
}

}  // namespace madang
