// Whole networks: every instruction set gives the reference's bits in every value.
#include "runtime/integer_executor.h"

#include <gtest/gtest.h>

#include <bit>
#include <map>
#include <set>
#include <thread>

#include "kernels/kernel_set.h"
#include "random_iresnet.h"
#include "random_models.h"
#include "runtime/integer_arena.h"

namespace quantface {
namespace {

// All values of one run, numbers as their bits.
using Values = std::map<ValueId, std::vector<uint32_t>>;

Values run_all(const IntegerExecutor& executor, const IntegerModel& model,
               const std::vector<uint8_t>& pixels) {
    Values values;
    std::vector<float> embedding(static_cast<size_t>(model.embedding_size()));
    const auto workspace = executor.make_workspace();
    executor.run(pixels, embedding, *workspace,
                 [&](ValueId value, std::span<const uint8_t> levels, std::span<const float> numbers) {
                     std::vector<uint32_t>& entries = values[value];
                     EXPECT_TRUE(entries.empty()) << "reported twice";
                     entries.assign(levels.begin(), levels.end());
                     for (const float number : numbers) entries.push_back(std::bit_cast<uint32_t>(number));
                     EXPECT_EQ(entries.size(), static_cast<size_t>(model.values[value].shape.size()));
                 });
    std::vector<uint32_t> last;
    for (const float number : embedding) last.push_back(std::bit_cast<uint32_t>(number));
    EXPECT_EQ(values[model.output], last);
    EXPECT_EQ(values.size() + 1, model.values.size());
    return values;
}

// How much of the model is alive: a network that saturates everywhere tests nothing.
size_t varied_values(const Values& values) {
    size_t varied = 0;
    for (const auto& [value, entries] : values) {
        varied += std::set<uint32_t>(entries.begin(), entries.end()).size() > 2;
    }
    return varied;
}

int64_t work_of(const IntegerModel& model) {
    int64_t work = 0;
    for (const IntegerNode& node : model.nodes) work += multiply_accumulates(model, node);
    return work;
}

TEST(IntegerExecutorTest, EveryInstructionSetGivesTheReferenceBitsOnRandomNetworks) {
    size_t varied = 0, all = 0;
    std::set<std::string> kinds;
    std::set<int> asymmetric_bits;
    for (uint64_t seed = 0; seed < 150; ++seed) {
        const IntegerModel model = random_network(seed, 12);
        ASSERT_NO_THROW(validate(model)) << "seed " << seed;
        for (const IntegerNode& node : model.nodes) {
            kinds.insert(op_name(node.op));
            const auto* conv = std::get_if<IntegerConv>(&node.op);
            if (conv && conv->has_asymmetric_weights()) asymmetric_bits.insert(conv->weight_bits);
        }
        Rng rng(seed, 1);
        const auto pixels = random_pixels(model, rng);
        const Values expected =
            run_all(IntegerExecutor(model, KernelChoice::kScalarReference), model, pixels);
        varied += varied_values(expected);
        all += expected.size();
        for (const KernelSet& kernels : kernel_sets(cpu_features())) {
            const Values found = run_all(IntegerExecutor(model, kernels), model, pixels);
            for (const auto& [value, entries] : expected) {
                ASSERT_EQ(found.at(value), entries)
                    << "seed " << seed << ", " << kernels.name << ", " << model.values[value].name;
            }
        }
    }
    EXPECT_EQ(kinds.size(), 8u);
    EXPECT_EQ(asymmetric_bits.size(), 7u);
    EXPECT_GT(varied, all / 2);
}

TEST(IntegerExecutorTest, BestGivesTheReferenceBitsOnMobileFaceNet) {
    const IntegerModel model = random_mobile_face_net(1);
    validate(model);
    EXPECT_NEAR(static_cast<double>(work_of(model)), 221e6, 10e6);
    Rng rng(1);
    const auto pixels = random_pixels(model, rng);
    const Values expected = run_all(IntegerExecutor(model, KernelChoice::kScalarReference), model, pixels);
    EXPECT_GT(varied_values(expected), expected.size() * 9 / 10);
    for (const KernelSet& kernels : kernel_sets(cpu_features())) {
        EXPECT_EQ(run_all(IntegerExecutor(model, kernels), model, pixels), expected) << kernels.name;
    }
}

TEST(IntegerExecutorTest, BestGivesTheReferenceBitsOnMobileFaceNetWithAsymmetricWeights) {
    for (const int bits : {8, 5}) {
        RandomModelBuilder::ConvOptions weights;
        weights.weight_bits = bits;
        weights.asymmetric_weights = true;
        const IntegerModel model = random_mobile_face_net(3, weights);
        validate(model);
        Rng rng(2);
        const auto pixels = random_pixels(model, rng);
        const Values expected =
            run_all(IntegerExecutor(model, KernelChoice::kScalarReference), model, pixels);
        EXPECT_GT(varied_values(expected), expected.size() * 9 / 10);
        EXPECT_EQ(run_all(IntegerExecutor(model), model, pixels), expected) << bits << " bits";
    }
}

TEST(IntegerExecutorTest, BestGivesTheReferenceBitsOnIResNet) {
    struct Bits {
        int weights, activations;
    };
    for (const Bits bits : {Bits{8, 8}, Bits{6, 6}, Bits{4, 4}, Bits{4, 8}}) {
        RandomModelBuilder::ConvOptions shared;
        shared.weight_bits = bits.weights;
        shared.bits = bits.activations;
        shared.zero_point_padding = true;
        const IntegerModel model = random_iresnet(5, 18, 32, shared);
        ASSERT_NO_THROW(validate(model));
        Rng rng(4);
        const auto pixels = random_pixels(model, rng);
        const Values expected =
            run_all(IntegerExecutor(model, KernelChoice::kScalarReference), model, pixels);
        EXPECT_GT(varied_values(expected), expected.size() * 9 / 10);
        for (const KernelSet& kernels : kernel_sets(cpu_features())) {
            EXPECT_EQ(run_all(IntegerExecutor(model, kernels), model, pixels), expected)
                << kernels.name << ", weights of " << bits.weights << " bits";
        }
    }
}

TEST(IntegerExecutorTest, RandomIResNetsHaveTheSizesOfTheTrainedOnes) {
    const IntegerModel small = random_iresnet(1, 18), large = random_iresnet(1, 100);
    validate(small);
    validate(large);
    EXPECT_NEAR(static_cast<double>(work_of(small)), 2.6e9, 0.1e9);
    EXPECT_NEAR(static_cast<double>(work_of(large)), 12.1e9, 0.2e9);
    EXPECT_NEAR(static_cast<double>(packed_weight_bytes(large)), 65e6, 1e6);
}

// What asymmetric weights mean, by arithmetic of its own, at every width: zero points and levels at their
// ends and between, dense, grouped and depthwise, odd channels, padding.
TEST(IntegerExecutorTest, AsymmetricWeightsAreLevelsLessTheirZeroPoint) {
    for (int bits = kMinBits; bits <= kMaxBits; ++bits) {
        for (const int groups : {1, 3}) {
            RandomModelBuilder builder(static_cast<uint64_t>(bits * 10 + groups), 6, 5);
            RandomModelBuilder::ConvOptions options;
            options.kernel_height = options.kernel_width = 3;
            options.padding = {1, 1, 1, 1};
            options.groups = groups;
            options.weight_bits = bits;
            options.asymmetric_weights = true;
            const int channels = groups == 1 ? 37 : 3;
            const ValueId levels = builder.conv(builder.input(), channels, options);
            RandomModelBuilder::ConvOptions last;
            last.kernel_height = 6;
            last.kernel_width = 5;
            last.is_float = true;
            const IntegerModel model = builder.finish(builder.conv(levels, 2, last));
            validate(model);
            const auto& conv = std::get<IntegerConv>(model.nodes[0].op);
            const auto pixels = random_pixels(model, builder.rng());
            std::vector<uint32_t> expected;
            for (int pixel = 0; pixel < 30; ++pixel) {
                for (int out = 0; out < channels; ++out) {
                    int64_t sum = conv.whole_bias(static_cast<size_t>(out));
                    const int inputs = 3 / groups;
                    for (int tap = 0; tap < 9; ++tap) {
                        const int y = pixel / 5 + tap / 3 - 1, x = pixel % 5 + tap % 3 - 1;
                        const bool inside = y >= 0 && y < 6 && x >= 0 && x < 5;
                        for (int in = 0; in < inputs; ++in) {
                            const int channel = groups == 1 ? in : out;
                            const int level = inside ? pixels[static_cast<size_t>((y * 5 + x) * 3 + channel)]
                                                     : conv.padding_level[static_cast<size_t>(channel)];
                            const int stored =
                                conv.weight[static_cast<size_t>((out * 9 + tap) * inputs + in)];
                            const int q = stored + (1 << (bits - 1));
                            ASSERT_TRUE(q >= 0 && q < 1 << bits);
                            sum += level * (q - conv.weight_zero_point[static_cast<size_t>(out)]);
                        }
                    }
                    const float r = static_cast<float>(sum) * conv.multiplier[static_cast<size_t>(out)] +
                                    conv.part_of_bias(static_cast<size_t>(out));
                    const QuantParams& quant = model.values[levels].quant;
                    expected.push_back(quantize_level(r, quant.zero_point, quant.max_level()));
                }
            }
            for (const KernelSet& kernels : kernel_sets(cpu_features())) {
                EXPECT_EQ(run_all(IntegerExecutor(model, kernels), model, pixels).at(levels), expected)
                    << bits << " bits, " << groups << " groups, " << kernels.name;
            }
        }
    }
}

TEST(IntegerExecutorTest, RunsAgainAndInParallelWithTheSameResult) {
    const IntegerModel model = random_network(77, 12);
    const IntegerExecutor executor(model);
    Rng rng(5);
    std::vector<std::vector<uint8_t>> images;
    std::vector<std::vector<float>> expected;
    const auto size = static_cast<size_t>(model.embedding_size());
    for (int index = 0; index < 8; ++index) {
        images.push_back(random_pixels(model, rng));
        expected.emplace_back(size);
        executor.run(images.back(), expected.back(), *executor.make_workspace());
    }
    std::vector<std::thread> threads;
    std::vector<int> failures(4);
    for (size_t thread = 0; thread < failures.size(); ++thread) {
        threads.emplace_back([&, thread] {
            const auto workspace = executor.make_workspace();
            std::vector<float> found(size);
            for (int round = 0; round < 50; ++round) {
                const size_t image = (thread + static_cast<size_t>(round)) % images.size();
                executor.run(images[image], found, *workspace);
                failures[thread] += found != expected[image];
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(failures, std::vector<int>(4, 0));
}

// Divided over threads, whatever their number; steps of all kinds.
TEST(IntegerExecutorTest, DividedOverThreadsItGivesTheSameBits) {
    for (const int threads : {1, 2, 3, 7}) {
        ThreadPool pool(threads);
        for (uint64_t seed = 0; seed < 12; ++seed) {
            const IntegerModel model = seed == 0 ? random_mobile_face_net(1) : random_network(seed, 12);
            Rng rng(seed);
            const auto pixels = random_pixels(model, rng);
            std::vector<float> expected(static_cast<size_t>(model.embedding_size())), found(expected.size());
            for (const KernelSet& kernels : kernel_sets(cpu_features())) {
                if (seed == 0 && kernels.needs == 0) continue;  // slow
                const IntegerExecutor executor(model, kernels);
                executor.run(pixels, expected, *executor.make_workspace());
                const auto workspace = executor.make_workspace(threads);
                for (int run = 0; run < 3; ++run) {
                    std::fill(found.begin(), found.end(), 0.0f);
                    executor.run(pixels, found, *workspace, pool);
                    ASSERT_EQ(found, expected)
                        << kernels.name << ", " << threads << " threads, seed " << seed;
                }
            }
        }
    }
}

// A layer large enough to stay packed, which the packed bytes show.
TEST(IntegerExecutorTest, LargeFullyConnectedLayersOfFewBitsStayPacked) {
    for (const int bits : {4, 6, 8}) {
        RandomModelBuilder builder(static_cast<uint64_t>(bits), 112, 112);
        RandomModelBuilder::ConvOptions options;
        options.kernel_height = options.kernel_width = 112;
        options.weight_bits = bits;
        options.is_float = true;
        const IntegerModel model = builder.finish(builder.conv(builder.input(), 64, options));
        Rng rng(1);
        const auto pixels = random_pixels(model, rng);
        const Values expected =
            run_all(IntegerExecutor(model, KernelChoice::kScalarReference), model, pixels);
        for (const KernelSet& kernels : kernel_sets(cpu_features())) {
            const IntegerExecutor executor(model, kernels);
            EXPECT_EQ(run_all(executor, model, pixels), expected) << kernels.name << ", " << bits << " bits";
            const size_t weights = size_t{112} * 112 * 3 * 64;
            if (kernels.fully_connected) {
                EXPECT_EQ(executor.weight_bytes(), weights * bits / 8) << kernels.name;
            }
        }
    }
}

TEST(IntegerExecutorTest, CopiesShareTheirWeights) {
    const IntegerModel model = random_network(3, 8);
    const IntegerExecutor executor(model);
    const IntegerExecutor copy = executor;
    Rng rng(1);
    const auto pixels = random_pixels(model, rng);
    std::vector<float> first(static_cast<size_t>(model.embedding_size())), second(first.size());
    const auto workspace = executor.make_workspace();
    executor.run(pixels, first, *workspace);
    copy.run(pixels, second, *workspace);  // one plan, so one workspace fits both
    EXPECT_EQ(first, second);
}

TEST(IntegerExecutorTest, ModelMayDie) {
    auto model = std::make_unique<IntegerModel>(random_network(3, 10));
    Rng rng(3);
    const auto pixels = random_pixels(*model, rng);
    std::vector<float> before(static_cast<size_t>(model->embedding_size())), after = before;
    IntegerExecutor executor(*model);
    executor.run(pixels, before, *executor.make_workspace());
    model.reset();
    const IntegerExecutor moved = std::move(executor);
    moved.run(pixels, after, *moved.make_workspace());
    EXPECT_EQ(before, after);
}

TEST(IntegerExecutorTest, RefusesSpansOfTheWrongSize) {
    const IntegerModel model = random_network(4, 3);
    const IntegerExecutor executor(model);
    Rng rng(4);
    auto pixels = random_pixels(model, rng);
    std::vector<float> embedding(static_cast<size_t>(model.embedding_size()));
    const auto workspace = executor.make_workspace();
    pixels.pop_back();
    EXPECT_THROW(executor.run(pixels, embedding, *workspace), std::logic_error);
    pixels.push_back(0);
    embedding.push_back(0);
    EXPECT_THROW(executor.run(pixels, embedding, *workspace), std::logic_error);
}

// A hostile model's few output channels with very many weights must not blow up in a blocked layout.
TEST(IntegerExecutorTest, PackedWeightsStayNearTheirTrueSize) {
    RandomModelBuilder builder(9, 64, 64);
    RandomModelBuilder::ConvOptions options;
    options.kernel_height = options.kernel_width = 4096;
    options.padding = {2048, 2048, 2048, 2048};
    options.weight_bits = 2;
    const ValueId value = builder.conv(builder.input(), 1, options);
    ASSERT_EQ(builder.shape(value).plane(), 65 * 65);
    RandomModelBuilder::ConvOptions last;
    last.kernel_height = last.kernel_width = 65;
    last.is_float = true;
    const IntegerModel model = builder.finish(builder.conv(value, 1, last));
    const size_t weights = size_t{4096} * 4096 * 3 + 65 * 65;
    for (const KernelSet& kernels : kernel_sets(cpu_features())) {
        EXPECT_LE(IntegerExecutor(model, kernels).weight_bytes(), weights * 8 + (2 << 20)) << kernels.name;
    }
}

// No two values that are alive at once share a byte, and the arena is not just all of them side by side.
TEST(IntegerArenaTest, LiveValuesDoNotOverlap) {
    for (uint64_t seed = 0; seed < 60; ++seed) {
        const IntegerModel model = random_network(seed, 30);
        const ArenaLayout layout = plan_arena(model);
        std::vector<int> first(model.values.size(), -1), last(model.values.size(), -1);
        for (int index = 0; index < static_cast<int>(model.nodes.size()); ++index) {
            const IntegerNode& node = model.nodes[static_cast<size_t>(index)];
            for (const ValueId output : outputs_of(node)) first[output] = last[output] = index;
            for (const ValueId input : node.inputs) last[input] = index;
            const Epilogue* epilogue = epilogue_of(node);
            if (epilogue && epilogue->residual != kNoValue) last[epilogue->residual] = index;
        }
        for (size_t a = 0; a < model.values.size(); ++a) {
            const bool held_by_caller =
                static_cast<ValueId>(a) == model.input || static_cast<ValueId>(a) == model.output;
            ASSERT_EQ(layout.offsets[a] < 0, held_by_caller);
            if (held_by_caller) continue;
            const int64_t end = layout.offsets[a] + model.values[a].shape.size();
            EXPECT_EQ(layout.offsets[a] % 64, 0);
            EXPECT_LE(static_cast<size_t>(end), layout.bytes);
            for (size_t b = a + 1; b < model.values.size(); ++b) {
                if (layout.offsets[b] < 0 || first[b] > last[a] || first[a] > last[b]) continue;
                const int64_t other_end = layout.offsets[b] + model.values[b].shape.size();
                EXPECT_TRUE(layout.offsets[b] >= end || layout.offsets[a] >= other_end) << "seed " << seed;
            }
        }
    }
}

TEST(IntegerArenaTest, ReusesMemory) {
    const IntegerModel model = random_mobile_face_net(2);
    int64_t all = 0, largest_step = 0;
    for (const IntegerValue& value : model.values) all += value.shape.size();
    for (const IntegerNode& node : model.nodes) {
        int64_t step = model.values[node.inputs[0]].shape.size();
        for (const ValueId output : outputs_of(node)) step += model.values[output].shape.size();
        largest_step = std::max(largest_step, step);
    }
    const ArenaLayout layout = plan_arena(model);
    EXPECT_LE(layout.bytes, static_cast<size_t>(largest_step) * 3 / 2);
    EXPECT_LT(layout.bytes, static_cast<size_t>(all) / 3);
}

}  // namespace
}  // namespace quantface
