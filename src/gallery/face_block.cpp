#include "gallery/face_block.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

#include "base/aligned_bytes.h"
#include "base/error.h"
#include "eval/embeddings.h"
#include "kernels/float/sgemm.h"
#include "kernels/kernel_set.h"

namespace quantface {

namespace {

constexpr int kHighUnit = 254;     // of a query's low level, in a high one
constexpr int kLevelOffset = 128;  // the kernels take levels from 0 up
constexpr size_t kAlignment = 64;

const ConvKernel& integer_kernel() {
    static const KernelSet set = chosen_kernel_set();
    return set.conv_for(kLargestProduct);
}

// A matrix product as a convolution of one line of pixels: two a query, a channel for each face.
ConvGeometry product_geometry(int dimension, int queries, int faces) {
    ConvGeometry geometry;
    geometry.in_width = geometry.out_width = 2 * queries;
    geometry.in_channels = dimension;
    geometry.out_channels = faces;
    return geometry;
}

}  // namespace

struct PackedQueries::Data {
    std::optional<PackedLeftMatrix> floats;
    std::vector<uint8_t> levels;  // (queries, high and low, dimension)
    std::vector<double> scales;   // of a low level, by query
};

PackedQueries::PackedQueries(FaceStore store, int dimension, std::span<const float> rows)
    : count_(static_cast<int>(rows.size() / static_cast<size_t>(dimension))),
      data_(std::make_unique<Data>()) {
    QF_CHECK(count_ >= 1 && count_ <= kMaxQueries &&
             rows.size() == static_cast<size_t>(count_) * static_cast<size_t>(dimension));
    std::vector<float> unit(rows.begin(), rows.end());
    if (normalize_embeddings(unit, dimension) > 0) fail_usage("a query without direction");
    if (store == FaceStore::kFloat) {
        data_->floats.emplace(unit.data(), nullptr, count_, dimension);
        return;
    }
    const auto width = static_cast<size_t>(dimension);
    data_->levels.resize(2 * unit.size());
    for (size_t query = 0; query < static_cast<size_t>(count_); ++query) {
        const std::span<const float> row(unit.data() + query * width, width);
        double largest = 0;
        for (const float number : row) largest = std::max(largest, std::abs(double{number}));
        const double high_scale = largest / 127, low_scale = high_scale / kHighUnit;
        uint8_t* high = data_->levels.data() + 2 * query * width;
        for (size_t i = 0; i < width; ++i) {
            const double high_level = std::nearbyint(row[i] / high_scale);
            const double rest = row[i] - high_level * high_scale;
            const double low_level = std::clamp(std::nearbyint(rest / low_scale), -127.0, 127.0);
            high[i] = static_cast<uint8_t>(high_level + kLevelOffset);
            high[width + i] = static_cast<uint8_t>(low_level + kLevelOffset);
        }
        data_->scales.push_back(low_scale);
    }
}

PackedQueries::~PackedQueries() = default;
PackedQueries::PackedQueries(PackedQueries&&) noexcept = default;

struct FaceBlock::Data {
    int dimension = 0;
    // float: panels of columns (kernels/float/sgemm.h)
    AlignedBytes panels;
    // int8: packed weights; by face the scale, and what kLevelOffset adds to its sums
    AlignedBytes weights;
    std::vector<float> scales, ones;
    std::vector<int32_t> bias;

