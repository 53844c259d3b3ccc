// Every float operation against the plainest possible code in double precision.
#include "runtime/float_executor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <map>

#include "runtime/embedder.h"
#include "small_graphs.h"

namespace quantface {
namespace {

using Numbers = std::vector<double>;

// Runs one operation on several inputs by building a network around it: each input is a slice of the image
// that a 1x1 convolution picks, so that operations with two inputs can be tried through the public interface.
struct Trial {
    std::vector<Numbers> inputs;
    Numbers output;
    Shape output_shape;
};

Trial run_operation(const Op& op, const std::vector<Shape>& shapes, uint64_t seed) {
    GraphBuilder b(shapes[0].height, shapes[0].width, seed);
    std::vector<ValueId> sources;
    for (const Shape& shape : shapes) {
        ValueId source = b.conv(b.input(), shape.channels, 1, 1, 0);
        if (shape.plane() == 1 && shapes[0].plane() != 1) source = b.add(GlobalAveragePoolOp{}, {source});
        sources.push_back(source);
    }
    const ValueId result = b.add(op, sources);
    const Shape result_shape = b.shape(result);
    const Graph graph = b.finish(b.add(GlobalAveragePoolOp{}, {result}));
    const FloatExecutor executor(graph);
    const auto workspace = executor.make_workspace();
    GraphBuilder random(1, 1, seed + 1);
    const std::vector<float> image =
        random.numbers(static_cast<size_t>(graph.values[graph.input].shape.size()), -3, 3);
    std::vector<float> embedding(graph.embedding_size());
    Trial run;
    run.output_shape = result_shape;
    std::map<ValueId, Numbers> seen;
    executor.run(image, embedding, *workspace, [&](ValueId value, std::span<const float> data) {
        seen[value] = Numbers(data.begin(), data.end());
    });
    EXPECT_EQ(seen.size(), graph.values.size()) << "the callback must see every value";
    for (const ValueId source : sources) run.inputs.push_back(seen[source]);
    run.output = seen[result];
    return run;
}

void expect_near(const Numbers& got, const Numbers& wanted) {
    ASSERT_EQ(got.size(), wanted.size());
    for (size_t index = 0; index < got.size(); ++index) {
        ASSERT_NEAR(got[index], wanted[index], 1e-4 * (1 + std::fabs(wanted[index]))) << "at " << index;
    }
}

// sum over the window of visit(input number, weight index within the filter), padding skipped; count gets the
// pixels seen.
template <typename Visit>
void for_window(const Window& window, const Shape& in, int oy, int ox, Visit visit) {
    for (int ky = 0; ky < window.kernel_height; ++ky) {
        for (int kx = 0; kx < window.kernel_width; ++kx) {
            const int y = oy * window.stride_y - window.padding.top + ky * window.dilation_y;
            const int x = ox * window.stride_x - window.padding.left + kx * window.dilation_x;
            if (y < 0 || x < 0 || y >= in.height || x >= in.width) continue;
            visit(y * in.width + x, ky * window.kernel_width + kx);
        }
    }
}

Numbers naive_conv(const ConvOp& op, const Shape& in, const Shape& out, const Numbers& x) {
    Numbers result(static_cast<size_t>(out.size()));
    const int group_inputs = static_cast<int>(op.weight.dims[1]), group_outputs = out.channels / op.groups;
    const int taps = op.window.kernel_height * op.window.kernel_width;
    for (int o = 0; o < out.channels; ++o) {
        for (int oy = 0; oy < out.height; ++oy) {
            for (int ox = 0; ox < out.width; ++ox) {
                double sum = op.bias.empty() ? 0 : op.bias[o];
                for (int i = 0; i < group_inputs; ++i) {
                    const int channel = o / group_outputs * group_inputs + i;
                    for_window(op.window, in, oy, ox, [&](int pixel, int tap) {
                        sum += x[channel * in.plane() + pixel] *
                               op.weight.data[(o * group_inputs + i) * taps + tap];
                    });
                }
                result[(o * out.height + oy) * out.width + ox] = sum;
            }
        }
    }
    return result;
}

struct ConvCase {
    int inputs, outputs, groups, height, width;
    Window window;
    bool bias;
};

Window window(int kernel_height, int kernel_width, int stride, Padding padding = {}, int dilation = 1) {
    return {kernel_height, kernel_width, stride, stride, dilation, dilation, padding};
}

TEST(FloatOperations, Convolution) {
    const std::vector<ConvCase> cases{
        {3, 5, 1, 7, 9, window(3, 3, 2, {1, 1, 1, 1}), true},
        {4, 17, 1, 13, 5, window(1, 1, 1), true},
        {31, 33, 1, 6, 7, window(1, 1, 1), false},
        {6, 6, 6, 9, 8, window(3, 3, 1, {1, 1, 1, 1}), true},
        {5, 10, 5, 9, 8, window(3, 3, 2, {1, 0, 2, 1}), true},
        {8, 12, 4, 8, 8, window(3, 2, 1, {0, 1, 1, 0}), true},
        {7, 7, 7, 7, 6, window(7, 6, 1), false},
        {3, 4, 1, 11, 10, window(3, 3, 1, {2, 2, 2, 2}, 2), true},
        {4, 4, 4, 12, 12, window(3, 3, 3, {2, 3, 1, 0}, 3), true},
        {2, 70, 1, 1, 1, window(1, 1, 1), true},
        {3, 3, 3, 4, 3, window(5, 5, 1, {4, 4, 4, 4}), true},
    };
    uint64_t seed = 100;
    for (const ConvCase& c : cases) {
        SCOPED_TRACE(seed);
        GraphBuilder random(1, 1, ++seed);
        ConvOp op;
        op.window = c.window;
        op.groups = c.groups;
        op.weight.dims = {c.outputs, c.inputs / c.groups, c.window.kernel_height, c.window.kernel_width};
        op.weight.data = random.numbers(static_cast<size_t>(op.weight.element_count()), -1, 1);
        if (c.bias) op.bias = random.numbers(c.outputs, -1, 1);
        const Shape in{c.inputs, c.height, c.width};
        const Trial run = run_operation(op, {in}, seed);
        expect_near(run.output, naive_conv(op, in, run.output_shape, run.inputs[0]));
    }
}

TEST(FloatOperations, Pooling) {
    const Shape in{3, 7, 8};
    for (const Window& w : {window(3, 3, 2, {1, 1, 1, 1}), window(2, 3, 1, {0, 2, 1, 0}), window(7, 8, 1)}) {
        for (const bool include : {false, true}) {
            const Trial run = run_operation(AveragePoolOp{w, include}, {in}, 7);
            Numbers wanted;
            for (int c = 0; c < 3; ++c) {
                for (int oy = 0; oy < run.output_shape.height; ++oy) {
                    for (int ox = 0; ox < run.output_shape.width; ++ox) {
                        double sum = 0;
                        int count = 0;
                        for_window(w, in, oy, ox, [&](int pixel, int) {
                            sum += run.inputs[0][c * in.plane() + pixel];
                            ++count;
                        });
                        wanted.push_back(sum / (include ? w.kernel_height * w.kernel_width : count));
                    }
                }
            }
            expect_near(run.output, wanted);
        }
        const Trial run = run_operation(MaxPoolOp{w}, {in}, 8);
        Numbers wanted;
        for (int c = 0; c < 3; ++c) {
            for (int oy = 0; oy < run.output_shape.height; ++oy) {
                for (int ox = 0; ox < run.output_shape.width; ++ox) {
                    double best = -std::numeric_limits<double>::infinity();
                    for_window(w, in, oy, ox, [&](int pixel, int) {
                        best = std::max(best, run.inputs[0][c * in.plane() + pixel]);
                    });
                    wanted.push_back(best);
                }
            }
        }
        expect_near(run.output, wanted);
    }
}

// function(number, channel)
void check_each_number(const Op& op, const std::function<double(double, int)>& function) {
    const Shape in{5, 4, 3};
    const Trial run = run_operation(op, {in}, 9);
    Numbers wanted;
    for (size_t index = 0; index < run.inputs[0].size(); ++index) {
        wanted.push_back(function(run.inputs[0][index], static_cast<int>(index) / 12));
    }
    expect_near(run.output, wanted);
}

TEST(FloatOperations, Activations) {
    check_each_number(ReluOp{}, [](double x, int) { return x > 0 ? x : 0; });
    check_each_number(LeakyReluOp{0.3f}, [](double x, int) { return x > 0 ? x : x * 0.3f; });
    check_each_number(ClipOp{-0.5f, 0.7f}, [](double x, int) { return std::clamp(x, -0.5, 0.7); });
    check_each_number(SigmoidOp{}, [](double x, int) { return 1 / (1 + std::exp(-x)); });
    check_each_number(HardSigmoidOp{0.3f, 0.4f},
                      [](double x, int) { return std::clamp(0.3 * x + 0.4, 0.0, 1.0); });
    check_each_number(HardSwishOp{}, [](double x, int) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0); });
    check_each_number(IdentityOp{}, [](double x, int) { return x; });
    const std::vector<float> slopes{0.1f, -0.2f, 1.5f, 0.0f, 0.25f};
    check_each_number(PReluOp{slopes}, [&](double x, int c) { return x < 0 ? x * slopes[c] : x; });
}

