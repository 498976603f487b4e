// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <memory>
#include <utility>

#include "protocol/centrifuge/json_writer.h"
#include "protocol/centrifuge/server_method.h"

namespace madang::centrifuge {
namespace {

// Answers with all answers, in their order, when the last of them has come.
class Gather {
 public:
  // `names` are those of the results.
  Gather(std::string_view member, std::vector<std::string_view> names, ServerAnswer done)
      : member_(member),
        names_(std::move(names)),
        replies_(names_.size()),
        left_(names_.size() + 1),
        done_(std::move(done)) {}

  static ServerAnswer answer_for(const std::shared_ptr<Gather>& all, std::size_t index) {
    return [all, index](const absl::StatusOr<std::string>& answer) {
      all->replies_[index] = server_reply(all->names_[index], answer);
      all->leave();
    };
  }
  // When all were asked.
  void leave() {
    if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) done_(all_replies());
  }

 private:
  std::string all_replies() const {
    std::string json;
    {
      JsonObject object(json);
      std::string& list = object.member(member_);
      list += '[';
      for (const std::string& reply : replies_) {
        if (list.back() != '[') list += ',';
        list += reply;
      }
      list += ']';
    }
    return json;
  }

  const std::string_view member_;
  const std::vector<std::string_view> names_;
  std::vector<std::string> replies_;
  std::atomic<std::size_t> left_;
  ServerAnswer done_;
};

absl::Status too_many() { return absl::OutOfRangeError("more than may come at once"); }

struct Broadcast {
  std::vector<std::string> rooms = {};
  ServerPublish publish = {};

  void operator()(const ServerApiOptions& api, ServerAnswer answer) const {
    if (rooms.size() > api.commands_max) return answer(too_many());
    const auto all = std::make_shared<Gather>(
        "responses", std::vector<std::string_view>(rooms.size(), "result"), std::move(answer));
    for (std::size_t i = 0; i < rooms.size(); ++i)
      publish.run(api, rooms[i], Gather::answer_for(all, i));
    all->leave();
  }
};

// One command of a batch; no call: it could not be read.
struct Command {
  std::string_view name = {};
  ServerCall call = nullptr;
};

struct Batch {
  std::vector<Command> commands = {};

  void operator()(const ServerApiOptions& api, ServerAnswer answer) {
    if (commands.size() > api.commands_max) return answer(too_many());
    std::vector<std::string_view> names;
    for (const Command& command : commands)
      names.push_back(command.name);
    const auto all = std::make_shared<Gather>("replies", std::move(names), std::move(answer));
    for (std::size_t i = 0; i < commands.size(); ++i) {
      ServerAnswer done = Gather::answer_for(all, i);
      if (commands[i].call != nullptr) {
        commands[i].call(api, std::move(done));
      } else {
        done(absl::InvalidArgumentError("no command of a batch"));
      }
    }
    all->leave();
  }
};

// {"<method>":{...}}. One that names no method, or a batch, is refused alone.
bool read_command(const JsonValue& value, Command& command) {
  if (!value.is_object()) return false;
  JsonMembers members(value);
  while (members.next()) {
    const std::string_view name = members.name();
    const JsonValue& body = members.value();
    const ServerMethod* const method = find_server_method(name);
    const bool may_run = method != nullptr && method->read != read_batch && command.name.empty();
    if (!may_run) {
      if (!is_shallow(body)) return false;
      continue;
    }
    command.name = method->name;
    if (!method->read(body, command.call)) return false;
  }
  return true;
}

// Calls `read` with each element of an array, until one says no.
template <typename Read>
bool read_each(const JsonValue& list, Read read) {
  if (!list.is_array()) return false;
  JsonElements elements(list);
  while (elements.next()) {
    if (!read(elements.value())) return false;
  }
  return true;
}

}  // namespace

bool read_broadcast(const JsonValue& value, ServerCall& call) {
  Broadcast broadcast;
  const auto read_rooms = [&](const JsonValue& list) {
    return read_each(list, [&](const JsonValue& room) {
      return to_string(room, broadcast.rooms.emplace_back());
    });
  };
  if (!read_server_publish(value, {"channels", ReadValue(read_rooms)}, broadcast.publish))
    return false;
  call = std::move(broadcast);
  return true;
}

bool read_batch(const JsonValue& value, ServerCall& call) {
  Batch batch;
  const auto read_commands = [&](const JsonValue& list) {
    return read_each(list, [&](const JsonValue& command) {
      return read_command(command, batch.commands.emplace_back());
    });
  };
  const JsonField fields[] = {{"commands", ReadValue(read_commands)}};
  if (!read_object(value, fields)) return false;
  call = std::move(batch);
  return true;
}

}  // namespace madang::centrifuge
