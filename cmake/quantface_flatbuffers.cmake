# quantface_flatbuffers: FlatBuffers' headers, and quantface_schema(), which makes a C++ header of a schema.
# The compiler of schemas runs while building, and the headers are the same for every CPU: both are the host's, also in
# a cross build. The headers are linked into a folder of the build, as the one where they lie has the host's others.
find_program(QUANTFACE_FLATC flatc REQUIRED)
find_path(QUANTFACE_FLATBUFFERS_INCLUDE flatbuffers/flatbuffers.h REQUIRED NO_CMAKE_FIND_ROOT_PATH)
set(flatbuffers_headers ${PROJECT_BINARY_DIR}/flatbuffers_headers)
file(MAKE_DIRECTORY ${flatbuffers_headers})
file(CREATE_LINK ${QUANTFACE_FLATBUFFERS_INCLUDE}/flatbuffers ${flatbuffers_headers}/flatbuffers SYMBOLIC)
add_library(quantface_flatbuffers INTERFACE)
target_include_directories(quantface_flatbuffers SYSTEM INTERFACE ${flatbuffers_headers})

# quantface_schema(SCHEMA HEADER_VARIABLE [flatc option...]): ${HEADER_VARIABLE} becomes the path of the header, which
# is made in the folder `generated` of the caller's build folder.
function(quantface_schema schema header_variable)
  get_filename_component(name ${schema} NAME_WE)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/generated)
  set(header ${folder}/${name}_generated.h)
  add_custom_command(
    OUTPUT ${header}
    COMMAND ${QUANTFACE_FLATC} --cpp --scoped-enums ${ARGN} -o ${folder} ${CMAKE_CURRENT_SOURCE_DIR}/${schema}
    DEPENDS ${schema}
    COMMENT "Generating ${name}_generated.h"
    VERBATIM)
  set(${header_variable} ${header} PARENT_SCOPE)
endfunction()
