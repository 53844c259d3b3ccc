// Documents of evaluations as `quantface eval` writes them, with figures of the size of the paper's.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace quantface::test {

// Four networks (a float32 teacher first) on seven benchmarks: five packs, IJB with identification, an
// identity folder with few pairs. The last network lacks what may be lacking, and one rate is not supported.
// Pictures are rendered faces. Run in the source tree.
nlohmann::ordered_json sample_evaluation();

// The same with one network alone, no teacher, no pictures.
nlohmann::ordered_json one_network();

// Names that try to be markup, script or no text at all in every place where a name may stand, and one very
// long one.
nlohmann::ordered_json hostile_evaluation();
inline constexpr const char* kHostileName = "</script><b id=\"hostile\" onclick='x'>\"x\" & <!--";

}  // namespace quantface::test
