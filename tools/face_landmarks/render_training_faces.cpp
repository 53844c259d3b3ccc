// Rendered faces with their landmarks, for train.py: what the built-in detector's landmarks are learned from.
// No photograph goes in.
//   render_training_faces OUT COUNT [SEED]
// writes COUNT records of 160 x 160 bytes (luma, rows from the top) and 12 float32: the five landmarks in
// pixels, yaw and pitch in degrees. Needs the head model (`quantface assets`).
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/rng.h"
#include "base/thread_pool.h"
#include "synth/face_renderer.h"
#include "synth/head/head_model.h"

namespace quantface {
namespace {

constexpr int kSide = 160;
constexpr size_t kPixels = size_t{kSide} * kSide, kRecordBytes = kPixels + 12 * sizeof(float);

void render_record(uint64_t seed, uint64_t index, const FaceRenderOptions& base, uint8_t* record) {
    // More around the face in one picture than in another.
    FaceRenderOptions options = base;
    options.span = static_cast<float>(Rng(seed, index).uniform(1.3, 1.8));
    FaceRenderInfo info;
    const Image image = render_face(seed, index, 0, options, &info);
    for (size_t i = 0; i < kPixels; ++i) {
        const uint8_t* rgb = &image.rgb[3 * i];
        record[i] = static_cast<uint8_t>(std::lround(0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]));
    }
    std::vector<float> numbers;
    for (const auto& point : info.landmarks) numbers.insert(numbers.end(), point.begin(), point.end());
    numbers.insert(numbers.end(), {info.yaw, info.pitch});
    std::memcpy(record + kPixels, numbers.data(), numbers.size() * sizeof(float));
}

int run(const std::vector<std::string>& arguments) {
    if (arguments.size() < 3) fail_usage("render_training_faces OUT COUNT [SEED]");
    const auto count = std::stoll(arguments[2]);
    const uint64_t seed = arguments.size() > 3 ? std::stoull(arguments[3]) : 20260101;
    FaceRenderOptions options;
    options.size = kSide;
    options.head = installed_head_model();
    if (options.head == nullptr) fail_usage("no head model in the cache: run `quantface assets` first");
    std::vector<uint8_t> bytes(static_cast<size_t>(count) * kRecordBytes);
    ThreadPool pool;
    pool.parallel_for(count, [&](int64_t i, int) {
        render_record(seed, static_cast<uint64_t>(i), options, &bytes[static_cast<size_t>(i) * kRecordBytes]);
    });
    write_file_atomically(arguments[1], bytes);
    return 0;
}

}  // namespace
}  // namespace quantface

int main(int argc, char** argv) {
    try {
        return quantface::run({argv, argv + argc});
    } catch (const std::exception& error) {
        std::fprintf(stderr, "render_training_faces: %s\n", error.what());
        return 1;
    }
}
