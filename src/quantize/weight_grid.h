// Which levels weights have.
#pragma once

namespace quantface {

enum class WeightGrid {
    kSymmetric,   // zero in the middle: level * scale
    kAsymmetric,  // a zero point for each output channel: (level - zero point) * scale, as the paper has it
};

}  // namespace quantface
