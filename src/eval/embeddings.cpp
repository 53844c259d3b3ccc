#include "eval/embeddings.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace quantface {

namespace {
double squared_length(std::span<const float> row) {
    double sum = 0;
    for (const float x : row) sum += static_cast<double>(x) * x;
    return sum;
}
}  // namespace

bool is_valid_embedding(std::span<const float> embedding) {
    // A square of a finite float never overflows a double, so the sum is finite exactly if all elements are.
    const double square = squared_length(embedding);
    return std::isfinite(square) && square > 0;
}

int64_t normalize_embeddings(std::span<float> rows, int64_t dimension) {
    if (dimension < 1 || rows.size() % static_cast<size_t>(dimension) != 0) {
        fail_usage(std::to_string(rows.size()) + " numbers do not make embeddings of " +
                   std::to_string(dimension));
    }
    const auto width = static_cast<size_t>(dimension);
    int64_t invalid = 0;
    for (size_t start = 0; start < rows.size(); start += width) {
        const auto row = rows.subspan(start, width);
        if (is_valid_embedding(row)) {
            const double length = std::sqrt(squared_length(row));
            for (float& x : row) x = static_cast<float>(x / length);
        } else {
            std::fill(row.begin(), row.end(), 0.0f);
            ++invalid;
        }
    }
    return invalid;
}

double cosine_similarity(std::span<const float> a, std::span<const float> b) {
    QF_CHECK(a.size() == b.size());
    double dot = 0;
    for (size_t i = 0; i < a.size(); ++i) dot += static_cast<double>(a[i]) * b[i];
    // Two roots: the product of the squares could leave the range of double.
    const double cosine = dot / std::sqrt(squared_length(a)) / std::sqrt(squared_length(b));
    QF_CHECK(std::isfinite(cosine));
    return std::clamp(cosine, -1.0, 1.0);
}

double normalized_distance(std::span<const float> a, std::span<const float> b) {
    QF_CHECK(a.size() == b.size());
    const double length_a = std::sqrt(squared_length(a)), length_b = std::sqrt(squared_length(b));
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i) {
        const double difference = a[i] / length_a - b[i] / length_b;
        sum += difference * difference;
    }
    QF_CHECK(std::isfinite(sum));
    return std::min(sum, 4.0);
}

std::vector<float> sum_of_flips(std::span<const float> plain, std::span<const float> mirrored) {
    if (plain.size() != mirrored.size())
        fail_usage("embeddings of images and of their mirror images differ in number");
    std::vector<float> sum(plain.size());
    std::transform(plain.begin(), plain.end(), mirrored.begin(), sum.begin(),
                   [](float a, float b) { return a + b; });
    return sum;
}

}  // namespace quantface
