# SPDX-License-Identifier: Apache-2.0
# Finds libpq, PostgreSQL's client library, as the target Libpq::Libpq. CMake's own FindPostgreSQL
# would offer the headers of the server too, if they are there, and its target's files would then
# depend on the machine.
find_path(Libpq_INCLUDE_DIR libpq-fe.h PATH_SUFFIXES postgresql pgsql)
find_library(Libpq_LIBRARY NAMES pq)

# Pipelines came with version 14, which the header does not say.
if(Libpq_INCLUDE_DIR)
  file(STRINGS "${Libpq_INCLUDE_DIR}/libpq-fe.h" Libpq_HAS_PIPELINES
       REGEX "PQenterPipelineMode\\(" LIMIT_COUNT 1)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Libpq
  REQUIRED_VARS Libpq_LIBRARY Libpq_INCLUDE_DIR Libpq_HAS_PIPELINES)

# Global, because whoever links a static madang_postgres links this from a folder of its own.
if(Libpq_FOUND AND NOT TARGET Libpq::Libpq)
  add_library(Libpq::Libpq UNKNOWN IMPORTED GLOBAL)
  set_target_properties(Libpq::Libpq PROPERTIES
    IMPORTED_LOCATION "${Libpq_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${Libpq_INCLUDE_DIR}")
endif()
mark_as_advanced(Libpq_INCLUDE_DIR Libpq_LIBRARY)