TEST(FloatOperations, PerChannel) {
    GraphBuilder random(1, 1, 10);
    const AffineOp affine{random.numbers(5, -2, 2), random.numbers(5, -2, 2)};
    check_each_number(affine, [&](double x, int c) { return x * affine.scale[c] + affine.shift[c]; });
    const BatchNormOp norm{random.numbers(5, -2, 2), random.numbers(5, -2, 2), random.numbers(5, -2, 2),
                           random.numbers(5, 0.1, 2), 1e-3f};
    check_each_number(norm, [&](double x, int c) {
        return (x - norm.mean[c]) / std::sqrt(norm.variance[c] + 1e-3) * norm.scale[c] + norm.bias[c];
    });
}

TEST(FloatOperations, PairsAndBroadcast) {
    const Shape image{4, 3, 5}, vector{4, 1, 1};
    const std::vector<std::pair<Op, std::function<double(double, double)>>> cases{
        {AddOp{}, [](double a, double b) { return a + b; }},
        {SubOp{}, [](double a, double b) { return a - b; }},
        {MulOp{}, [](double a, double b) { return a * b; }}};
    for (const auto& [op, function] : cases) {
        for (const Shape& second : {image, vector}) {
            const Trial run = run_operation(op, {image, second}, 11);
            Numbers wanted;
            for (size_t index = 0; index < run.inputs[0].size(); ++index) {
                wanted.push_back(
                    function(run.inputs[0][index], run.inputs[1][second.plane() == 1 ? index / 15 : index]));
            }
            expect_near(run.output, wanted);
        }
    }
}

