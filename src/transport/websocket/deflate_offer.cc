// SPDX-License-Identifier: Apache-2.0
#include "madang/transport/websocket/deflate_offer.h"

#include "transport/websocket/header_list.h"

namespace madang::websocket {
namespace {

constexpr int kWindowBitsMin = 9;  // zlib's raw deflate refuses 8.

// One `name` or `name=value` of an offer.
struct Param {
  std::string_view name;
  std::optional<std::string_view> value;
};

// A value may be quoted. Escapes in it stay as they are: no value that we accept has one.
std::optional<Param> parse_param(std::string_view text) {
  const size_t equals = text.find('=');
  Param param{trim(text.substr(0, equals)), std::nullopt};
  if (!is_token(param.name)) return std::nullopt;
  if (equals == std::string_view::npos) return param;
  std::string_view value = trim(text.substr(equals + 1));
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    value = value.substr(1, value.size() - 2);
  }
  param.value = value;
  return param;
}

// A window size is 8 to 15 in decimal, without sign or leading zero; 0 stands for anything else.
int parse_window_bits(std::string_view value) {
  if (value == "8" || value == "9") return value[0] - '0';
  if (value.size() == 2 && value[0] == '1' && value[1] >= '0' && value[1] <= '5') {
    return 10 + (value[1] - '0');
  }
  return 0;
}

class Offer {
 public:
  // False if the parameter makes the offer unacceptable.
  bool add(const Param& param) {
    if (equals_ignoring_case(param.name, "server_no_context_takeover")) {
      return first(kServerNoContext) && !param.value;
    }
    if (equals_ignoring_case(param.name, "client_no_context_takeover")) {
      return first(kClientNoContext) && !param.value;
    }
    if (equals_ignoring_case(param.name, "client_max_window_bits")) {
      return first(kClientWindow) && (!param.value || parse_window_bits(*param.value) != 0);
    }
    if (equals_ignoring_case(param.name, "server_max_window_bits")) {
      params_.server_window_bits = param.value ? parse_window_bits(*param.value) : 0;
      params_.server_window_bits_asked = true;
      return first(kServerWindow) && params_.server_window_bits >= kWindowBitsMin;
    }
    return false;
  }

  const DeflateParams& params() const { return params_; }

 private:
  enum Seen : unsigned {
    kServerNoContext = 1,
    kClientNoContext = 2,
    kClientWindow = 4,
    kServerWindow = 8
  };

  bool first(Seen param) {
    const bool repeated = (seen_ & param) != 0;
    seen_ |= param;
    return !repeated;
  }

  DeflateParams params_;
  unsigned seen_ = 0;
};

std::optional<DeflateParams> accept(std::string_view text) {
  ListReader parts(text, ';');
  std::string_view part;
  if (!parts.next(&part) || !equals_ignoring_case(part, "permessage-deflate")) return std::nullopt;
  Offer offer;
  while (parts.next(&part)) {
    const std::optional<Param> param = parse_param(part);
    if (!param || !offer.add(*param)) return std::nullopt;
  }
  return offer.params();
}

}  // namespace

std::string DeflateParams::response() const {
  std::string value = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
  if (server_window_bits_asked) {
    value += "; server_max_window_bits=" + std::to_string(server_window_bits);
  }
  return value;
}

std::optional<DeflateParams> choose_deflate_offer(std::string_view extensions) {
  ListReader offers(extensions, ',');
  std::string_view offer;
  while (offers.next(&offer)) {
    if (std::optional<DeflateParams> params = accept(offer)) return params;
  }
  return std::nullopt;
}

}  // namespace madang::websocket
