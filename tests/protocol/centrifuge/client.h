// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "madang/base/client_id.h"
#include "madang/protocol/centrifuge/json_session.h"
#include "madang/protocol/centrifuge/protobuf_session.h"
#include "protocol/centrifuge/fake_session.h"
#include "protocol/centrifuge/reference.h"

namespace madang::centrifuge {

// How a session without a name of its own is called.
inline const std::string kNil = ClientId().text();

// Tests of the protocol say in JSON what goes to and fro, and run as two programs: as it stands,
// and in Protobuf, by way of Protobuf's own library.
#ifdef MADANG_TEST_PROTOBUF
inline constexpr bool kProtobuf = true;
#else
inline constexpr bool kProtobuf = false;
#endif

// For a test of what only JSON has.
inline doctest::skip json_alone() { return doctest::skip(kProtobuf); }

inline std::string joined_lines(const std::vector<std::string>& lines) {
  std::string all;
  for (const auto& line : lines) {
    if (!all.empty()) all += '\n';
    all += line;
  }
  return all;
}

// What a client got in Protobuf. Equal to JSON, a message a line, that comes to the same.
class ProtobufAnswers {
 public:
  explicit ProtobufAnswers(const std::vector<std::string>& written) {
    for (const auto& message : written) {
      const auto replies = reference::replies(message);
      lines_.insert(lines_.end(), replies.begin(), replies.end());
    }
  }

  friend bool operator==(const ProtobufAnswers& answers, std::string_view expected) {
    return answers.lines_ == reference::replies_in_json(expected);
  }
  friend std::ostream& operator<<(std::ostream& out, const ProtobufAnswers& answers) {
    return out << joined_lines(answers.lines_);
  }

 private:
  std::vector<std::string> lines_;
};

#ifdef MADANG_TEST_PROTOBUF
using Answers = ProtobufAnswers;
inline Answers answers_of(const std::vector<std::string>& written) { return Answers(written); }
#else
using Answers = std::string;
inline Answers answers_of(const std::vector<std::string>& written) { return joined_lines(written); }
#endif

// A protocol session in the hands of a test, on a fake session.
class Client {
 public:
  explicit Client(const SessionOptions& options = {.version = ""})
      : protocol(kProtobuf ? make_protobuf_session(options) : make_json_session(options)) {
    protocol->start(session);
  }

  // A message with these commands, a line each.
  void send(std::string_view text) {
    if (!kProtobuf) return protocol->received(text, MessageKind::kText);
    protocol->received(reference::commands(text), MessageKind::kBinary);
  }

  // All that was written since, a message a line.
  Answers take() { return answers_of(std::exchange(session.written, {})); }

  // What a client gets that sends this.
  Answers ask(std::string_view text) {
    send(text);
    return take();
  }

  std::uint32_t closed() const { return session.closed ? session.closed->code : 0; }

  FakeSession session;
  std::unique_ptr<ProtocolSession> protocol;
};

// One that is connected, on a session that does all it is asked at once.
struct ConnectedClient : Client {
  explicit ConnectedClient(const SessionOptions& options = {.version = ""}) : Client(options) {
    session.connects.at_once = ConnectResult();
    session.joins.at_once = JoinResult();
    session.leaves.at_once = true;
    session.publishes.at_once = true;
    session.rpcs.at_once = Payload("null");
    session.refreshes.at_once = RefreshResult();
    send(R"({"connect":{},"id":1})");
    session.written.clear();
    session.commands = 0;
  }
};

inline EventRef message(std::string_view data, std::uint64_t offset) {
  auto event = std::make_shared<Event>();
  event->data = Payload(data);
  event->offset = offset;
  return event;
}

}  // namespace madang::centrifuge
