#include "gallery/stored_embedding.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "eval/embeddings.h"

namespace quantface {

namespace {

static_assert(std::endian::native == std::endian::little, "embeddings are stored as they lie in memory");

constexpr float kLargestLevel = 127;
// How far from 1 a stored length may be: rounding makes it 1e-7, damage much more.
constexpr double kLengthTolerance = 1e-4;

double length(std::span<const float> numbers) {
    double sum = 0;
    for (const float number : numbers) sum += double{number} * number;
    return std::sqrt(sum);
}

int64_t sum_of_squares(const int8_t* levels, int dimension) {
    int64_t sum = 0;
    for (int i = 0; i < dimension; ++i) sum += int64_t{levels[i]} * levels[i];
    return sum;
}

void require_length_one(double size, const std::string& where) {
    // Also where it is not a number.
    if (!(std::abs(size - 1) <= kLengthTolerance))
        fail_bad_input(where + ": damaged: no embedding of length 1");
}

void store_int8(std::span<const float> embedding, std::vector<uint8_t>& stored) {
    float largest = 0;
    for (const float number : embedding) largest = std::max(largest, std::abs(number));
    auto* levels = reinterpret_cast<int8_t*>(stored.data() + sizeof(float));
    for (size_t i = 0; i < embedding.size(); ++i) {
        // Divided first: the largest becomes 1 and then 127 exactly, whatever its size.
        levels[i] = static_cast<int8_t>(std::nearbyint(embedding[i] / largest * kLargestLevel));
    }
    const auto scale = static_cast<float>(
        1 / std::sqrt(static_cast<double>(sum_of_squares(levels, static_cast<int>(embedding.size())))));
    std::memcpy(stored.data(), &scale, sizeof scale);
}

void store_float(std::span<const float> embedding, std::vector<uint8_t>& stored) {
    std::vector<float> unit(embedding.begin(), embedding.end());
    normalize_embeddings(unit, static_cast<int64_t>(unit.size()));
    std::memcpy(stored.data(), unit.data(), stored.size());
}

}  // namespace

std::string face_store_name(FaceStore store) {
    return store == FaceStore::kInt8 ? "int8" : "float";
}

FaceStore face_store_of(const std::string& name) {
    if (name == "int8") return FaceStore::kInt8;
    if (name != "float") fail_usage("a store '" + name + "'; there are int8 and float");
    return FaceStore::kFloat;
}

size_t stored_embedding_bytes(FaceStore store, int dimension) {
    const auto numbers = static_cast<size_t>(dimension);
    return store == FaceStore::kInt8 ? sizeof(float) + numbers : numbers * sizeof(float);
}

std::vector<uint8_t> store_embedding(FaceStore store, std::span<const float> embedding) {
    if (!is_valid_embedding(embedding)) fail_usage("an embedding without direction cannot be stored");
    std::vector<uint8_t> stored(stored_embedding_bytes(store, static_cast<int>(embedding.size())));
    store == FaceStore::kInt8 ? store_int8(embedding, stored) : store_float(embedding, stored);
    return stored;
}

float check_stored_embedding(FaceStore store, std::span<const uint8_t> stored, int dimension,
                             const std::string& where) {
    if (stored.size() != stored_embedding_bytes(store, dimension)) {
        fail_bad_input(where + ": damaged: an embedding of " + std::to_string(stored.size()) + " bytes");
    }
    if (store == FaceStore::kFloat) {
        std::vector<float> numbers(static_cast<size_t>(dimension));
        std::memcpy(numbers.data(), stored.data(), stored.size());
        require_length_one(length(numbers), where);
        return 1;
    }
    float scale = 0;
    std::memcpy(&scale, stored.data(), sizeof scale);
    const auto* levels = reinterpret_cast<const int8_t*>(stored.data() + sizeof scale);
    if (std::find(levels, levels + dimension, int8_t{-128}) != levels + dimension) {
        fail_bad_input(where + ": damaged: a level of -128");
    }
    const double size = std::sqrt(static_cast<double>(sum_of_squares(levels, dimension)));
    require_length_one(scale * size, where);
    return scale;
}

void restore_embedding(FaceStore store, std::span<const uint8_t> stored, const std::string& where,
                       std::span<float> embedding) {
    const float scale = check_stored_embedding(store, stored, static_cast<int>(embedding.size()), where);
    if (store == FaceStore::kFloat) {
        std::memcpy(embedding.data(), stored.data(), stored.size());
        return;
    }
    const auto* levels = reinterpret_cast<const int8_t*>(stored.data() + sizeof(float));
    for (size_t i = 0; i < embedding.size(); ++i) embedding[i] = scale * static_cast<float>(levels[i]);
}

}  // namespace quantface
