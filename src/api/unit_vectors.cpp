#include "api/unit_vectors.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace quantface {

namespace {

double dot(std::span<const float> a, std::span<const float> b) {
    double sum = 0;
    for (size_t index = 0; index < a.size(); ++index) sum += static_cast<double>(a[index]) * b[index];
    return sum;
}

}  // namespace

void normalize(std::span<float> embedding) {
    const double length = std::sqrt(dot(embedding, embedding));
    if (length == 0) return;
    for (float& number : embedding) number = static_cast<float>(number / length);
}

float cosine(std::span<const float> a, std::span<const float> b) {
    // Each root by itself: the product of two squared lengths may leave double's range.
    const double lengths = std::sqrt(dot(a, a)) * std::sqrt(dot(b, b));
    if (lengths == 0) return 0;
    return static_cast<float>(std::clamp(dot(a, b) / lengths, -1.0, 1.0));
}

}  // namespace quantface
