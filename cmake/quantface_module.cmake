# Compiler settings shared by all targets, and the two functions that declare modules and tests.

add_library(quantface_options INTERFACE)
target_include_directories(quantface_options INTERFACE ${PROJECT_SOURCE_DIR}/src)
# Contraction (a*b+c in one rounding) is off everywhere: the numerics law asks every instruction set for the same bits.
target_compile_options(quantface_options INTERFACE -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion
                                                   -ffp-contract=off)
# GCC 12 sees overlapping copies in `"text" + std::string` that are not there (its bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(quantface_options INTERFACE -Wno-restrict)
endif()
if(QUANTFACE_WERROR)
  target_compile_options(quantface_options INTERFACE -Werror)
endif()
if(QUANTFACE_SANITIZE)
  target_compile_options(quantface_options INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=undefined
                                                     -fno-omit-frame-pointer)
  target_link_options(quantface_options INTERFACE -fsanitize=address,undefined)
endif()
if(QUANTFACE_FUZZ)
  target_compile_options(quantface_options INTERFACE -fsanitize=fuzzer-no-link,address,undefined
                                                     -fno-sanitize-recover=undefined)
  target_link_options(quantface_options INTERFACE -fsanitize=address,undefined)
endif()

# quantface_module(NAME SOURCES file... [DEPENDS module...] [LIBRARIES lib...])
# A module is the static library quantface_NAME; it may include headers of the modules in DEPENDS and below.
function(quantface_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  add_library(quantface_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(quantface_${name} PUBLIC quantface_options)
  if(name IN_LIST quantface_runtime_modules)
    # So that the runtime library can leave out what it does not use.
    target_compile_options(quantface_${name} PRIVATE -ffunction-sections -fdata-sections)
  endif()
  foreach(dependency ${ARG_DEPENDS})
    target_link_libraries(quantface_${name} PUBLIC quantface_${dependency})
  endforeach()
  target_link_libraries(quantface_${name} PRIVATE ${ARG_LIBRARIES})
endfunction()

# quantface_test(NAME SOURCES file... DEPENDS module... [LIBRARIES lib...])
# One GoogleTest executable, one ctest entry. Its working directory is the source tree.
function(quantface_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE quantface_options GTest::gtest GTest::gtest_main ${ARG_LIBRARIES})
  foreach(dependency ${ARG_DEPENDS})
    target_link_libraries(${name} PRIVATE quantface_${dependency})
  endforeach()
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
endfunction()
