# SPDX-License-Identifier: Apache-2.0
# Finds standalone Asio, which ships no CMake package, as the target Asio::Asio.
find_path(Asio_INCLUDE_DIR asio/version.hpp)

if(Asio_INCLUDE_DIR)
  file(STRINGS "${Asio_INCLUDE_DIR}/asio/version.hpp" Asio_VERSION_LINE
       REGEX "#define ASIO_VERSION [0-9]+")
  string(REGEX MATCH "[0-9]+" Asio_VERSION_NUMBER "${Asio_VERSION_LINE}")
  math(EXPR Asio_VERSION_MAJOR "${Asio_VERSION_NUMBER} / 100000")
  math(EXPR Asio_VERSION_MINOR "${Asio_VERSION_NUMBER} / 100 % 1000")
  math(EXPR Asio_VERSION_PATCH "${Asio_VERSION_NUMBER} % 100")
  set(Asio_VERSION "${Asio_VERSION_MAJOR}.${Asio_VERSION_MINOR}.${Asio_VERSION_PATCH}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Asio
  REQUIRED_VARS Asio_INCLUDE_DIR
  VERSION_VAR Asio_VERSION)

# How Asio allocates must not depend on whether a file includes a standard header before it.
# Global, because whoever links a static madang_asio links this from a folder of its own.
if(Asio_FOUND AND NOT TARGET Asio::Asio)
  add_library(Asio::Asio INTERFACE IMPORTED GLOBAL)
  set_target_properties(Asio::Asio PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${Asio_INCLUDE_DIR}"
    INTERFACE_COMPILE_DEFINITIONS "ASIO_NO_DEPRECATED;ASIO_HAS_STD_ALIGNED_ALLOC=1"
    INTERFACE_LINK_OPTIONS -pthread)
endif()
mark_as_advanced(Asio_INCLUDE_DIR)
