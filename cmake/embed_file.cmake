# cmake -DINPUT=<file> -DOUTPUT=<file.cpp> -DNAME=<kName> -P embed_file.cmake: the bytes as kName[] and kNameBytes in namespace
# quantface.
file(READ "${INPUT}" bytes HEX)
string(LENGTH "${bytes}" digits)
math(EXPR count "${digits} / 2")
string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE "${OUTPUT}" "#include <cstddef>
namespace quantface {
extern const unsigned char ${NAME}[];
extern const std::size_t ${NAME}Bytes;
const unsigned char ${NAME}[] = {
${bytes}};
const std::size_t ${NAME}Bytes = ${count};
}  // namespace quantface
")
