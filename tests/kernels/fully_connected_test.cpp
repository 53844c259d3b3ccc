// Packed fully connected layers against the scalar convolution.
#include "kernels/fully_connected/fully_connected.h"

#include <gtest/gtest.h>

#include "kernels/kernel_set.h"
#include "test_conv.h"

namespace quantface {
namespace {

class FullyConnectedKernelTest : public testing::TestWithParam<FullyConnectedKernel> {
  protected:
    void SetUp() override {
        if (!can_run(GetParam().needs, cpu_features())) GTEST_SKIP() << "this CPU lacks " << GetParam().name;
    }

    // The layer in `parts` parts.
    static void run(TestConv& conv, int weight_bits, int parts) {
        const FullyConnectedKernel& kernel = GetParam();
        FullyConnectedArguments arguments;
        arguments.input = conv.input.data();
        arguments.depth = conv.geometry.depth();
        arguments.out_channels = conv.geometry.out_channels;
        arguments.bits = packed_bits(weight_bits);
        const AlignedBytes weight = pack_fully_connected(kernel, arguments.depth, arguments.out_channels,
                                                         arguments.bits, conv.weight.data());
        const AlignedBytes scratch(fully_connected_scratch_bytes(arguments.depth));
        arguments.weight = weight.data();
        arguments.epilogue = &conv.epilogue->params;
        arguments.data = conv.epilogue->data();
        arguments.scratch = scratch.data();
        const int blocks = (arguments.out_channels + kernel.columns - 1) / kernel.columns;
        for (int part = 0; part < parts; ++part) {
            run_fully_connected(
                kernel, arguments, blocks * part / parts * kernel.columns,
                std::min(blocks * (part + 1) / parts * kernel.columns, arguments.out_channels));
        }
    }

    static void expect_reference_bits(const TestConvOptions& options, Rng& rng) {
        TestConv conv(options, rng);
        conv.run(conv_kernels().front());
        const auto expected = conv.outputs();
        run(conv, options.weight_bits, 1 + static_cast<int>(rng.below(3)));
        ASSERT_EQ(conv.outputs(), expected)
            << GetParam().name << ": " << describe(conv.geometry) << ", " << options.weight_bits << " bits";
    }

    static TestConvOptions layer(int side, int in_channels, int out_channels, int weight_bits) {
        TestConvOptions options;
        options.geometry.in_height = options.geometry.kernel_height = side;
        options.geometry.in_width = options.geometry.kernel_width = side;
        options.geometry.in_channels = in_channels;
        options.geometry.out_channels = out_channels;
        options.weight_bits = weight_bits;
        return options;
    }
};

TEST_P(FullyConnectedKernelTest, GivesTheReferenceBits) {
    Rng rng(1);
    for (int bits = 2; bits <= 6; ++bits) {
        for (const int side : {1, 2, 7}) {
            for (const int in : {1, 3, 16, 33}) {
                for (const int out : {1, 5, 16, 31, 64, 100}) {
                    TestConvOptions options = layer(side, in, out, bits);
                    options.activation_bits = 2 + static_cast<int>(rng.below(7));
                    const auto epilogues = all_epilogue_options(2 + static_cast<int>(rng.below(7)));
                    options.epilogue = epilogues[rng.below(epilogues.size())];
                    ASSERT_NO_FATAL_FAILURE(expect_reference_bits(options, rng));
                }
            }
        }
    }
}

TEST_P(FullyConnectedKernelTest, ExtremesGiveTheReferenceBits) {
    Rng rng(2);
    for (int bits = 2; bits <= 6; ++bits) {
        for (const Filling filling : {Filling::kLargest, Filling::kMixed}) {
            // 63 and less: the weights' limit and the offset together.
            for (const int depth : {4001, 25088}) {
                TestConvOptions options = layer(1, depth, 70, bits);
                options.filling = filling;
                options.epilogue.is_float = true;
                ASSERT_NO_FATAL_FAILURE(expect_reference_bits(options, rng));
            }
        }
    }
    // The sums wrap with the offset, and come back.
    TestConvOptions options = layer(7, 5400, 3, 6);
    options.filling = Filling::kLargest;
    options.epilogue.is_float = true;
    ASSERT_NO_FATAL_FAILURE(expect_reference_bits(options, rng));
}

INSTANTIATE_TEST_SUITE_P(All, FullyConnectedKernelTest,
                         testing::ValuesIn(fully_connected_kernels().begin(),
                                           fully_connected_kernels().end()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(FullyConnectedTest, PacksAtTheBitsItSays) {
    const std::vector<int8_t> weight(1024 * 256, 1);
    for (const FullyConnectedKernel& kernel : fully_connected_kernels()) {
        EXPECT_EQ(pack_fully_connected(kernel, 1024, 256, 4, weight.data()).size(), weight.size() / 2);
        EXPECT_EQ(pack_fully_connected(kernel, 1024, 256, 6, weight.data()).size(), weight.size() * 3 / 4);
    }
}

}  // namespace
}  // namespace quantface
