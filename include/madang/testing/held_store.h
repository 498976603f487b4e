// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "madang/storage/message_store.h"

namespace madang::testing {

// A store in front of another one that a test slows down and breaks: calls wait while it is held,
// and fail as often as it is told, before or after they have reached the other. One thread.
class HeldStore : public MessageStore {
 public:
  explicit HeldStore(MessageStore& inner) : inner_(inner) {}

  // --- For the test ----------------------------------------------------------------------------
  void hold() { held_ = true; }
  // Lets through what waits, and what is to come.
  void release() {
    held_ = false;
    while (!waiting_.empty())
      release_one();
  }
  // Lets the oldest call through that waits.
  void release_one() {
    auto call = std::move(waiting_.front());
    waiting_.pop_front();
    call();
  }
  std::size_t waiting() const { return waiting_.size(); }
  // Forgets what waits, as a process does that is killed.
  void kill() { waiting_.clear(); }

  // The next `times` loads, reads or appends fail with `status`. With `reached` an append has been
  // stored all the same, and nobody knows.
  void fail_loads(std::size_t times, absl::Status status) {
    failing_loads_ = times;
    failure_ = std::move(status);
  }
  void fail_reads(std::size_t times, absl::Status status) {
    failing_reads_ = times;
    failure_ = std::move(status);
  }
  void fail_appends(std::size_t times, absl::Status status, bool reached = false) {
    failing_appends_ = times;
    failure_ = std::move(status);
    reached_ = reached;
  }
  // The messages with this payload are refused with `status`.
  void refuse(std::string payload, absl::Status status) {
    refused_payload_ = std::move(payload);
    refusal_ = std::move(status);
  }
  std::size_t loads = 0, appends = 0, reads = 0;
  bool closed = false;

  // --- MessageStore ----------------------------------------------------------------------------
  void open(Callback<OpenResult> done) override {
    pass([this, done = std::move(done)]() mutable { inner_.open(std::move(done)); });
  }
  void load(LoadRequest request, Callback<StoredRoom> done) override {
    ++loads;
    pass([this, request = std::move(request), done = std::move(done)]() mutable {
      if (failing_loads_ > 0) {
        --failing_loads_;
        return done(failure_);
      }
      inner_.load(std::move(request), std::move(done));
    });
  }
  void append(MessageBatch batch, Callback<AppendResult> done) override {
    ++appends;
    pass([this, batch = std::move(batch), done = std::move(done)]() mutable {
      AppendResult refused;
      for (std::size_t i = 0; i < batch.size(); ++i) {
        if (refused_payload_ && batch[i].data.view() == *refused_payload_) {
          refused.refused.push_back({i, refusal_});
        }
      }
      if (!refused.refused.empty()) return done(std::move(refused));
      if (failing_appends_ == 0) return inner_.append(std::move(batch), std::move(done));
      --failing_appends_;
      if (!reached_) return done(failure_);
      inner_.append(std::move(batch),
                    [this, done = std::move(done)](const auto&) mutable { done(failure_); });
    });
  }
  void read(PageRequest request, Callback<StoredPage> done) override {
    ++reads;
    pass([this, request = std::move(request), done = std::move(done)]() mutable {
      if (failing_reads_ == 0) return inner_.read(std::move(request), std::move(done));
      --failing_reads_;
      done(failure_);
    });
  }
  void remove(std::string room, std::uint64_t offset, StatusCallback done) override {
    pass([this, room = std::move(room), offset, done = std::move(done)]() mutable {
      inner_.remove(std::move(room), offset, std::move(done));
    });
  }
  void close(StatusCallback done) override {
    closed = true;
    pass([this, done = std::move(done)]() mutable { inner_.close(std::move(done)); });
  }

 private:
  void pass(absl::AnyInvocable<void()> call) {
    if (held_) {
      waiting_.push_back(std::move(call));
    } else {
      call();
    }
  }

  MessageStore& inner_;
  bool held_ = false;
  std::deque<absl::AnyInvocable<void()>> waiting_;
  std::size_t failing_loads_ = 0, failing_appends_ = 0, failing_reads_ = 0;
  bool reached_ = false;
  absl::Status failure_, refusal_;
  std::optional<std::string> refused_payload_;
};

}  // namespace madang::testing
