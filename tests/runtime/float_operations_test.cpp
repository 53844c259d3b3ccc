// Every float operation alone, against the naive one in double precision.
#include "runtime/float_operations.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/rng.h"
#include "naive_float.h"

namespace quantface {
namespace {

std::vector<float> random_numbers(size_t count, Rng& rng, double low = -2, double high = 2) {
    std::vector<float> numbers(count);
    for (float& number : numbers) number = static_cast<float>(rng.uniform(low, high));
    return numbers;
}

std::vector<std::span<const float>> spans_of(const std::vector<std::vector<float>>& values) {
    return {values.begin(), values.end()};
}

// Runs one operation on random values of the shapes. The output and the scratch start as NaN, so that a
// number left out or read before it was written shows; scratch is exactly as large as the operation asked
// for.
void expect_matches(const Op& op, const std::vector<Shape>& shapes, Rng& rng, double tolerance = 1e-5) {
    const Node node{"node", op, {}, 0};
    const Shape shape = infer_shape(node, shapes);
    std::vector<std::vector<float>> inputs;
    std::vector<NaiveValue> naive;
    for (const Shape& input : shapes) {
        inputs.push_back(random_numbers(static_cast<size_t>(input.size()), rng));
        naive.push_back({input, {inputs.back().begin(), inputs.back().end()}});
    }
    std::vector<const NaiveValue*> pointers;
    for (const NaiveValue& value : naive) pointers.push_back(&value);
    const NaiveValue expected = naive_run(op, pointers, shape);

    const FloatOperation operation = prepare_float_operation(node, shapes, shape);
    const float nan = std::numeric_limits<float>::quiet_NaN();
    std::vector<float> output(static_cast<size_t>(shape.size()), nan);
    std::vector<float> scratch(operation.scratch_size, nan);
    operation.run(spans_of(inputs), output, scratch);
    ASSERT_EQ(output.size(), expected.numbers.size());
    for (size_t i = 0; i < output.size(); ++i) {
        ASSERT_NEAR(output[i], expected.numbers[i], tolerance * (1 + std::abs(expected.numbers[i])))
            << op_name(op) << " of " << to_string(shapes[0]) << " to " << to_string(shape) << ", number "
            << i;
    }
}

Tensor random_tensor(std::vector<int64_t> dims, Rng& rng) {
    Tensor tensor{std::move(dims), {}};
    tensor.data = random_numbers(static_cast<size_t>(tensor.element_count()), rng, -0.5, 0.5);
    return tensor;
}

ConvOp random_conv(const Window& window, int inputs, int outputs, int groups, bool bias, Rng& rng) {
    ConvOp op;
    op.window = window;
    op.groups = groups;
    op.weight = random_tensor({outputs, inputs / groups, window.kernel_height, window.kernel_width}, rng);
    if (bias) op.bias = random_numbers(static_cast<size_t>(outputs), rng);
    return op;
}

int between(Rng& rng, int low, int high) {
    return low + static_cast<int>(rng.below(static_cast<uint64_t>(high - low + 1)));
}

Window random_window(Rng& rng, bool dilated) {
    Window window;
    window.kernel_height = between(rng, 1, 5);
    window.kernel_width = between(rng, 1, 5);
    window.stride_y = between(rng, 1, 3);
    window.stride_x = between(rng, 1, 3);
    if (dilated) {
        window.dilation_y = between(rng, 1, 3);
        window.dilation_x = between(rng, 1, 3);
    }
    // Less than the kernel on each side, as pooling asks for.
    window.padding = {between(rng, 0, window.kernel_height - 1), between(rng, 0, window.kernel_width - 1),
                      between(rng, 0, window.kernel_height - 1), between(rng, 0, window.kernel_width - 1)};
    return window;
}

// An image on which the window fits.
Shape random_image(Rng& rng, int channels) {
    return {channels, between(rng, 13, 30), between(rng, 13, 30)};
}

TEST(FloatOperationsTest, ConvolutionsOfRandomShapes) {
    Rng rng(1);
    for (int round = 0; round < 200; ++round) {
        const int groups = between(rng, 1, 3), inputs = groups * between(rng, 1, 9);
        const int outputs = groups * between(rng, 1, 11);
        const Window window = random_window(rng, true);
        SCOPED_TRACE("round " + std::to_string(round));
        expect_matches(random_conv(window, inputs, outputs, groups, rng.chance(0.5), rng),
                       {random_image(rng, inputs)}, rng);
    }
}

TEST(FloatOperationsTest, DepthwiseConvolutionsOfRandomShapes) {
    Rng rng(2);
    for (int round = 0; round < 200; ++round) {
        const int inputs = between(rng, 1, 5), multiplier = between(rng, 1, 3);
        Window window = random_window(rng, true);
        if (rng.chance(0.5)) {  // what has code of its own
            window.kernel_height = window.kernel_width = rng.chance(0.5) ? 3 : 5;
            window.stride_x = between(rng, 1, 2);
            window.dilation_x = window.dilation_y = 1;
        }
        SCOPED_TRACE("round " + std::to_string(round));
        expect_matches(random_conv(window, inputs, inputs * multiplier, inputs, rng.chance(0.5), rng),
                       {random_image(rng, inputs)}, rng);
    }
}

TEST(FloatOperationsTest, ConvolutionsWhosePaddingIsLargerThanTheImage) {
    Rng rng(3);
    Window window{5, 5, 2, 3, 2, 2, {9, 12, 8, 11}};
    for (const int groups : {1, 4}) {
        expect_matches(random_conv(window, 4, 8, groups, true, rng), {{4, 2, 3}}, rng);
        expect_matches(random_conv(window, 4, 8, groups, true, rng), {{4, 1, 1}}, rng);
    }
}

TEST(FloatOperationsTest, ConvolutionsOfNetworks) {
    Rng rng(4);
    const Window pointwise, square{3, 3, 1, 1, 1, 1, {1, 1, 1, 1}}, stem{3, 3, 2, 2, 1, 1, {1, 1, 1, 1}};
    const Window whole{7, 6, 1, 1, 1, 1, {}}, strided{1, 1, 2, 2, 1, 1, {}};
    expect_matches(random_conv(stem, 3, 64, 1, false, rng), {{3, 40, 36}}, rng);
    expect_matches(random_conv(square, 64, 64, 1, true, rng), {{64, 14, 14}}, rng);
    expect_matches(random_conv(pointwise, 64, 128, 1, false, rng), {{64, 28, 24}}, rng);
    expect_matches(random_conv(pointwise, 128, 64, 1, true, rng), {{128, 7, 7}}, rng);
    expect_matches(random_conv(pointwise, 512, 128, 1, true, rng), {{512, 1, 1}}, rng);
    expect_matches(random_conv(strided, 16, 24, 1, true, rng), {{16, 15, 13}}, rng);
    expect_matches(random_conv(whole, 32, 32, 32, true, rng), {{32, 7, 6}}, rng);
    expect_matches(random_conv(whole, 32, 48, 1, true, rng), {{32, 7, 6}}, rng);
}

TEST(FloatOperationsTest, GemmWithAndWithoutBias) {
    Rng rng(5);
    for (const int inputs : {1, 3, 4, 7, 512}) {
        for (const int outputs : {1, 8, 13, 128}) {
            GemmOp op{random_tensor({outputs, inputs}, rng), {}};
            expect_matches(op, {{inputs, 1, 1}}, rng);
            op.bias = random_numbers(static_cast<size_t>(outputs), rng);
            expect_matches(op, {{inputs, 1, 1}}, rng);
        }
    }
}

TEST(FloatOperationsTest, FlattenKeepsTheChannelSlowest) {
    Rng rng(6);
    expect_matches(FlattenOp{}, {{3, 4, 5}}, rng, 0);
    const FloatOperation flatten =
        prepare_float_operation({"flatten", FlattenOp{}, {}, 0}, {{2, 2, 3}}, {12, 1, 1});
    std::vector<std::vector<float>> input{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}};
    std::vector<float> output(12);
    flatten.run(spans_of(input), output, {});
    EXPECT_EQ(output, input[0]);
}

TEST(FloatOperationsTest, PerChannelOperations) {
    Rng rng(7);
    for (const Shape shape : {Shape{1, 1, 1}, Shape{5, 3, 7}, Shape{16, 1, 1}, Shape{3, 9, 11}}) {
        const auto count = static_cast<size_t>(shape.channels);
        const auto numbers = [&] { return random_numbers(count, rng); };
        expect_matches(AffineOp{numbers(), numbers()}, {shape}, rng);
        expect_matches(PReluOp{numbers()}, {shape}, rng);
        BatchNormOp norm{numbers(), numbers(), numbers(), random_numbers(count, rng, 0, 2), 1e-3f};
        norm.variance[0] = 0;  // epsilon alone
        expect_matches(norm, {shape}, rng);
    }
}

TEST(FloatOperationsTest, ElementwiseOperations) {
    Rng rng(8);
    const std::vector<Op> ops{ReluOp{},
                              LeakyReluOp{0.1f},
                              LeakyReluOp{1.5f},
                              ClipOp{},
                              ClipOp{-0.5f, 1.25f},
                              ClipOp{0.0f, std::numeric_limits<float>::infinity()},
                              SigmoidOp{},
                              HardSigmoidOp{},
                              HardSigmoidOp{0.75f, 0.1f},
                              HardSwishOp{},
                              IdentityOp{},
                              FakeQuantOp{{4, 0.25f, 7}},
                              FakeQuantOp{{8, 0.03125f, 100}}};
    for (const Op& op : ops) {
        expect_matches(op, {{4, 5, 7}}, rng, 1e-6);
        expect_matches(op, {{1, 1, 1}}, rng, 1e-6);
    }
}

TEST(FloatOperationsTest, TheLinearPartOfAnActivationIsExact) {
    const std::vector<std::vector<float>> input{{0.1f, 3.3f, 1e30f, -1.0f, -0.3f, -1e30f}};
    std::vector<float> output(6);
    prepare_float_operation({"prelu", PReluOp{{0.25f}}, {}, 0}, {{1, 1, 6}}, {1, 1, 6})
        .run(spans_of(input), output, {});
    EXPECT_EQ(output, (std::vector<float>{0.1f, 3.3f, 1e30f, -0.25f, -0.3f * 0.25f, -1e30f * 0.25f}));
}

TEST(FloatOperationsTest, PairsAndTheirBroadcasts) {
    Rng rng(9);
    const Shape image{6, 5, 7}, pixel{6, 1, 1};
    for (const Op& op : std::vector<Op>{AddOp{}, SubOp{}, MulOp{}}) {
        expect_matches(op, {image, image}, rng);
        expect_matches(op, {image, pixel}, rng);
        expect_matches(op, {pixel, image}, rng);
        expect_matches(op, {pixel, pixel}, rng);
    }
}

TEST(FloatOperationsTest, PoolsOfRandomWindows) {
    Rng rng(10);
    for (int round = 0; round < 100; ++round) {
        const Window window = random_window(rng, false);
        const Shape image = random_image(rng, between(rng, 1, 4));
        expect_matches(MaxPoolOp{window}, {image}, rng, 0);
        expect_matches(AveragePoolOp{window, false}, {image}, rng);
        expect_matches(AveragePoolOp{window, true}, {image}, rng);
    }
    expect_matches(GlobalAveragePoolOp{}, {{5, 7, 6}}, rng);
    expect_matches(GlobalAveragePoolOp{}, {{5, 1, 1}}, rng);
}

TEST(FloatOperationsTest, ConcatenationKeepsTheOrder) {
    Rng rng(11);
    expect_matches(ConcatOp{}, {{2, 3, 5}, {1, 3, 5}, {4, 3, 5}}, rng, 0);
    expect_matches(ConcatOp{}, {{2, 3, 5}}, rng, 0);
}

// A float32 dot product of a batch norm's x - mean must not cancel: large mean, small spread.
TEST(FloatOperationsTest, BatchNormSubtractsTheMeanFirst) {
    const BatchNormOp norm{{1}, {0}, {10000}, {1e-4f}, 0};
    const std::vector<std::vector<float>> input{{10000.01f}};
    std::vector<float> output(1);
    prepare_float_operation({"norm", norm, {}, 0}, {{1, 1, 1}}, {1, 1, 1}).run(spans_of(input), output, {});
    EXPECT_NEAR(output[0], (static_cast<double>(10000.01f) - 10000) / std::sqrt(static_cast<double>(1e-4f)),
                1e-5);
}

// The gathered matrix of this convolution would have 150 million numbers; hostile files ask for far more.
TEST(FloatOperationsTest, ScratchDoesNotGrowWithTheImage) {
    Rng rng(12);
    const Window window{9, 9, 1, 1, 1, 1, {4, 4, 4, 4}};
    const ConvOp op = random_conv(window, 3, 1, 1, false, rng);
    const Shape small{3, 32, 32}, large{3, 800, 800};
    EXPECT_EQ(prepare_float_convolution(op, small, {1, 32, 32}).scratch_size,
              prepare_float_convolution(op, large, {1, 800, 800}).scratch_size);
}

}  // namespace
}  // namespace quantface
