// SPDX-License-Identifier: Apache-2.0
#include "backend/reason_texts.h"

#include <doctest/doctest.h>

#include <string>

namespace madang::backend {
namespace {

TEST_CASE("reasons: texts are kept, those of the protocol are its own") {
  ReasonTexts texts;
  std::string text = "banned";
  const CloseReason banned = texts.reason(4500, text);
  const CloseReason again = texts.reason(4501, text);
  text = "xxxxxx";
  CHECK(banned == CloseReason{4500, "banned"});
  CHECK(again.text.data() == banned.text.data());
  CHECK(texts.reason(3503, "anything") == kForceNoReconnect);
  CHECK(texts.reason(4000, "") == CloseReason{4000, ReasonTexts::kOther});
}

TEST_CASE("reasons: too long a text, or one too many, is another") {
  ReasonTexts texts;
  CHECK(texts.reason(4000, std::string(123, 'a')).text.size() == 123);
  CHECK(texts.reason(4000, std::string(124, 'a')).text == ReasonTexts::kOther);
  for (std::size_t i = 1; i < ReasonTexts::kTextsMax; ++i)
    CHECK(texts.reason(4000, std::to_string(i)).text == std::to_string(i));
  CHECK(texts.reason(4000, "one more").text == ReasonTexts::kOther);
  CHECK(texts.reason(4000, "1").text == "1");
}

}  // namespace
}  // namespace madang::backend
