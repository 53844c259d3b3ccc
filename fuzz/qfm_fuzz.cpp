// Model files from hostile bytes. The input is taken twice: as a file, where the checksums stop nearly
// everything, and as a file whose section table is made right, so that structure and parameters are reached.
// Whatever the bytes, the only exception is quantface::Error in one line; what is accepted is written and
// read again without a change, and runs.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "base/crc32c.h"
#include "base/error.h"
#include "formats/qfm.h"

#ifdef QUANTFACE_FUZZ_EXECUTOR
#include "runtime/integer_executor.h"
#endif

namespace {

using quantface::IntegerModel;

constexpr size_t kTableStart = 12, kEntryBytes = 28;

template <typename T>
T load(const std::vector<uint8_t>& bytes, size_t position) {
    T number;
    std::memcpy(&number, bytes.data() + position, sizeof(T));
    return number;
}

template <typename T>
void store(std::vector<uint8_t>& bytes, size_t position, T number) {
    std::memcpy(bytes.data() + position, &number, sizeof(T));
}

// Magic, version, section offsets, the last section's length and all checksums as they must be; the other
// lengths are cut to what is there.
std::vector<uint8_t> with_right_table(std::vector<uint8_t> bytes) {
    if (bytes.size() < kTableStart) return bytes;
    const size_t room = (bytes.size() - kTableStart) / kEntryBytes;
    const size_t sections = std::min<size_t>({load<uint32_t>(bytes, 8) % 5, room});
    size_t offset = kTableStart + sections * kEntryBytes + 4;
    if (sections == 0 || offset > bytes.size()) return bytes;
    const uint32_t version = load<uint32_t>(bytes, 4) == 2 ? 2 : 1;
    std::memcpy(bytes.data(), "QFM\x1a", 4);
    store(bytes, 4, version);
    store(bytes, 8, static_cast<uint32_t>(sections));
    for (size_t index = 0; index < sections; ++index) {
        const size_t entry = kTableStart + index * kEntryBytes;
        const uint64_t left = bytes.size() - offset;
        const uint64_t length =
            index + 1 == sections ? left : std::min(load<uint64_t>(bytes, entry + 16), left);
        store(bytes, entry + 8, static_cast<uint64_t>(offset));
        store(bytes, entry + 16, length);
        store(bytes, entry + 24, quantface::crc32c(std::span(bytes).subspan(offset, length)));
        offset += length;
    }
    const size_t table_end = kTableStart + sections * kEntryBytes;
    store(bytes, table_end, quantface::crc32c(std::span(bytes).first(table_end)));
    return bytes;
}

#ifdef QUANTFACE_FUZZ_EXECUTOR
// Models that the scalar reference runs in a moment.
bool is_quick(const IntegerModel& model) {
    int64_t steps = 0, elements = 0;
    for (const auto& value : model.values) elements += value.shape.size();
    for (const auto& node : model.nodes) {
        steps += quantface::multiply_accumulates(model, node);
        const auto* largest = std::get_if<quantface::IntegerMaxPool>(&node.op);
        const auto* average = std::get_if<quantface::IntegerAveragePool>(&node.op);
        const quantface::Window* window = largest ? &largest->window : average ? &average->window : nullptr;
        if (window) {
            const auto& output = model.values[quantface::outputs_of(node)[0]].shape;
            steps += output.size() * window->kernel_height * window->kernel_width;
        }
    }
    return steps < 2'000'000 && elements < 1'000'000;
}

void run(const IntegerModel& model) {
    if (!is_quick(model)) return;
    const auto& input = model.values[model.input].shape;
    std::vector<uint8_t> pixels(static_cast<size_t>(input.size()));
    for (size_t index = 0; index < pixels.size(); ++index) pixels[index] = static_cast<uint8_t>(index * 37);
    std::vector<float> reference(static_cast<size_t>(model.embedding_size())), best(reference.size());
    const auto embed = [&](quantface::KernelChoice choice, std::vector<float>& embedding) {
        const quantface::IntegerExecutor executor(model, choice);
        const auto workspace = executor.make_workspace();
        executor.run(pixels, embedding, *workspace);
    };
    embed(quantface::KernelChoice::kScalarReference, reference);
    embed(quantface::KernelChoice::kBest, best);
    if (std::memcmp(reference.data(), best.data(), reference.size() * sizeof(float)) != 0) std::abort();
}
#else
void run(const IntegerModel&) {}
#endif

void decode(std::span<const uint8_t> bytes) {
    try {
        const IntegerModel model = quantface::decode_qfm(bytes, "fuzz.qfm");
        const std::vector<uint8_t> written = quantface::encode_qfm(model);
        if (quantface::encode_qfm(quantface::decode_qfm(written, "again.qfm")) != written) std::abort();
        run(model);
    } catch (const quantface::Error& error) {
        const std::string_view line = error.what();
        if (error.kind() != quantface::ErrorKind::kBadInput || line.find('\n') != line.npos ||
            line.substr(0, 10) != "fuzz.qfm: ") {
            std::abort();
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    decode({data, size});
    decode(with_right_table({data, data + size}));
    return 0;
}
