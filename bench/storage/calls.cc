// SPDX-License-Identifier: Apache-2.0
#include "calls.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <memory>
#include <stdexcept>

#include "madang/storage/message_search.h"

namespace bench {
namespace {

constexpr std::size_t kTexts = 100'000;
constexpr std::size_t kPage = 50;

template <typename Answer, typename Call>
std::future<Answer> begin(const Call& call) {
  auto promise = std::make_shared<std::promise<Answer>>();
  call([promise](Answer answer) { promise->set_value(std::move(answer)); });
  return promise->get_future();
}

template <typename Answer, typename Call>
Answer wait_for(const Call& call) {
  return begin<Answer>(call).get();
}

void check(const absl::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

}  // namespace

double Times::quantile(double part) {
  if (ms.empty()) return 0;
  std::sort(ms.begin(), ms.end());
  const auto index = static_cast<std::size_t>(part * static_cast<double>(ms.size()));
  return ms[std::min(index, ms.size() - 1)];
}

Calls::Calls(madang::MessageStore& store, const Options& options)
    : store_(store), options_(options) {
  for (std::size_t i = 0; i < kTexts; ++i)
    texts_.push_back(words_.text(random_, options.bytes));
  for (std::size_t i = 0; i < options.rooms; ++i)
    rooms_.push_back({.name = fmt::format("room-{:06}", i)});
}

void Calls::open() {
  check(wait_for<absl::StatusOr<madang::OpenResult>>([&](auto done) {
          store_.open(std::move(done));
        }).status());
  for (Room& room : rooms_) {
    const auto loaded = wait_for<absl::StatusOr<madang::StoredRoom>>(
        [&](auto done) { store_.load({.room = room.name}, std::move(done)); });
    check(loaded.status());
    room.top = loaded->top;
    messages_ += room.top;
  }
}

void Calls::close() {
  check(wait_for<absl::Status>([&](auto done) { store_.close(std::move(done)); }));
}

madang::MessageBatch Calls::next_batch(std::size_t count) {
  const auto now =
      std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  madang::MessageBatch batch;
  batch.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    Room& room = rooms_[random_.below(rooms_.size())];
    batch.push_back({.room = room.name,
                     .epoch = "bench",
                     .offset = ++room.top,
                     .time = now,
                     .data = madang::Payload::of_json(texts_[random_.below(texts_.size())])});
  }
  messages_ += count;
  return batch;
}

Calls::Appending Calls::begin_append(madang::MessageBatch batch) {
  return begin<absl::StatusOr<madang::AppendResult>>(
      [&](auto done) { store_.append(std::move(batch), std::move(done)); });
}

void Calls::finish_append(Appending appending) {
  const auto result = appending.get();
  check(result.status());
  if (!result->refused.empty()) check(result->refused.front().status);
}

void Calls::read_page() {
  const Room& room = rooms_[random_.below(rooms_.size())];
  const std::uint64_t cursor = 1 + random_.below(room.top + 1);
  const auto page = wait_for<absl::StatusOr<madang::StoredPage>>([&](auto done) {
    store_.read({.room = room.name,
                 .cursor = cursor,
                 .direction = madang::Direction::kDown,
                 .messages_max = kPage,
                 .bytes_max = 1 << 20},
                std::move(done));
  });
  check(page.status());
  if (page->messages.size() != std::min<std::uint64_t>(cursor - 1, kPage)) {
    throw std::runtime_error("a page is not as long as it should be");
  }
}

std::size_t Calls::search_page(std::size_t rooms, Sought sought) {
  madang::SearchQuery query;
  query.text = words_.sought(random_, sought);
  query.messages_max = kPage;
  for (std::size_t i = 0; i < rooms; ++i)
    query.rooms.push_back(rooms_[random_.below(rooms_.size())].name);
  const auto page = wait_for<absl::StatusOr<madang::SearchPage>>(
      [&](auto done) { store_.search()->search(query, std::move(done)); });
  check(page.status());
  return page->messages.size();
}

}  // namespace bench