TEST(FloatOperations, ConcatKeepsTheOrder) {
    const Trial run = run_operation(ConcatOp{}, {{2, 3, 4}, {5, 3, 4}, {1, 3, 4}}, 12);
    Numbers wanted;
    for (const Numbers& input : run.inputs) wanted.insert(wanted.end(), input.begin(), input.end());
    expect_near(run.output, wanted);
}

TEST(FloatOperations, FlattenThenGemmReadsChannelsSlowest) {
    GraphBuilder b(4, 3, 13);
    const ValueId features = b.conv(b.input(), 5, 1, 1, 0);
    const Graph graph = b.finish(b.gemm(b.add(FlattenOp{}, {features}), 7));
    const auto& gemm = std::get<GemmOp>(graph.nodes.back().op);
    const FloatExecutor executor(graph);
    const auto workspace = executor.make_workspace();
    std::vector<float> embedding(7);
    Numbers flat;
    executor.run(b.numbers(36, -1, 1), embedding, *workspace,
                 [&](ValueId value, std::span<const float> data) {
                     if (value == features) flat = Numbers(data.begin(), data.end());
                 });
    for (int o = 0; o < 7; ++o) {
        double sum = gemm.bias[o];
        for (int i = 0; i < 60; ++i) sum += gemm.weight.data[o * 60 + i] * flat[i];
        EXPECT_NEAR(embedding[o], sum, 1e-4);
    }
}