    void pack_floats(std::span<const uint8_t> stored, int count, const std::string& where);
    void pack_levels(std::span<const uint8_t> stored, int count, const std::string& where);
};

void FaceBlock::Data::pack_floats(std::span<const uint8_t> stored, int count, const std::string& where) {
    const int columns = best_sgemm_kernel().columns();
    const auto panel_size = static_cast<size_t>(dimension * columns);
    const auto panel_count = static_cast<size_t>((count + columns - 1) / columns);
    const size_t bytes = stored_embedding_bytes(FaceStore::kFloat, dimension);
    panels = AlignedBytes(panel_count * panel_size * sizeof(float));
    std::vector<float> numbers(static_cast<size_t>(dimension));
    for (int face = 0; face < count; ++face) {
        restore_embedding(FaceStore::kFloat, stored.subspan(static_cast<size_t>(face) * bytes, bytes), where,
                          numbers);
        float* column = reinterpret_cast<float*>(panels.data()) +
                        static_cast<size_t>(face / columns) * panel_size + face % columns;
        for (int i = 0; i < dimension; ++i) column[i * columns] = numbers[static_cast<size_t>(i)];
    }
}

void FaceBlock::Data::pack_levels(std::span<const uint8_t> stored, int count, const std::string& where) {
    const size_t bytes = stored_embedding_bytes(FaceStore::kInt8, dimension);
    const auto width = static_cast<size_t>(dimension);
    std::vector<int8_t> levels(static_cast<size_t>(count) * width);
    bias.assign(static_cast<size_t>(count) + kChannelSlack, 0);
    ones.assign(bias.size(), 1);
    for (int face = 0; face < count; ++face) {
        const auto row = stored.subspan(static_cast<size_t>(face) * bytes, bytes);
        scales.push_back(check_stored_embedding(FaceStore::kInt8, row, dimension, where));
        int8_t* target = levels.data() + static_cast<size_t>(face) * width;
        std::memcpy(target, row.data() + sizeof(float), width);
        int32_t sum = 0;
        for (size_t i = 0; i < width; ++i) sum += target[i];
        bias[static_cast<size_t>(face)] = -kLevelOffset * sum;
    }
    weights = pack_conv(integer_kernel(), product_geometry(dimension, 1, count), levels.data());
}

FaceBlock::FaceBlock(FaceStore store, int dimension, std::span<const uint8_t> stored,
                     const std::string& where)
    : count_(static_cast<int>(stored.size() / stored_embedding_bytes(store, dimension))),
      data_(std::make_unique<Data>()) {
    QF_CHECK(count_ >= 1 && count_ <= kMaxBlockFaces);
    data_->dimension = dimension;
    store == FaceStore::kFloat ? data_->pack_floats(stored, count_, where)
                               : data_->pack_levels(stored, count_, where);
}

FaceBlock::~FaceBlock() = default;
FaceBlock::FaceBlock(FaceBlock&&) noexcept = default;

size_t FaceBlock::memory_bytes() const {
    return sizeof *this + sizeof(Data) + data_->panels.size() + data_->weights.size() +
           (data_->scales.size() + data_->ones.size() + data_->bias.size()) * sizeof(float);
}

namespace {

void multiply_floats(const PackedLeftMatrix& queries, const float* panels, int count, float* scores,
                     ScoreScratch& scratch) {
    scratch.numbers.resize(queries.scratch_size());
    const int columns = queries.panel_columns();
    for (int face = 0; face < count; face += columns) {
        queries.multiply_panel(panels + static_cast<size_t>(face / columns) * queries.panel_size(),
                               std::min(columns, count - face), scores + face, count, scratch.numbers.data());
    }
}

}  // namespace

void FaceBlock::score(const PackedQueries& queries, ScoreScratch& scratch, std::span<float> scores) const {
    const auto count = static_cast<size_t>(count_), rows = static_cast<size_t>(queries.count());
    QF_CHECK(scores.size() == rows * count);
    if (queries.data_->floats) {
        multiply_floats(*queries.data_->floats, reinterpret_cast<const float*>(data_->panels.data()), count_,
                        scores.data(), scratch);
        return;
    }
    const ConvKernel& kernel = integer_kernel();
    const ConvGeometry geometry = product_geometry(data_->dimension, queries.count(), count_);
    scratch.numbers.resize(2 * rows * count);
    scratch.bytes.resize(conv_scratch_bytes(kernel, geometry) + kAlignment);
    EpilogueParams epilogue;
    epilogue.channels = count_;
    epilogue.bias = data_->bias.data();
    epilogue.multiplier = data_->ones.data();
    epilogue.outputs[0].is_float = true;
    ConvArguments arguments;
    arguments.geometry = &geometry;
    arguments.input = queries.data_->levels.data();
    arguments.weight = reinterpret_cast<const int8_t*>(data_->weights.data());
    arguments.epilogue = &epilogue;
    arguments.data.outputs[0] = scratch.numbers.data();
    void* aligned = scratch.bytes.data();
    size_t room = scratch.bytes.size();
    std::align(kAlignment, room - kAlignment, aligned, room);
    arguments.scratch = static_cast<std::byte*>(aligned);
    run_conv(kernel, arguments, whole(geometry));
    // The sums are whole numbers below 2^24 (up to 1040 numbers an embedding; float32 of it beyond).
    for (size_t query = 0; query < rows; ++query) {
        const float* high = scratch.numbers.data() + 2 * query * count;
        const float* low = high + count;
        const double scale = queries.data_->scales[query];
        for (size_t face = 0; face < count; ++face) {
            scores[query * count + face] = static_cast<float>((kHighUnit * double{high[face]} + low[face]) *
                                                              scale * double{data_->scales[face]});
        }
    }
}

}  // namespace quantface
