# Writes a C++ file with a function that gives the bytes of some files, one after the other.
# Usage: cmake -DOUTPUT=out.cpp -DFUNCTION=page_style -DFILES="a.css,b.css" -P embed_files.cmake
cmake_minimum_required(VERSION 3.22)

string(REPLACE "," ";" files "${FILES}")
set(literals "")
set(bytes 0)
foreach(file ${files})
  file(READ "${file}" hex HEX)
  string(LENGTH "${hex}" digits)
  math(EXPR bytes "${bytes} + ${digits} / 2")
  # Every byte as its number: nothing in a file can end the literal.
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" escaped "${hex}")
  string(APPEND literals "    \"${escaped}\"\n")
endforeach()
file(WRITE "${OUTPUT}" "#include \"report/page_files.h\"\n\nnamespace quantface::report {\n\n"
                       "std::string_view ${FUNCTION}() {\n  static const char kBytes[] =\n    \"\"\n${literals}    ;\n"
                       "  return {kBytes, ${bytes}};\n}\n\n}  // namespace quantface::report\n")
