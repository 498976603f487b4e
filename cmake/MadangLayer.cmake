# SPDX-License-Identifier: Apache-2.0

# madang_layer(<name> SOURCES <files...> [LINKS <targets...>] [PRIVATE_LINKS <targets...>])
# One layer of the house: the library target madang_<name>, known outside as madang::<name>.
# A layer includes only headers of what it links here, so a wrong arrow does not build.
function(madang_layer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  add_library(madang_${name} STATIC ${ARG_SOURCES})
  add_library(madang::${name} ALIAS madang_${name})
  set_target_properties(madang_${name} PROPERTIES
    EXPORT_NAME ${name} OUTPUT_NAME madang_${name} POSITION_INDEPENDENT_CODE ON)
  target_compile_features(madang_${name} PUBLIC cxx_std_20)
  target_include_directories(madang_${name}
    PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>
    PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(madang_${name}
    PUBLIC ${ARG_LINKS}
    PRIVATE ${ARG_PRIVATE_LINKS} $<BUILD_INTERFACE:madang_compile_options>)
  madang_precompile(madang_${name} layer)
  set_property(GLOBAL APPEND PROPERTY MADANG_LAYERS ${name})
endfunction()

# madang_test(<name> SOURCES <files...> LINKS <targets...>)
# One doctest program, run by ctest under <name>.
function(madang_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  # doctest's own code takes as long to compile as a large test, so it is compiled once.
  if(NOT TARGET madang_test_main)
    add_library(madang_test_main OBJECT ${PROJECT_SOURCE_DIR}/tests/main.cc)
    target_link_libraries(madang_test_main PRIVATE doctest::doctest madang_compile_options)
  endif()
  add_executable(${name} ${ARG_SOURCES} $<TARGET_OBJECTS:madang_test_main>)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${name} PRIVATE ${ARG_LINKS} doctest::doctest madang_compile_options)
  madang_precompile(${name} test)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 300)
endfunction()
