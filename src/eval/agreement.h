// How faithfully a student network repeats its teacher's embeddings. Accuracy on easy benchmarks hides damage
// that this shows.
#pragma once

#include <cstdint>
#include <span>

namespace quantface {

// Cosines between the two embeddings of each image, in [-1, 1].
struct EmbeddingAgreement {
    int64_t images = 0;
    double mean = 0;
    double standard_deviation = 0;  // population
    double minimum = 0;
    double first_percentile = 0;  // linear between ranks, as NumPy's percentile does
    // Student embeddings without a direction (zero, infinite or not a number); each counts as cosine 0 above.
    int64_t invalid_embeddings = 0;
};

// Two matrices images x dimension, row i of both of one image; raw or normalised. Throws Error(kUsage) where
// the sizes disagree or there is no image, Error(kFailed) where an embedding of the teacher has no direction:
// there is nothing to agree with.
EmbeddingAgreement measure_agreement(std::span<const float> student, std::span<const float> teacher,
                                     int64_t dimension);

}  // namespace quantface
