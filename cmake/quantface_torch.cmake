# quantface_torch: libtorch, for the module `train` alone.
find_package(Torch REQUIRED)
# Its headers as system headers (they are not clean under our warnings), its macros and libraries.
add_library(quantface_torch INTERFACE)
target_include_directories(quantface_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
target_link_libraries(quantface_torch INTERFACE ${TORCH_LIBRARIES})
separate_arguments(torch_flags UNIX_COMMAND "${TORCH_CXX_FLAGS}")
target_compile_options(quantface_torch INTERFACE ${torch_flags})
# at::parallel_for lives in libtorch's headers: without OpenMP here it quietly runs on one thread.
find_package(OpenMP REQUIRED COMPONENTS CXX)
target_link_libraries(quantface_torch INTERFACE OpenMP::OpenMP_CXX)
