// Several sources as one.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "faces/image_source.h"

namespace quantface {

struct MixedPart {
    std::unique_ptr<ImageSource> source;
    int64_t weight = 1;  // of `sum of all weights` consecutive images, as many come from here
};

// The images of the parts, each in its own order, interleaved such that every beginning of the sequence holds
// the shares: of the first n images a part with the share s gives s * n, up to less than one image more or
// less (Tijdeman, "The chairman assignment problem", Discrete Mathematics 32, 1980). Ends before the image
// for which a part has no more; endless where all parts are. Throws Error(kUsage) for fewer than two parts,
// weights below 1, or weights that, divided by their greatest common divisor, sum up to more than 2^20.
std::unique_ptr<ImageSource> make_mixed_source(std::vector<MixedPart> parts);

}  // namespace quantface
