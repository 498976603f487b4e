// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cctype>
#include <charconv>
#include <utility>

#include "codec.h"

namespace load {
namespace {

// The number that stands in `text` right after `key`, wherever that is; or 0.
std::uint32_t number_after(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  std::uint32_t number = 0;
  if (at != text.npos) {
    std::from_chars(text.data() + at + key.size(), text.data() + text.size(), number);
  }
  return number;
}

constexpr std::string_view kRoom = "{room}";

// As the value of a parameter, less the places that are to be filled in: names of rooms need none.
std::string percent_encoded(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (text.starts_with(kRoom)) {
      out += kRoom;
      text.remove_prefix(kRoom.size());
      continue;
    }
    const char c = text.front();
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    text.remove_prefix(1);
  }
  return out;
}

Phrases centrifuge_phrases(std::string_view path, const CentrifugeOpening& opening) {
  Phrases phrases;
  phrases.path = path;
  std::string commands = R"({"id":1,"connect":{}})";
  if (opening.subscribes)
    commands +=
        "\n"
        R"({"id":2,"subscribe":{"channel":"{room}"}})";
  if (opening.is_early) {
    phrases.path += "?cf_connect=" + percent_encoded(commands);
  } else {
    phrases.opening = {commands};
  }
  phrases.publish = R"({"id":{id},"publish":{"channel":"{room}","data":{message}}})";
  phrases.echo = R"({"id":{id},"rpc":{"method":"echo","data":{message}}})";
  phrases.join = R"({"id":{id},"subscribe":{"channel":"{room}"}})";
  phrases.leave = R"({"id":{id},"unsubscribe":{"channel":"{room}"}})";
  return phrases;
}

class CentrifugeCodec : public Codec {
 public:
  CentrifugeCodec(std::string_view path, const CentrifugeOpening& opening, Wording wording)
      : Codec(centrifuge_phrases(path, opening), std::move(wording)),
        last_opening_id_(opening.subscribes ? 2 : 1) {}

  Word read(std::string_view text) const override {
    if (text == "{}") return {Word::Kind::kPing};
    // A push never holds "error", but for what users say: no message of ours does.
    if (text.starts_with(R"({"push":)")) return read_push(text);
    const std::uint32_t id = number_after(text, R"("id":)");
    if (text.find(R"("error":{)") != text.npos) {
      return {Word::Kind::kError, id, number_after(text, R"("code":)")};
    }
    if (id == last_opening_id_) return {Word::Kind::kReady, id};
    return {id == 0 ? Word::Kind::kNothing : Word::Kind::kReply, id};
  }

  std::string_view pong() const override { return "{}"; }
  bool is_in_lines() const override { return true; }
  bool is_ready_at_once() const override { return false; }

 private:
  static Word read_push(std::string_view text) {
    if (text.find(R"("unsubscribe":{)") != text.npos) {
      return {Word::Kind::kUnsubscribed, 0, number_after(text, R"("code":)")};
    }
    if (text.find(R"("disconnect":{)") != text.npos) {
      return {Word::Kind::kDisconnected, 0, number_after(text, R"("code":)")};
    }
    return {};
  }

  const std::uint32_t last_opening_id_;
};

}  // namespace

std::unique_ptr<Codec> make_centrifuge_codec(std::string_view path,
                                             const CentrifugeOpening& opening, Wording wording) {
  return std::make_unique<CentrifugeCodec>(path, opening, std::move(wording));
}

}  // namespace load
