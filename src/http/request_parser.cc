// SPDX-License-Identifier: Apache-2.0
#include "madang/http/request_parser.h"

#include <algorithm>
#include <cassert>
#include <string>
#include <utility>

#include "http/chunked_decoder.h"
#include "http/head_parser.h"
#include "http/head_scanner.h"
#include "http/request_check.h"

namespace madang::http {

namespace {
constexpr RequestLimits kDefaultLimits;
}

struct RequestParser::Work {
  enum class Phase { kHead, kLength, kChunks, kComplete };

  explicit Work(const RequestLimits& limits) : scanner(limits) {}

  Phase phase = Phase::kHead;
  HeadScanner scanner;
  std::string head;  // What was read of the head; empty once it is parsed.
  BodyPlan plan;
  ChunkedDecoder chunks;
  bool body_begun = false;
  Request request;
};

RequestParser::RequestParser() : RequestParser(kDefaultLimits) {}
RequestParser::RequestParser(const RequestLimits& limits) : limits_(&limits) {}
RequestParser::~RequestParser() = default;
RequestParser::RequestParser(RequestParser&&) noexcept = default;
RequestParser& RequestParser::operator=(RequestParser&&) noexcept = default;

RequestParser::Progress RequestParser::feed(std::string_view bytes) {
  if (!bytes.empty() && idle()) work_ = std::make_unique<Work>(*limits_);
  std::size_t consumed = 0;
  while (work_ && work_->phase != Work::Phase::kComplete && consumed < bytes.size()) {
    consumed += advance(bytes.substr(consumed));
    if (error_) work_.reset();
  }
  if (error_) return {consumed, Status::kFailed};
  const bool complete = work_ && work_->phase == Work::Phase::kComplete;
  return {consumed, complete ? Status::kComplete : Status::kNeedMore};
}

std::size_t RequestParser::advance(std::string_view bytes) {
  switch (work_->phase) {
    case Work::Phase::kHead:
      return read_head(bytes);
    case Work::Phase::kLength: {
      std::string& body = work_->request.body;
      const std::size_t taken = std::min(work_->plan.length - body.size(), bytes.size());
      body.append(bytes.substr(0, taken));
      work_->body_begun = true;
      if (body.size() == work_->plan.length) work_->phase = Work::Phase::kComplete;
      return taken;
    }
    case Work::Phase::kChunks:
      return read_chunks(bytes);
    case Work::Phase::kComplete:
      break;
  }
  return 0;
}

std::size_t RequestParser::read_head(std::string_view bytes) {
  const std::size_t read = work_->scanner.scan(bytes);
  if (work_->scanner.error()) {
    error_ = work_->scanner.error();
    return read;
  }
  work_->head.append(bytes.substr(0, read));
  if (work_->scanner.complete()) finish_head();
  return read;
}

void RequestParser::finish_head() {
  error_ = parse_head(work_->head, work_->request);
  if (!error_) error_ = check_request(*limits_, work_->request, work_->plan);
  if (error_) return;
  work_->head = std::string();
  if (work_->plan.chunked) {
    work_->phase = Work::Phase::kChunks;
  } else {
    work_->phase = work_->plan.length > 0 ? Work::Phase::kLength : Work::Phase::kComplete;
  }
}

std::size_t RequestParser::read_chunks(std::string_view bytes) {
  const std::size_t read = work_->chunks.decode(bytes, work_->plan.bytes_max, work_->request.body);
  work_->body_begun = true;
  error_ = work_->chunks.error();
  if (work_->chunks.complete()) work_->phase = Work::Phase::kComplete;
  return read;
}

Request RequestParser::take_request() {
  assert(work_ && work_->phase == Work::Phase::kComplete);
  return std::move(std::exchange(work_, nullptr)->request);
}

const Error& RequestParser::error() const {
  assert(error_);
  return *error_;
}

bool RequestParser::expects_continue() const {
  return work_ && work_->plan.expects_continue && !work_->body_begun &&
         work_->phase != Work::Phase::kComplete;
}

}  // namespace madang::http
