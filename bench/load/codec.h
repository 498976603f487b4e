// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stencil.h"

namespace load {

// What a text from the server says, beside the messages of ours in it.
struct Word {
  enum class Kind : std::uint8_t {
    kNothing,
    kReady,         // The client is where the opening was to bring it.
    kReply,         // To the command `id`.
    kError,         // A refusal, of `id` if it says so; `code`.
    kPing,          // To be answered by Codec::pong().
    kUnsubscribed,  // The server took the client out of its room, `code`.
    kDisconnected,  // The server is about to close, `code`.
  };
  Kind kind = Kind::kNothing;
  std::uint32_t id = 0;
  std::uint32_t code = 0;
};

// How a server of any kind is spoken to, in words with placeholders (see Stencil).
struct Phrases {
  std::string path;                  // of the handshake
  std::vector<std::string> opening;  // a text frame each, sent after the handshake
  std::string publish;               // one message
  std::string publish_path;          // of publishers that are nobody's member; empty: none
  std::string echo;
  std::string join;  // of a client that is connected
  std::string leave;
};

// How the clients of a run speak: texts out, words in. One for all connections; it keeps no state
// of a connection, only the number of the last command.
class Codec {
 public:
  Codec(const Phrases& phrases, Wording wording);
  virtual ~Codec() = default;

  // Reads one text, in which messages of ours may stand too.
  virtual Word read(std::string_view text) const = 0;
  virtual std::string_view pong() const = 0;
  // Several texts may stand in one frame, one a line.
  virtual bool is_in_lines() const = 0;
  // A handshake is all it takes to be ready.
  virtual bool is_ready_at_once() const = 0;

  const Wording& wording() const { return wording_; }
  std::string room_name(std::uint32_t room) const;
  std::string path(const Blanks& blanks) const { return path_.fill(blanks); }
  std::string publish_path(const Blanks& blanks) const { return publish_path_.fill(blanks); }

  void append_opening(const Blanks& blanks, std::string* out) const;
  // Appends the frames that publish `count` messages of `room`, numbered from `first`.
  void append_publishes(std::uint32_t room, std::uint32_t first, std::uint32_t count,
                        std::string* out);
  // These answer the id of the command.
  std::uint32_t append_echo(std::uint32_t room, std::uint32_t sequence, std::string* out);
  std::uint32_t append_join(std::uint32_t room, std::string* out);
  std::uint32_t append_leave(std::uint32_t room, std::string* out);

 private:
  std::uint32_t append_command(const Stencil& stencil, Blanks blanks, std::string* out);
  std::uint32_t next_id() { return ++last_id_; }

  const Wording wording_;
  Stencil path_, publish_path_, publish_, echo_, join_, leave_;
  std::vector<Stencil> opening_;
  std::uint32_t last_id_ = 1'000'000'000;
  std::string scratch_;
};

struct CentrifugeOpening {
  bool subscribes = false;  // it enters the room too, in the message of the connect command
  bool is_early = false;    // that message goes with the handshake (cf_connect), and not after it
};

// The Centrifuge client protocol in JSON.
std::unique_ptr<Codec> make_centrifuge_codec(std::string_view path,
                                             const CentrifugeOpening& opening, Wording wording);

struct TemplateOptions {
  Phrases phrases;
  std::string ready;  // What a text contains once the client is where it shall be; empty: at once.
  std::string ping;   // A text that equals this is answered ...
  std::string pong;   // ... with this.
};

// Any server to which texts with placeholders can be sent.
std::unique_ptr<Codec> make_template_codec(TemplateOptions options, Wording wording);

}  // namespace load
