// SPDX-License-Identifier: Apache-2.0
#include "madang/backend/http_caller.h"

#include <curl/curl.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "backend/clock.h"
#include "backend/http_call.h"
#include "madang/base/ring.h"

namespace madang {
namespace {

using backend::EasyHandle;
using backend::HeaderList;
using backend::HttpCall;
using backend::steady_now;

constexpr auto kTimeoutMax = std::chrono::hours(1);

// libcurl wants it once a process, before anything else.
bool global_init() {
  static const bool done = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return done;
}

struct FreeMulti {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

absl::Status gone() { return absl::UnavailableError("http: the caller has stopped"); }

class CurlCaller final : public HttpCaller {
 public:
  CurlCaller(HttpCallerOptions options, HeaderList headers, CURLM* multi)
      : options_(std::move(options)), headers_(std::move(headers)), multi_(multi) {
    curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS,
                      static_cast<long>(options_.connections_max));
    thread_ = std::thread([this] { run(); });
  }
  ~CurlCaller() override { stop(); }

  void post(const std::string& url, std::string body, Duration timeout,
            Callback<HttpAnswer> done) override {
    if (absl::Status status = check_url(url); !status.ok()) return done(std::move(status));
    const MonoTime deadline = steady_now() + std::min<Duration>(timeout, kTimeoutMax);
    const std::size_t bytes = body.size();
    absl::Status refused;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) {
        refused = gone();
      } else if (calls_ >= options_.calls_max || bytes > options_.calls_bytes_max - bytes_) {
        refused = absl::ResourceExhaustedError("http: too many calls are under way");
      } else {
        ++calls_;
        bytes_ += bytes;
        posted_.push_back({url, std::move(body), bytes, deadline, std::move(done)});
        // Whoever posted before has woken it, and it takes all at once.
        if (posted_.size() == 1) curl_multi_wakeup(multi_.get());
      }
    }
    if (!refused.ok()) done(std::move(refused));
  }

