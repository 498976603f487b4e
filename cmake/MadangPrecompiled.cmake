# SPDX-License-Identifier: Apache-2.0
# Three quarters of a compile here are headers of the C++ library and of abseil, so they can be
# compiled ahead. The dev preset does without, because then a file that lacks an include does not
# build; the sanitizer presets, which build the same files again, have them.
option(MADANG_PRECOMPILE "Compile the headers that most files include ahead" OFF)

set(headers
  <algorithm> <array> <atomic> <chrono> <cstdint> <deque> <functional> <map> <memory> <mutex>
  <optional> <span> <string> <string_view> <thread> <utility> <variant> <vector>
  <absl/container/flat_hash_map.h> <absl/functional/any_invocable.h> <absl/status/statusor.h>)

# madang_precompile(<target> <kind>): kind is "layer" or "test", which differ in how their code is
# placed in memory, so that they can not share one.
function(madang_precompile target kind)
  if(MADANG_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM madang_precompiled_${kind})
  endif()
endfunction()

if(MADANG_PRECOMPILE)
  find_package(absl REQUIRED)
  foreach(kind IN ITEMS layer test)
    add_library(madang_precompiled_${kind} OBJECT "${PROJECT_SOURCE_DIR}/cmake/precompiled.cc")
    target_link_libraries(madang_precompiled_${kind} PRIVATE
      madang_compile_options absl::any_invocable absl::flat_hash_map absl::statusor)
  endforeach()
  set_target_properties(madang_precompiled_layer PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_precompile_headers(madang_precompiled_layer PRIVATE ${headers})
  target_precompile_headers(madang_precompiled_test PRIVATE ${headers} <doctest/doctest.h>)
  # The compiler cache takes such headers only if it is told that their macros and times are known.
  if(CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      "${MADANG_CCACHE}")
  endif()
endif()
