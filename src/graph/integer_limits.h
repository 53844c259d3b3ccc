// How large an integer model may be: far above any face network, far below what would overflow, exhaust
// memory or run for hours when a hostile file asks for it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace quantface {

constexpr size_t kMaxIntegerValues = size_t{1} << 16;
constexpr size_t kMaxIntegerNodes = size_t{1} << 16;
constexpr int kMaxChannels = 1 << 16;
constexpr int kMaxExtent = 1 << 15;                     // height or width, pixels
constexpr int64_t kMaxValueSize = int64_t{1} << 27;     // elements of one value
constexpr int64_t kMaxValueSizeSum = int64_t{1} << 30;  // elements of all values
constexpr int64_t kMaxWork = int64_t{1} << 40;          // multiply-accumulates and window reads per image
constexpr size_t kMaxNameBytes = 1024;                  // of a model, node or value
constexpr size_t kMaxRecordBytes = size_t{1} << 20;

// No real number that the executor computes may exceed this, so none becomes infinite and then NaN.
constexpr double kMaxReal = 1e30;

}  // namespace quantface
