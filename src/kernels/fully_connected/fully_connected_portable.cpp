// Plain C++, for CPUs without a kernel of their own.
#include "kernels/fully_connected/fully_connected.h"

namespace quantface {

namespace {

constexpr int kColumns = 32;

// The four parts of a group as bytes, from zero up.
void unpack(const std::byte* packed, int bits, uint8_t (&group)[4 * kColumns]) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(packed);
    for (int at = 0; at < kColumns; ++at) {
        group[at] = bytes[at] & 15;
        group[kColumns + at] = bytes[at] >> 4;
        group[2 * kColumns + at] = bytes[kColumns + at] & 15;
        group[3 * kColumns + at] = bytes[kColumns + at] >> 4;
    }
    if (bits != 6) return;
    for (int part = 0; part < 4; ++part) {
        for (int at = 0; at < kColumns; ++at) {
            const int upper = bytes[2 * kColumns + at] >> (2 * part) & 3;
            group[part * kColumns + at] = static_cast<uint8_t>(group[part * kColumns + at] | upper << 4);
        }
    }
}

}  // namespace

void run_fully_connected_portable(const FullyConnectedTask& task) {
    uint32_t sums[kColumns] = {};
    uint8_t group[4 * kColumns];
    const std::byte* packed = task.weights;
    for (int64_t depth = 0; depth < task.depth_groups; ++depth) {
        unpack(packed, task.bits, group);
        packed += task.bits == 6 ? 3 * kColumns : 2 * kColumns;
        const uint8_t* levels = task.levels + depth * 4;
        for (int column = 0; column < kColumns; ++column) {
            for (int entry = 0; entry < 4; ++entry) {
                sums[column] += static_cast<uint32_t>(group[column * 4 + entry]) * levels[entry];
            }
        }
    }
    int32_t corrected[kColumns];
    for (int column = 0; column < kColumns; ++column) {
        corrected[column] = static_cast<int32_t>(sums[column] + static_cast<uint32_t>(task.correction));
    }
    epilogue_from_accumulators_scalar(*task.epilogue, *task.data,
                                      {0, 1, task.first_channel, task.columns, kColumns}, corrected);
}

}  // namespace quantface
