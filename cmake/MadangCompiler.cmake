# SPDX-License-Identifier: Apache-2.0
# What every madang target is compiled with. Nothing here reaches a program that links madang.
add_library(madang_compile_options INTERFACE)
target_compile_features(madang_compile_options INTERFACE cxx_std_20)
target_compile_options(madang_compile_options INTERFACE
  -Wall -Wextra -Wconversion -Wno-sign-conversion -Wshadow -Wnon-virtual-dtor
  -fstack-protector-strong
  $<$<CONFIG:Release,RelWithDebInfo>:-fcf-protection -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3>
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>)
target_compile_definitions(madang_compile_options INTERFACE _GLIBCXX_ASSERTIONS)
if(MADANG_SANITIZE)
  target_compile_options(madang_compile_options INTERFACE
    -fsanitize=${MADANG_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(madang_compile_options INTERFACE -fsanitize=${MADANG_SANITIZE})
endif()
if(MADANG_PLANTED_FAULTS)
  target_compile_definitions(madang_compile_options INTERFACE MADANG_PLANTED_FAULTS=1)
endif()

find_program(MADANG_MOLD mold)
if(MADANG_MOLD AND PROJECT_IS_TOP_LEVEL)
  add_link_options(-fuse-ld=mold)
endif()
find_program(MADANG_CCACHE ccache)
if(MADANG_CCACHE AND PROJECT_IS_TOP_LEVEL)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${MADANG_CCACHE}")
endif()
