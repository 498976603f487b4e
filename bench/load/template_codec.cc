// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "codec.h"

namespace load {
namespace {

class TemplateCodec : public Codec {
 public:
  TemplateCodec(TemplateOptions options, Wording wording)
      : Codec(options.phrases, std::move(wording)),
        ready_(std::move(options.ready)),
        ping_(std::move(options.ping)),
        pong_(std::move(options.pong)) {}

  Word read(std::string_view text) const override {
    if (!ping_.empty() && text == ping_) return {Word::Kind::kPing};
    if (!ready_.empty() && text.find(ready_) != text.npos) return {Word::Kind::kReady};
    return {};
  }

  std::string_view pong() const override { return pong_; }
  bool is_in_lines() const override { return false; }
  bool is_ready_at_once() const override { return ready_.empty(); }

 private:
  const std::string ready_;
  const std::string ping_;
  const std::string pong_;
};

}  // namespace

std::unique_ptr<Codec> make_template_codec(TemplateOptions options, Wording wording) {
  return std::make_unique<TemplateCodec>(std::move(options), std::move(wording));
}

}  // namespace load
