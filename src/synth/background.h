// What is behind the head: out-of-focus rooms, crowds, lights, walls.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "synth/vec.h"

namespace quantface {

// size x size display-referred values (0 to 1 per channel, rows from the top), deterministic for the seed.
// open: by pixel; where it is 0 nothing is seen of the background, and the value is any.
std::vector<Vec3> render_background(int size, uint32_t seed, std::span<const float> open);

}  // namespace quantface