TEST(FloatExecutor, ReusedMemoryGivesTheSameEmbedding) {
    for (const Graph& graph : {small_mobile_face_net(1), small_iresnet(2), small_mixed_net(3)}) {
        const FloatExecutor executor(graph);
        const auto used = executor.make_workspace(), fresh = executor.make_workspace();
        GraphBuilder random(1, 1, 14);
        const auto size = static_cast<size_t>(graph.values[graph.input].shape.size());
        const std::vector<float> first = random.numbers(size, -1, 1), second = random.numbers(size, -1, 1);
        std::vector<float> a(graph.embedding_size()), b(graph.embedding_size());
        executor.run(first, a, *used);
        executor.run(second, a, *used);
        executor.run(second, b, *fresh);
        EXPECT_EQ(a, b);
    }
}

TEST(NetworkInput, CropsCentreAndOrdersColours) {
    std::vector<uint8_t> rgb(112 * 112 * 3);
    for (int y = 0; y < 112; ++y) {
        for (int x = 0; x < 112; ++x) {
            rgb[(y * 112 + x) * 3] = static_cast<uint8_t>(x);
            rgb[(y * 112 + x) * 3 + 1] = static_cast<uint8_t>(y);
            rgb[(y * 112 + x) * 3 + 2] = 200;
        }
    }
    InputSpec spec;
    spec.width = 96;
    spec.color_order = ColorOrder::kBgr;
    spec.mean = {1, 2, 3};
    spec.std = {2, 4, 8};
    std::vector<float> chw(3 * 112 * 96);
    to_network_input({rgb.data(), 112, 112}, spec, chw);
    EXPECT_FLOAT_EQ(chw[0], (200 - 1) / 2.0f);
    EXPECT_FLOAT_EQ(chw[112 * 96 + 5 * 96 + 7], (5 - 2) / 4.0f);
    EXPECT_FLOAT_EQ(chw[2 * 112 * 96], (8 - 3) / 8.0f) << "columns start at 8";
    EXPECT_FLOAT_EQ(chw[2 * 112 * 96 + 95], (103 - 3) / 8.0f) << "and end at 103";
    std::vector<uint8_t> hwc(112 * 96 * 3);
    to_network_pixels({rgb.data(), 112, 112}, spec, hwc);
    EXPECT_EQ(hwc[0], 200);
    EXPECT_EQ(hwc[1], 0);
    EXPECT_EQ(hwc[2], 8);
    EXPECT_THROW(to_network_pixels({rgb.data(), 111, 112}, spec, hwc), std::runtime_error);
}

TEST(Embedder, SpreadsImagesOverThreadsWithoutMixingThem) {
    const Graph graph = small_mobile_face_net(4);
    const auto embedder = make_embedder(graph);
    std::vector<std::vector<uint8_t>> images;
    std::vector<PixelsView> views;
    Rng rng(5);
    for (int image = 0; image < 9; ++image) {
        images.emplace_back(24 * 20 * 3);
        for (uint8_t& pixel : images.back()) pixel = static_cast<uint8_t>(rng.below(256));
    }
    for (const auto& image : images) views.push_back({image.data(), 24, 20});
    ThreadPool one(1), three(3);
    const auto size = static_cast<size_t>(embedder->embedding_size());
    std::vector<float> a(9 * size), b(9 * size);
    embedder->embed(views, a, one);
    embedder->embed(views, b, three);
    EXPECT_EQ(a, b);
    EXPECT_NE(
        std::vector<float>(a.begin(), a.begin() + static_cast<long>(size)),
        std::vector<float>(a.begin() + static_cast<long>(size), a.begin() + static_cast<long>(2 * size)));
}

}  // namespace
}  // namespace quantface
