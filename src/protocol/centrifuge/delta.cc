// SPDX-License-Identifier: Apache-2.0
#include "protocol/centrifuge/delta.h"

#include <memory>
#include <string>
#include <utility>

#include "madang/base/fossil_delta.h"

namespace madang::centrifuge {

std::string_view patch_of(const Event& message, std::size_t overhead) {
  const std::string_view before = message.before.view();
  const std::string_view data = message.data.view();
  if (before.empty() || before.size() > kDeltaBytesMax || data.size() > kDeltaBytesMax) return {};
  thread_local FossilDeltaEncoder encoder;
  thread_local std::string patch;
  if (!encoder.encode(before, data, patch) || patch.size() + overhead >= data.size()) return {};
  return patch;
}

std::vector<EventRef> delta_chain(std::vector<EventRef> messages) {
  for (std::size_t i = messages.size(); i-- > 0;) {
    const Payload before = i == 0 ? Payload() : messages[i - 1]->data;
    if (messages[i]->before.data() == before.data()) continue;
    Event linked = *messages[i];
    linked.before = before;
    messages[i] = std::make_shared<const Event>(std::move(linked));
  }
  return messages;
}

}  // namespace madang::centrifuge
