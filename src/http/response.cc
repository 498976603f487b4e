// SPDX-License-Identifier: Apache-2.0
#include "madang/http/response.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

#include "http/ascii.h"

namespace madang::http {
namespace {

struct StatusText {
  int status;
  std::string_view text;
};

constexpr StatusText kStatusTexts[] = {
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

bool has_no_body(int status) { return status == 101 || status == 204 || status == 304; }

bool is_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), is_value_char);
}

bool is_valid_header(const Header& header) {
  constexpr std::array<std::string_view, 3> kReserved = {"Content-Length", "Transfer-Encoding",
                                                         "Connection"};
  const auto is_name = [&header](std::string_view name) {
    return equals_ignoring_case(header.name, name);
  };
  return !header.name.empty() &&
         std::all_of(header.name.begin(), header.name.end(), is_token_char) &&
         is_value(header.value) && std::none_of(kReserved.begin(), kReserved.end(), is_name);
}

void append_header(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ").append(value).append("\r\n");
}

// Everything but what delimits the body and the empty line at the end.
std::string begin_head(const Response& response, std::string_view date) {
  std::string head = "HTTP/1.1 ";
  head.append(std::to_string(response.status)).append(" ");
  head.append(status_text(response.status)).append("\r\n");
  if (!date.empty()) append_header(head, "Date", date);

  bool upgrade = false;
  for (const Header& header : response.headers) {
    append_header(head, header.name, header.value);
    upgrade = upgrade || equals_ignoring_case(header.name, "Upgrade");
  }
  if (response.close) append_header(head, "Connection", upgrade ? "close, Upgrade" : "close");
  if (upgrade && !response.close) append_header(head, "Connection", "Upgrade");
  return head;
}

}  // namespace

bool is_valid(const Response& response) {
  const bool status_is_good =
      response.status == 101 || (response.status >= 200 && response.status <= 599);
  return status_is_good &&
         std::all_of(response.headers.begin(), response.headers.end(), is_valid_header);
}

WireResponse serialize(const Response& response, std::string_view date) {
  if (!is_valid(response) || !is_value(date)) {
    Response refused = text_response(500, "internal error");
    refused.close = true;
    refused.omit_body = response.omit_body;
    return serialize(refused);
  }
  WireResponse wire{begin_head(response, date), {}};
  if (!has_no_body(response.status)) {
    append_header(wire.head, "Content-Length", std::to_string(response.body.size()));
    if (!response.omit_body) wire.body = response.body;
  }
  wire.head += "\r\n";
  return wire;
}

std::optional<std::string> serialize_stream_head(const Response& response, std::string_view date) {
  if (!is_valid(response) || !is_value(date) || has_no_body(response.status)) return std::nullopt;
  std::string head = begin_head(response, date);
  append_header(head, "Transfer-Encoding", "chunked");
  head += "\r\n";
  return head;
}

void append_chunk(std::string& out, std::string_view data) {
  if (data.empty()) return;
  char length[2 * sizeof(std::size_t)];
  const std::to_chars_result end =
      std::to_chars(std::begin(length), std::end(length), data.size(), 16);
  out.append(length, end.ptr).append("\r\n").append(data).append("\r\n");
}

Response text_response(int status, std::string_view text) {
  Response response;
  response.status = status;
  response.headers = {{"Content-Type", "text/plain; charset=utf-8"},
                      {"X-Content-Type-Options", "nosniff"}};
  response.body = std::string(text) + '\n';
  return response;
}

Response error_response(const Error& error) {
  Response response = text_response(error.status, error.reason);
  response.close = true;
  return response;
}

std::string_view status_text(int status) {
  for (const StatusText& known : kStatusTexts) {
    if (known.status == status) return known.text;
  }
  return "Unknown";
}

std::string format_date(std::int64_t unix_time_s) {
  using std::chrono::days;
  constexpr std::int64_t kLastSecondOf9999 = 253402300799;
  const std::chrono::sys_seconds time{
      std::chrono::seconds(std::clamp<std::int64_t>(unix_time_s, 0, kLastSecondOf9999))};
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  char text[64];
  const int size = std::snprintf(
      text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d GMT",
      kDays[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
      kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()));
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace madang::http
