// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "madang/storage/message_store.h"
#include "storage/archive/archive_folder.h"

namespace madang::archive {

// Adds what the files have to what the other store answered. A message that both have comes once.
absl::StatusOr<StoredPage> with_files(ArchiveFolder& folder, const PageRequest& request,
                                      StoredPage page);
absl::StatusOr<StoredRoom> with_files(ArchiveFolder& folder, const LoadRequest& request,
                                      StoredRoom room);

}  // namespace madang::archive
