// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <curl/curl.h>

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "madang/backend/http_caller.h"

namespace madang::backend {

struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using EasyHandle = std::unique_ptr<CURL, FreeEasy>;
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

// What goes out with every call. InvalidArgument: one of the options' headers is none.
absl::StatusOr<HeaderList> header_list(const HttpCallerOptions& options);

// One of libcurl's transfers, for one call after the other. `options` and `headers` outlive it. Not
// to be moved: libcurl knows its address.
class HttpCall {
 public:
  HttpCall(const HttpCallerOptions& options, curl_slist* headers);
  HttpCall(const HttpCall&) = delete;
  HttpCall& operator=(const HttpCall&) = delete;

  // Null if there was no memory for it.
  CURL* easy() const { return easy_.get(); }

  // Makes it ready for a call.
  void begin(const std::string& url, std::string body, Duration left);
  // How the call ended, as libcurl says it.
  absl::StatusOr<HttpAnswer> end(CURLcode code);

 private:
  static std::size_t read(char* to, std::size_t size, std::size_t count, void* self);
  static std::size_t write(char* from, std::size_t size, std::size_t count, void* self);
  static std::size_t header(char* from, std::size_t size, std::size_t count, void* self);

  const std::size_t answer_bytes_max_;
  const std::size_t answer_headers_bytes_max_;
  const EasyHandle easy_;
  std::string body_;
  std::size_t sent_ = 0;
  std::string answer_;
  std::size_t header_bytes_ = 0;
  bool head_done_ = false;
  bool too_large_ = false;
};

}  // namespace madang::backend
