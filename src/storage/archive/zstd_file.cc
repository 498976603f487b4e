// SPDX-License-Identifier: Apache-2.0
#include "storage/archive/zstd_file.h"

#include <zstd.h>

#include <memory>

namespace madang::archive {

absl::StatusOr<std::string> compressed(std::string_view text) {
  if (text.size() > kTextBytesMax) {
    return absl::InvalidArgumentError("a message is too large to be archived");
  }
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(),
                                                                     &ZSTD_freeCCtx);
  if (context == nullptr) return absl::ResourceExhaustedError("no memory to compress");
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  std::string bytes(ZSTD_compressBound(text.size()), '\0');
  const std::size_t size =
      ZSTD_compress2(context.get(), bytes.data(), bytes.size(), text.data(), text.size());
  if (ZSTD_isError(size) != 0) return absl::ResourceExhaustedError(ZSTD_getErrorName(size));
  bytes.resize(size);
  return bytes;
}

absl::StatusOr<std::string> decompressed(std::string_view bytes) {
  // Exactly one frame: what is cut, or goes on, was not written here.
  if (ZSTD_findFrameCompressedSize(bytes.data(), bytes.size()) != bytes.size()) {
    return absl::DataLossError("it is no whole zstd file");
  }
  const unsigned long long size = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size > kTextBytesMax) {
    return absl::DataLossError("it does not say how long it is, or is too long");
  }
  std::string text(static_cast<std::size_t>(size), '\0');
  const std::size_t got = ZSTD_decompress(text.data(), text.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(got) != 0 || got != text.size()) {
    return absl::DataLossError("it is damaged");
  }
  return text;
}

}  // namespace madang::archive
