// Small stand-ins for images, by which the same image is found again without keeping all of them in memory.
#pragma once

#include <array>
#include <cstdint>

#include "faces/image.h"

namespace quantface {

// Under 800 bytes.
struct Fingerprint {
    static constexpr int kSide = 16;

    uint64_t hash = 0;  // FNV-1a of size and pixels
    int height = 0, width = 0;
    std::array<uint8_t, kSide * kSide * 3> means{};  // of 16 x 16 blocks that share the image out, by colour
};

Fingerprint fingerprint_of(const Image& image);

// Mean over all bytes of |a - b|, in [0, 255]; 255 where the sizes differ.
double mean_absolute_difference(const Image& a, const Image& b);

// A bound that the images' mean_absolute_difference is never below: means of blocks differ by no more than
// the blocks' pixels do on average.
double least_difference(const Fingerprint& a, const Fingerprint& b);

}  // namespace quantface
