# SPDX-License-Identifier: Apache-2.0
# Finds http-parser, which ships no CMake package, as the target HttpParser::HttpParser.
find_path(HttpParser_INCLUDE_DIR http_parser.h)
find_library(HttpParser_LIBRARY NAMES http_parser)

if(HttpParser_INCLUDE_DIR)
  file(STRINGS "${HttpParser_INCLUDE_DIR}/http_parser.h" HttpParser_VERSION_LINES
       REGEX "#define HTTP_PARSER_VERSION_(MAJOR|MINOR|PATCH) [0-9]+")
  string(REGEX REPLACE "[^0-9;]*([0-9]+)" "\\1" HttpParser_VERSION "${HttpParser_VERSION_LINES}")
  string(REPLACE ";" "." HttpParser_VERSION "${HttpParser_VERSION}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(HttpParser
  REQUIRED_VARS HttpParser_LIBRARY HttpParser_INCLUDE_DIR
  VERSION_VAR HttpParser_VERSION)

# Global, because whoever links a static madang_http links this from a folder of its own.
if(HttpParser_FOUND AND NOT TARGET HttpParser::HttpParser)
  add_library(HttpParser::HttpParser UNKNOWN IMPORTED GLOBAL)
  set_target_properties(HttpParser::HttpParser PROPERTIES
    IMPORTED_LOCATION "${HttpParser_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${HttpParser_INCLUDE_DIR}")
endif()
mark_as_advanced(HttpParser_INCLUDE_DIR HttpParser_LIBRARY)
