#include "cli/layer_noise.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "runtime/float_executor.h"
#include "runtime/integer_executor.h"

namespace quantface {

namespace {

// Of one channel: x the teacher's numbers, y the student's levels.
struct Sums {
    double count = 0, x = 0, y = 0, xx = 0, yy = 0, xy = 0;

    void add(double a, double b) {
        ++count;
        x += a;
        y += b;
        xx += a * a;
        yy += b * b;
        xy += a * b;
    }
    double variance() const { return std::max(0.0, xx / count - x / count * (x / count)); }
    // The part of the variance that a straight line in y does not explain.
    double noise() const {
        const double vy = yy / count - y / count * (y / count), vxy = xy / count - x / count * (y / count);
        const double explained = vy > 0 ? vxy * vxy / vy : 0;
        return std::max(0.0, variance() - explained);
    }
};

// A node's output and the teacher's value of that name.
struct Watched {
    std::string node;
    ValueId teacher = kNoValue, student = kNoValue;
    Shape shape;
};

std::vector<Watched> watched_values(const Graph& teacher, const IntegerModel& student) {
    std::unordered_map<std::string, ValueId> by_name;
    for (size_t i = 0; i < teacher.values.size(); ++i)
        by_name[teacher.values[i].name] = static_cast<ValueId>(i);
    std::vector<Watched> watched;
    for (const IntegerNode& node : student.nodes) {
        for (const ValueId output : outputs_of(node)) {
            const IntegerValue& value = student.values[output];
            const auto found = by_name.find(value.name);
            if (found == by_name.end() || !(teacher.values[found->second].shape == value.shape)) continue;
            watched.push_back({node.name, found->second, output, value.shape});
            break;
        }
    }
    return watched;
}

// One thread's sums: of each watched value, each channel.
using AllSums = std::vector<std::vector<Sums>>;

void add_image(const std::vector<Watched>& watched, const std::vector<std::vector<float>>& teacher,
               const std::vector<std::vector<float>>& student, AllSums& sums) {
    for (size_t w = 0; w < watched.size(); ++w) {
        const auto channels = static_cast<size_t>(watched[w].shape.channels);
        const size_t positions = teacher[w].size() / channels;
        for (size_t c = 0; c < channels; ++c) {
            for (size_t p = 0; p < positions; ++p) {
                sums[w][c].add(teacher[w][c * positions + p], student[w][p * channels + c]);
            }
        }
    }
}

// Both networks on one image; values in the order of `watched`.
void run_both(const std::vector<Watched>& watched, const FloatExecutor& teacher,
              const IntegerExecutor& student, std::span<const float> input, std::span<const uint8_t> pixels,
              int size, AllSums& sums) {
    std::vector<std::vector<float>> of_teacher(watched.size()), of_student(watched.size());
    std::vector<float> embedding(static_cast<size_t>(size));
    const auto teacher_workspace = teacher.make_workspace();
    teacher.run(input, embedding, *teacher_workspace, [&](ValueId value, std::span<const float> data) {
        for (size_t w = 0; w < watched.size(); ++w) {
            if (watched[w].teacher == value) of_teacher[w].assign(data.begin(), data.end());
        }
    });
    const auto student_workspace = student.make_workspace();
    student.run(pixels, embedding, *student_workspace,
                [&](ValueId value, std::span<const uint8_t> levels, std::span<const float> numbers) {
                    for (size_t w = 0; w < watched.size(); ++w) {
                        if (watched[w].student != value) continue;
                        of_student[w].assign(levels.begin(), levels.end());
                        if (levels.empty()) of_student[w].assign(numbers.begin(), numbers.end());
                    }
                });
    add_image(watched, of_teacher, of_student, sums);
}

}  // namespace

std::map<std::string, double> measure_layer_noise(const Graph& teacher, const IntegerModel& student,
                                                  const CalibrationImages& images, ThreadPool& pool,
                                                  Progress& progress) {
    const std::vector<Watched> watched = watched_values(teacher, student);
    const FloatExecutor teacher_executor(teacher);
    const IntegerExecutor student_executor(student);
    std::vector<AllSums> sums(static_cast<size_t>(pool.size()));
    for (AllSums& part : sums) {
        for (const Watched& value : watched) part.emplace_back(static_cast<size_t>(value.shape.channels));
    }
    const auto count = static_cast<int64_t>(images.pixels.size());
    progress.start("noise of layers, images", count);
    pool.parallel_for(count, [&](int64_t i, int thread) {
        if (progress.stop_requested()) fail_work("interrupted");
        const auto image = static_cast<size_t>(i);
        run_both(watched, teacher_executor, student_executor, images.network_input[image],
                 images.pixels[image], teacher.embedding_size(), sums[static_cast<size_t>(thread)]);
        progress.advance(1);
    });
    progress.finish();
    std::map<std::string, double> decibels;
    for (size_t w = 0; w < watched.size(); ++w) {
        double signal = 0, noise = 0;
        for (size_t c = 0; c < sums[0][w].size(); ++c) {
            Sums total;
            for (const AllSums& part : sums) {
                const Sums& s = part[w][c];
                total = {total.count + s.count, total.x + s.x,   total.y + s.y,
                         total.xx + s.xx,       total.yy + s.yy, total.xy + s.xy};
            }
            if (total.count == 0) continue;
            signal += total.variance();
            noise += total.noise();
        }
        if (signal > 0 && noise > 0) decibels[watched[w].node] = 10 * std::log10(signal / noise);
    }
    return decibels;
}

}  // namespace quantface