  void stop() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    if (!thread_.joinable()) return;
    curl_multi_wakeup(multi_.get());
    thread_.join();
  }

 private:
  struct Call {
    std::string url = {};
    std::string body = {};
    std::size_t bytes = 0;
    MonoTime deadline = {};
    Callback<HttpAnswer> done = {};
  };
  struct Slot {
    Slot(const HttpCallerOptions& options, curl_slist* headers) : http(options, headers) {}
    HttpCall http;
    Call call;
    bool busy = false;
  };

  // From here on only on the thread.

  void run() {
    // A peer that is gone is an error, not a signal, whatever library writes.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);

    while (take_posted()) {
      expire();
      start_waiting();
      int running = 0;
      if (curl_multi_perform(multi_.get(), &running) != CURLM_OK) end_all();
      if (take_ended() && !waiting_.empty()) continue;
      curl_multi_poll(multi_.get(), nullptr, 0, poll_timeout_ms(), nullptr);
    }
    end_all();
    while (!waiting_.empty())
      finish(waiting_.pop_front(), gone());
  }

  // False when it is to stop.
  bool take_posted() {
    Ring<Call> posted;
    bool stopping = false;
    {
      const std::lock_guard lock(mutex_);
      posted = std::exchange(posted_, {});
      stopping = stopping_;
    }
    while (!posted.empty()) {
      earliest_ = std::min(earliest_, posted.front().deadline);
      waiting_.push_back(posted.pop_front());
    }
    return !stopping;
  }

  void expire() {
    const MonoTime now = steady_now();
    if (now < earliest_) return;
    earliest_ = MonoTime::max();
    // Those that go on wait again, in order.
    for (std::size_t i = waiting_.size(); i > 0; --i) {
      Call call = waiting_.pop_front();
      if (call.deadline <= now) {
        finish(std::move(call), absl::DeadlineExceededError("http: no connection in time"));
      } else {
        earliest_ = std::min(earliest_, call.deadline);
        waiting_.push_back(std::move(call));
      }
    }
    if (waiting_.empty()) earliest_ = MonoTime::max();
  }

  void start_waiting() {
    while (!waiting_.empty()) {
      Slot* const slot = free_slot();
      if (slot == nullptr) return;
      slot->busy = true;
      slot->call = waiting_.pop_front();
      slot->http.begin(slot->call.url, std::move(slot->call.body),
                       slot->call.deadline - steady_now());
      if (curl_multi_add_handle(multi_.get(), slot->http.easy()) != CURLM_OK)
        end(*slot, CURLE_OUT_OF_MEMORY);
    }
  }

  // The first that is free, so that the same few connections are kept when little is to do.
  Slot* free_slot() {
    for (const auto& slot : slots_) {
      if (!slot->busy) return slot.get();
    }
    if (slots_.size() >= options_.connections_max) return nullptr;
    auto slot = std::make_unique<Slot>(options_, headers_.get());
    if (slot->http.easy() == nullptr) return nullptr;
    curl_easy_setopt(slot->http.easy(), CURLOPT_PRIVATE, static_cast<void*>(slot.get()));
    return slots_.emplace_back(std::move(slot)).get();
  }

  bool take_ended() {
    bool any = false;
    int left = 0;
    while (const CURLMsg* const message = curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      any = true;
      Slot* slot = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &slot);
      end(*slot, message->data.result);
    }
    return any;
  }

  void end(Slot& slot, CURLcode code) {
    curl_multi_remove_handle(multi_.get(), slot.http.easy());
    auto answer = slot.http.end(code);
    slot.busy = false;
    finish(std::exchange(slot.call, {}), std::move(answer));
  }

  void end_all() {
    for (const auto& slot : slots_) {
      if (slot->busy) end(*slot, CURLE_ABORTED_BY_CALLBACK);
    }
  }

  void finish(Call call, absl::StatusOr<HttpAnswer> answer) {
    {
      const std::lock_guard lock(mutex_);
      --calls_;
      bytes_ -= call.bytes;
    }
    call.done(std::move(answer));
  }

  int poll_timeout_ms() const {
    constexpr std::int64_t kLongestMs = 60'000;
    if (earliest_ == MonoTime::max()) return kLongestMs;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(earliest_ - steady_now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, kLongestMs));
  }

  const HttpCallerOptions options_;
  const HeaderList headers_;
  const std::unique_ptr<CURLM, FreeMulti> multi_;

  // Touched only by the thread. Slots go before the loop that knows them.
  std::vector<std::unique_ptr<Slot>> slots_;
  Ring<Call> waiting_;
  MonoTime earliest_ = MonoTime::max();  // no later than the first deadline of those that wait

  std::mutex mutex_;
  Ring<Call> posted_;
  std::size_t calls_ = 0;  // posted, waiting and under way, as the next
  std::size_t bytes_ = 0;
  bool stopping_ = false;

  std::thread thread_;  // last: it uses the others
};

}  // namespace

absl::StatusOr<std::unique_ptr<HttpCaller>> HttpCaller::make(HttpCallerOptions options) {
  if (options.connections_max == 0 || options.connections_max > 10'000)
    return absl::InvalidArgumentError("http: connections_max is not from 1 to 10,000");
  if (!global_init()) return absl::UnavailableError("http: libcurl does not start");
  auto headers = backend::header_list(options);
  if (!headers.ok()) return headers.status();
  CURLM* const multi = curl_multi_init();
  if (multi == nullptr) return absl::UnavailableError("http: no memory for a loop");
  return std::make_unique<CurlCaller>(std::move(options), *std::move(headers), multi);
}

absl::Status HttpCaller::check_url(const std::string& url) {
  const std::unique_ptr<CURLU, FreeUrl> parsed(curl_url());
  const auto part_of = [&](CURLUPart part) {
    char* text = nullptr;
    if (curl_url_get(parsed.get(), part, &text, 0) != CURLUE_OK) return std::string();
    std::string copy(text);
    curl_free(text);
    return copy;
  };
  if (parsed == nullptr ||
      curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), CURLU_DISALLOW_USER) != CURLUE_OK) {
    return absl::InvalidArgumentError("http: not a url, or one with a user");
  }
  const std::string scheme = part_of(CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https")
    return absl::InvalidArgumentError("http: the url is neither http nor https");
  if (part_of(CURLUPART_HOST).empty())
    return absl::InvalidArgumentError("http: a url without host");
  return absl::OkStatus();
}

}  // namespace madang
