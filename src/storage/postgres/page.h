// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/statusor.h"
#include "madang/storage/message_store.h"
#include "storage/postgres/result.h"

namespace madang::postgres {

struct Page {
  StoredPage page = {};
  bool full = false;  // a bound ended it; there may be more
};

// The rows of page_up or page_down, cut at the bounds of the request.
absl::StatusOr<Page> page_of(const Result& rows, const PageRequest& request);

// Whether a page that a replica gave has all that is known to be there: it lags, and what it lacks
// must not look like the end of the room or like a message that never was.
bool has_all_known(const Page& page, const PageRequest& request);

}  // namespace madang::postgres
