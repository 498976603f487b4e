// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "madang/http/headers.h"
#include "madang/http/request.h"

namespace madang::http {

// The bytes of a response: immutable and shared, so that a file that goes to a thousand slow
// clients is in memory once.
class Body {
 public:
  Body() = default;
  Body(std::string bytes) : bytes_(std::make_shared<const std::string>(std::move(bytes))) {}
  Body(std::string_view bytes) : Body(std::string(bytes)) {}
  Body(const char* text) : Body(std::string(text)) {}

  // Valid as long as this body or a copy of it lives.
  std::string_view view() const { return bytes_ ? std::string_view(*bytes_) : std::string_view(); }
  std::size_t size() const { return view().size(); }
  bool empty() const { return view().empty(); }

 private:
  std::shared_ptr<const std::string> bytes_;
};

// A response as its sender sees it. How it is delimited is not the sender's: Content-Length,
// Transfer-Encoding and Connection are written by the functions below and may not be in `headers`.
struct Response {
  int status = 200;
  Headers headers;
  Body body;

  // The connection ends after this response, and it says so.
  bool close = false;

  // The response tells the length of its body but does not carry it, as is due to HEAD.
  bool omit_body = false;
};

// A response in the form in which it is sent: the head, and then the body.
struct WireResponse {
  std::string head;
  Body body;
};

// Whether `response` can be sent as it is: the status is 101 or from 200 to 599, each name is a
// token, no value contains a control byte (other than a tab), and what delimits the response is
// left out of the headers.
bool is_valid(const Response& response);

// The bytes of a response that is complete. `date` becomes the Date header if it is not empty, see
// format_date(). A response with an Upgrade header (101 or 426) names it in Connection as well.
//
// What is not valid is replaced as a whole by a plain 500, so that text from outside that finds
// its way into a header can never add one.
WireResponse serialize(const Response& response, std::string_view date = {});

// The head of a response whose body follows in chunks; `response.body` is not used. Nothing if
// `response` is not valid or has a status that allows no body.
std::optional<std::string> serialize_stream_head(const Response& response,
                                                 std::string_view date = {});

// Appends `data` as one chunk. Empty data appends nothing, as an empty chunk would end the body.
void append_chunk(std::string& out, std::string_view data);

// Ends a body that came in chunks.
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

// Asks a client that waits (RequestParser::expects_continue) to send the body of its request.
inline constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

// A short text/plain response: `text` and a line feed.
Response text_response(int status, std::string_view text);

// What a client gets whose request was refused: the reason as text, after which the connection
// closes.
Response error_response(const Error& error);

// The words for a status, such as "Not Found", or "Unknown".
std::string_view status_text(int status);

// A time as the Date header holds it, "Sun, 06 Nov 1994 08:49:37 GMT". Years 1970 to 9999; a time
// outside is moved to the nearest one inside.
std::string format_date(std::int64_t unix_time_s);

}  // namespace madang::http
