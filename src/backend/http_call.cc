// SPDX-License-Identifier: Apache-2.0
#include "backend/http_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

namespace madang::backend {
namespace {

constexpr char kSchemes[] = "http,https";

bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  const auto fits = [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kMarks.find(c) != std::string_view::npos;
  };
  return !text.empty() && std::ranges::all_of(text, fits);
}

bool is_header_value(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c != 0x7f; });
}

bool append(HeaderList& list, const std::string& line) {
  curl_slist* const longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) return false;
  list.release();  // it is the new one's, or the same
  list.reset(longer);
  return true;
}

template <typename Value>
void set(CURL* easy, CURLoption option, Value value) {
  curl_easy_setopt(easy, option, value);
}

}  // namespace

absl::StatusOr<HeaderList> header_list(const HttpCallerOptions& options) {
  HeaderList list;
  // Without the empty one libcurl would ask before it sends a large body, and wait.
  bool added = append(list, "Content-Type: application/json") && append(list, "Expect:");
  for (const auto& [name, value] : options.headers) {
    if (!is_token(name) || value.empty() || !is_header_value(value))
      return absl::InvalidArgumentError("http: a header is none, by its name or its value");
    added = added && append(list, fmt::format("{}: {}", name, value));
  }
  if (!added) return absl::UnavailableError("http: no memory");
  return list;
}

HttpCall::HttpCall(const HttpCallerOptions& options, curl_slist* headers)
    : answer_bytes_max_(options.answer_bytes_max),
      answer_headers_bytes_max_(options.answer_headers_bytes_max),
      easy_(curl_easy_init()) {
  CURL* const easy = easy_.get();
  if (easy == nullptr) return;
  set(easy, CURLOPT_PROTOCOLS_STR, kSchemes);
  set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(easy, CURLOPT_FOLLOWLOCATION, 0L);
  set(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  set(easy, CURLOPT_PROXY, "");  // nor from the environment
  set(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  set(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!options.ca_file.empty()) {
    set(easy, CURLOPT_CAINFO, options.ca_file.c_str());
    set(easy, CURLOPT_CAPATH, static_cast<char*>(nullptr));
  }
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_QUICK_EXIT, 1L);  // a name server that is slow does not hold up the end
  set(easy, CURLOPT_MAXAGE_CONN,
      static_cast<long>(
          std::chrono::duration_cast<std::chrono::seconds>(options.idle_max).count()));
  set(easy, CURLOPT_USERAGENT, options.user_agent.c_str());
  set(easy, CURLOPT_HTTPHEADER, headers);
  set(easy, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(options.answer_bytes_max));
  set(easy, CURLOPT_POST, 1L);
  // The body is handed over piece by piece and can not be asked for again, so that libcurl does not
  // repeat a call whose connection was closed when the body was on its way.
  set(easy, CURLOPT_READFUNCTION, &HttpCall::read);
  set(easy, CURLOPT_READDATA, static_cast<void*>(this));
  set(easy, CURLOPT_WRITEFUNCTION, &HttpCall::write);
  set(easy, CURLOPT_WRITEDATA, static_cast<void*>(this));
  set(easy, CURLOPT_HEADERFUNCTION, &HttpCall::header);
  set(easy, CURLOPT_HEADERDATA, static_cast<void*>(this));
}

void HttpCall::begin(const std::string& url, std::string body, Duration left) {
  body_ = std::move(body);
  sent_ = 0;
  answer_.clear();
  header_bytes_ = 0;
  head_done_ = false;
  too_large_ = false;
  const auto left_ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  set(easy(), CURLOPT_URL, url.c_str());
  set(easy(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_.size()));
  set(easy(), CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(left_ms, 1)));
}

absl::StatusOr<HttpAnswer> HttpCall::end(CURLcode code) {
  body_ = {};
  HttpAnswer answer{.body = std::exchange(answer_, {})};
  if (too_large_ || code == CURLE_FILESIZE_EXCEEDED)
    return absl::OutOfRangeError("http: the answer is too large");
  switch (code) {
    case CURLE_OK:
      break;
    case CURLE_OPERATION_TIMEDOUT:
      return absl::DeadlineExceededError("http: no answer in time");
    default:
      // The text is libcurl's own, and has nothing of the answer.
      return absl::UnavailableError(fmt::format("http: {}", curl_easy_strerror(code)));
  }
  // To libcurl an end in mid-header is the end of the headers.
  if (!head_done_) return absl::UnavailableError("http: the answer is cut");
  long status = 0;
  curl_easy_getinfo(easy(), CURLINFO_RESPONSE_CODE, &status);
  answer.status = static_cast<int>(status);
  return answer;
}

std::size_t HttpCall::read(char* to, std::size_t size, std::size_t count, void* self) {
  auto& call = *static_cast<HttpCall*>(self);
  const std::size_t bytes = std::min(size * count, call.body_.size() - call.sent_);
  std::memcpy(to, call.body_.data() + call.sent_, bytes);
  call.sent_ += bytes;
  return bytes;
}

std::size_t HttpCall::write(char* from, std::size_t size, std::size_t count, void* self) {
  auto& call = *static_cast<HttpCall*>(self);
  const std::size_t bytes = size * count;
  call.too_large_ = bytes > call.answer_bytes_max_ - call.answer_.size();
  if (call.too_large_) return CURL_WRITEFUNC_ERROR;
  call.answer_.append(from, bytes);
  return bytes;
}

std::size_t HttpCall::header(char* from, std::size_t size, std::size_t count, void* self) {
  auto& call = *static_cast<HttpCall*>(self);
  call.header_bytes_ += size * count;
  const std::string_view line(from, size * count);
  // There may be several heads, and trailers after the body.
  if (line.starts_with("HTTP/")) call.head_done_ = false;
  if (line == "\r\n" || line == "\n") call.head_done_ = true;
  call.too_large_ = call.header_bytes_ > call.answer_headers_bytes_max_;
  return call.too_large_ ? CURL_WRITEFUNC_ERROR : size * count;
}

}  // namespace madang::backend
