# SPDX-License-Identifier: Apache-2.0
# Installs the headers, the layers, and the package that find_package(madang) reads. A layer needs
# no entry here: what it links says which layers and packages a host that asks for it gets.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

option(MADANG_INSTALL "Let cmake --install install madang" ${PROJECT_IS_TOP_LEVEL})
if(NOT MADANG_INSTALL)
  return()
endif()

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/madang")
get_property(layers GLOBAL PROPERTY MADANG_LAYERS)

# Layers come from the bottom up, so what a layer stands on is complete when it is looked at.
set(MADANG_LAYER_NEEDS "")
foreach(layer IN LISTS layers)
  set(needs "")
  set(packages "")
  get_target_property(links madang_${layer} LINK_LIBRARIES)
  foreach(link IN LISTS links)
    if(link MATCHES "^madang::(.+)$")
      list(APPEND needs ${needs_of_${CMAKE_MATCH_1}} ${CMAKE_MATCH_1})
      list(APPEND packages ${packages_of_${CMAKE_MATCH_1}})
    elseif(link MATCHES "^SQLite::")
      list(APPEND packages SQLite3)  # CMake's own modules do not keep to what comes last.
    elseif(link MATCHES "^protobuf::")
      list(APPEND packages Protobuf)
    elseif(link MATCHES "^([A-Za-z0-9_]+)::")
      list(APPEND packages ${CMAKE_MATCH_1})  # A target's namespace is its package's name.
    endif()
  endforeach()
  list(REMOVE_DUPLICATES needs)
  list(REMOVE_DUPLICATES packages)
  set(needs_of_${layer} ${needs})
  set(packages_of_${layer} ${packages})
  list(APPEND needs ${layer})
  list(JOIN needs " " needs)
  list(JOIN packages " " packages)
  string(APPEND MADANG_LAYER_NEEDS
    "set(madang_layers_of_${layer} ${needs})\nset(madang_packages_of_${layer} ${packages})\n")

  install(TARGETS madang_${layer} EXPORT madang-${layer}
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  install(EXPORT madang-${layer} NAMESPACE madang:: DESTINATION "${package_dir}")
endforeach()
list(JOIN layers " " MADANG_LAYERS)

configure_package_config_file(
  "${CMAKE_CURRENT_LIST_DIR}/madang-config.cmake.in" "${PROJECT_BINARY_DIR}/madang-config.cmake"
  INSTALL_DESTINATION "${package_dir}" NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/madang-config-version.cmake"
  COMPATIBILITY SameMinorVersion)

file(GLOB find_modules CONFIGURE_DEPENDS "${CMAKE_CURRENT_LIST_DIR}/Find*.cmake")
install(FILES
  "${PROJECT_BINARY_DIR}/madang-config.cmake" "${PROJECT_BINARY_DIR}/madang-config-version.cmake"
  ${find_modules}
  DESTINATION "${package_dir}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/madang"
  DESTINATION include FILES_MATCHING PATTERN "*.h")
