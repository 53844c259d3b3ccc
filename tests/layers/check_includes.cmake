# Checks that each file under SOURCE_DIR (and under INCLUDE_DIR, where given) includes only what its place in the layers
# of docs/design.md allows:
#   - a module includes only headers of its own and of the modules before it;
#   - each outside library is known and stays within the module or the files that wrap it;
#   - the modules of the embeddable runtime include nothing outside but FlatBuffers and the system;
#   - the public headers include only each other and the system.
# Usage: cmake -DSOURCE_DIR=<tree>/src [-DINCLUDE_DIR=<tree>/include] -P check_includes.cmake. Prints every violation,
# then fails.
cmake_minimum_required(VERSION 3.22)

set(layers base numerics kernels graph formats runtime api faces synth quantize train eval gallery report cli)

# Outside headers by the start of their name, and the files (regular expression on the path below src) that may include
# them. A header that no row allows is a violation.
set(library_rules
  "onnx/|google/protobuf/"              "^formats/onnx"
  "flatbuffers/"                        "^(formats|synth/assets)/"
  "quantface/"                          "^api/"
  "opencv2/"                            "^faces/"
  "dlib/"                               "^faces/built_in_finder"
  "Eigen/"                              "^(quantize|eval)/"
  "torch/|ATen/|c10/|c10d/"             "^train/"
  "openssl/"                            "^(quantize|train|gallery|report|cli)/"
  "archive\\.h|archive_entry\\.h"         "^synth/assets/"
  "sqlite3\\.h"                          "^gallery/sqlite"
  "faiss/|omp\\.h"                       "^gallery/faiss_"
  "nlohmann/|fmt/"                      "^(synth|quantize|train|eval|report|cli)/"
  "CLI/"                                "^cli/"
  "toml\\+\\+/"                           "^cli/")

# The C++ library (<vector>), the C library and POSIX, and compilers' intrinsics: allowed everywhere.
set(system_headers "^([a-z_0-9]+|sys/[a-z]+\\.h|(immintrin|dlfcn|arm_acle|arm_neon|cpuid|stddef|stdint|unistd|fcntl|sched|pthread|signal|spawn|poll|stdlib|time|errno)\\.h)$")

if(NOT IS_DIRECTORY "${SOURCE_DIR}")
  message(FATAL_ERROR "SOURCE_DIR is no folder: '${SOURCE_DIR}'")
endif()

set(violations 0)
set(checked 0)
function(violation file text)
  message(NOTICE "${file}: ${text}")
  math(EXPR count "${violations} + 1")
  set(violations ${count} PARENT_SCOPE)
endfunction()

# macro: `violation` counts in the caller's scope
macro(check_own_include file module included)
  if("${included}" MATCHES "^([a-z_]+)/.")
    set(target "${CMAKE_MATCH_1}")
    list(FIND layers "${target}" target_layer)
    list(FIND layers "${module}" own_layer)
    if(target_layer LESS 0)
      violation("${file}" "includes \"${included}\": no module '${target}'; outside headers go in <>")
    elseif(target_layer GREATER own_layer)
      violation("${file}" "includes \"${included}\": module '${module}' stands before '${target}'")
    endif()
  elseif(NOT ("${included}" MATCHES "_generated\\.h$" AND "${module}" MATCHES "^(formats|synth)$"))
    violation("${file}" "includes \"${included}\": write it as \"module/file.h\"")
  endif()
endmacro()

macro(check_outside_include file included)
  if(NOT "${included}" MATCHES "${system_headers}")
    set(verdict "includes <${included}>: unknown library; add it to docs/design.md and to this check")
    set(rules ${library_rules})
    while(rules)
      list(POP_FRONT rules headers places)
      if("${included}" MATCHES "^(${headers})")
        if("${file}" MATCHES "${places}")
          set(verdict "")
        else()
          set(verdict "includes <${included}>: allowed only in ${places}")
        endif()
      endif()
    endwhile()
    if(verdict)
      violation("${file}" "${verdict}")
    endif()
  endif()
endmacro()

# The public headers: in the words of whoever includes them, so "quantface/..." is one of themselves.
macro(check_public_include file line)
  if(NOT "${line}" MATCHES "include[ \t]*\"quantface/[a-z_]+\\.(h|hpp)\"")
    set(included "")
    if("${line}" MATCHES "include[ \t]*<([^>]+)>")
      set(included "${CMAKE_MATCH_1}")
    endif()
    if(NOT included MATCHES "${system_headers}")
      violation("${file}" "'${line}': a public header includes only the system's and quantface/")
    endif()
  endif()
endmacro()

file(GLOB_RECURSE files RELATIVE "${SOURCE_DIR}" "${SOURCE_DIR}/*.h" "${SOURCE_DIR}/*.cpp" "${SOURCE_DIR}/*.inc")
foreach(file ${files})
  string(REGEX REPLACE "/.*" "" module "${file}")
  if(NOT module IN_LIST layers)
    violation("${file}" "lies in no module of the layers")
    continue()
  endif()
  math(EXPR checked "${checked} + 1")
  file(STRINGS "${SOURCE_DIR}/${file}" lines REGEX "^[ \t]*#[ \t]*include")
  foreach(line ${lines})
    if("${line}" MATCHES "include[ \t]*\"([^\"]+)\"")
      check_own_include("${file}" "${module}" "${CMAKE_MATCH_1}")
    elseif("${line}" MATCHES "include[ \t]*<([^>]+)>")
      check_outside_include("${file}" "${CMAKE_MATCH_1}")
    else()
      violation("${file}" "cannot read '${line}'")
    endif()
  endforeach()
endforeach()

if(DEFINED INCLUDE_DIR)
  file(GLOB_RECURSE files RELATIVE "${INCLUDE_DIR}" "${INCLUDE_DIR}/*")
  foreach(file ${files})
    math(EXPR checked "${checked} + 1")
    file(STRINGS "${INCLUDE_DIR}/${file}" lines REGEX "^[ \t]*#[ \t]*include")
    foreach(line ${lines})
      check_public_include("${file}" "${line}")
    endforeach()
  endforeach()
endif()

if(checked EQUAL 0)
  message(FATAL_ERROR "no source file under ${SOURCE_DIR}")
endif()
if(violations GREATER 0)
  message(FATAL_ERROR "${violations} includes break the layers (docs/design.md)")
endif()
message(STATUS "${checked} files respect the layers")
