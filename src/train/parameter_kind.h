// What a student learns, and in which units: all such that one learning rate fits every layer and bit width.
// (With observed quantizers, student.h, weights, biases and affine maps are in real units instead.)
#pragma once

namespace quantface {

enum class ParameterKind {
    kWeight,       // in levels of the starting scale
    kWeightScale,  // logarithm, relative to the starting scale
    kBias,         // distance from the starting bias, in starting steps of the output
    kSlope,        // as it is
    kAffine,       // relative to the starting scale; the shift in starting steps of the output
    kStep,         // logarithm, relative to the starting step
    kZeroPoint,    // in levels
    kRange,        // the least or greatest number seen; not learned by gradients
};

}  // namespace quantface
