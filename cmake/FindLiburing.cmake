# SPDX-License-Identifier: Apache-2.0
# Finds liburing, which ships no CMake package, as the target Liburing::Liburing.
find_path(Liburing_INCLUDE_DIR liburing.h)
find_library(Liburing_LIBRARY NAMES uring)

# Its version stands in a header of its own since 2.3, and 2.2 is the first with 64 bits of data.
if(Liburing_INCLUDE_DIR AND EXISTS "${Liburing_INCLUDE_DIR}/liburing/io_uring_version.h")
  file(STRINGS "${Liburing_INCLUDE_DIR}/liburing/io_uring_version.h" Liburing_VERSION_LINES
       REGEX "#define IO_URING_VERSION_(MAJOR|MINOR) [0-9]+")
  string(REGEX REPLACE "[^0-9;]*([0-9]+)" "\\1" Liburing_VERSION "${Liburing_VERSION_LINES}")
  string(REPLACE ";" "." Liburing_VERSION "${Liburing_VERSION}")
elseif(Liburing_INCLUDE_DIR)
  file(STRINGS "${Liburing_INCLUDE_DIR}/liburing.h" Liburing_HAS_DATA64
       REGEX "io_uring_sqe_set_data64" LIMIT_COUNT 1)
  if(Liburing_HAS_DATA64)
    set(Liburing_VERSION 2.2)
  endif()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Liburing
  REQUIRED_VARS Liburing_LIBRARY Liburing_INCLUDE_DIR
  VERSION_VAR Liburing_VERSION)

# Global, because whoever links a static madang_uring links this from a folder of its own.
if(Liburing_FOUND AND NOT TARGET Liburing::Liburing)
  add_library(Liburing::Liburing UNKNOWN IMPORTED GLOBAL)
  set_target_properties(Liburing::Liburing PROPERTIES
    IMPORTED_LOCATION "${Liburing_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${Liburing_INCLUDE_DIR}")
endif()
mark_as_advanced(Liburing_INCLUDE_DIR Liburing_LIBRARY)
