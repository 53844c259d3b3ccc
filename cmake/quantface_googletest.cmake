# GTest::gtest and GTest::gtest_main: the installed library, or, as that is the host's, built from Debian's source package
# (googletest) in a cross build.
if(NOT CMAKE_CROSSCOMPILING)
  find_package(GTest REQUIRED)
  return()
endif()
set(QUANTFACE_GOOGLETEST_SOURCE /usr/src/googletest CACHE PATH "GoogleTest's source tree, for cross builds")
if(NOT EXISTS ${QUANTFACE_GOOGLETEST_SOURCE}/CMakeLists.txt)
  message(FATAL_ERROR "no GoogleTest in ${QUANTFACE_GOOGLETEST_SOURCE}: install the package googletest, set "
                      "QUANTFACE_GOOGLETEST_SOURCE, or build without tests (-DQUANTFACE_TESTS=OFF)")
endif()
set(BUILD_GMOCK OFF CACHE BOOL "" FORCE)
set(INSTALL_GTEST OFF CACHE BOOL "" FORCE)
add_subdirectory(${QUANTFACE_GOOGLETEST_SOURCE} ${PROJECT_BINARY_DIR}/googletest EXCLUDE_FROM_ALL)
foreach(library gtest gtest_main)
  if(NOT TARGET GTest::${library})
    add_library(GTest::${library} ALIAS ${library})
  endif()
  target_compile_options(${library} PRIVATE -w)  # not ours to mend
endforeach()
