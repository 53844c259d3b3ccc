// The short form in which bits are told, options about input, and sources of data by name.
#include <gtest/gtest.h>

#include "base/error.h"
#include "cli/bits_description.h"
#include "cli/data_source.h"
#include "cli/input_options.h"

namespace quantface {

namespace {

IntegerValue levels(int bits) {
    return {"v", {4, 2, 2}, false, {bits, 1.0f, 0}};
}

IntegerNode conv(int bits, ValueId input, ValueId output, ValueId residual = kNoValue) {
    IntegerConv op;
    op.weight_bits = bits;
    op.weight.assign(16, 1);
    op.epilogue.residual = residual;
    op.epilogue.outputs = {{output, {}, {}}};
    return {"conv", op, {input}};
}

// Pixels, three hidden values, the embedding; four convolutions in a row, the third with a residual.
IntegerModel chain(const std::vector<int>& weight_bits, const std::vector<int>& value_bits) {
    IntegerModel model;
    model.values = {levels(8), levels(value_bits[0]), levels(value_bits[1]), levels(value_bits[2])};
    model.values.push_back({"embedding", {4, 1, 1}, true, {}});
    model.input = 0;
    model.output = 4;
    model.nodes = {conv(weight_bits[0], 0, 1), conv(weight_bits[1], 1, 2), conv(weight_bits[2], 2, 3, 1),
                   conv(weight_bits[3], 3, 4)};
    return model;
}

TEST(DescribeBits, UniformNetworks) {
    EXPECT_EQ(describe_bits(chain({6, 6, 6, 6}, {6, 6, 6})), "w6a6");
    EXPECT_EQ(describe_bits(chain({4, 4, 4, 4}, {8, 8, 8})), "w4a8");
}

TEST(DescribeBits, SaysWhatDiffers) {
    EXPECT_EQ(describe_bits(chain({8, 6, 6, 8}, {6, 6, 6})), "w6a6 + 8-bit ends");
    EXPECT_EQ(describe_bits(chain({6, 6, 6, 6}, {6, 6, 8})), "w6a6 + 8-bit ends");
    EXPECT_EQ(describe_bits(chain({6, 6, 6, 6}, {8, 6, 6})), "w6a6 + 8-bit residuals");
    EXPECT_EQ(describe_bits(chain({8, 6, 6, 6}, {8, 6, 6})), "w6a6 + 8-bit ends + 8-bit residuals");
    EXPECT_EQ(describe_bits(chain({6, 4, 6, 6}, {6, 6, 6})), "w6a6, mixed");
    EXPECT_EQ(describe_bits(chain({6, 6, 6, 6}, {6, 5, 6})), "w6a6, mixed");
}

TEST(DescribeBits, AsymmetricWeights) {
    IntegerModel model = chain({6, 6, 6, 8}, {6, 6, 6});
    std::get<IntegerConv>(model.nodes[1].op).weight_zero_point.assign(4, 3);
    EXPECT_EQ(describe_bits(model), "w6a6 + 8-bit ends, weights asymmetric in part");
    for (IntegerNode& node : model.nodes) std::get<IntegerConv>(node.op).weight_zero_point.assign(4, 3);
    EXPECT_EQ(describe_bits(model), "w6a6 + 8-bit ends, asymmetric weights");
}

TEST(InputOptions, OneNumberOrThree) {
    const OnnxImportOptions one = parse_input_options({"127", "128", true});
    EXPECT_EQ(one.input_mean, (std::array<float, 3>{127, 127, 127}));
    EXPECT_EQ(one.input_std, (std::array<float, 3>{128, 128, 128}));
    EXPECT_TRUE(one.bgr);
    EXPECT_EQ(parse_input_options({"123.5,116,-1", {}, false}).input_mean,
              (std::array<float, 3>{123.5f, 116, -1}));
    EXPECT_FALSE(parse_input_options({}).input_mean);
    for (const char* text : {"", "1,2", "1,2,3,4", "1,,2", "1,2,3,", ",", "one", "1 ", "inf", "nan"}) {
        EXPECT_THROW(parse_input_options({text, {}, false}), Error) << text;
    }
    EXPECT_THROW(parse_input_options({{}, "0", false}), Error);
    EXPECT_THROW(parse_input_options({{}, "1,-1,1", false}), Error);
}

TEST(DataSource, SeedsAndSizes) {
    InputSpec tall;
    tall.width = 96;
    const auto noise = open_data_source("noise:7", tall);
    EXPECT_FALSE(noise->size());
    EXPECT_EQ(noise->image(0).height, 112);
    EXPECT_EQ(noise->image(0).width, 112) << "the network sees the middle of the template";
    EXPECT_NE(noise->image(0).rgb, open_data_source("noise:8", tall)->image(0).rgb);
    EXPECT_EQ(noise->image(0).rgb, open_data_source("noise", tall, 7)->image(0).rgb);
    EXPECT_NE(open_data_source("rendered", tall)->description().find("seed 1"), std::string::npos);
}

ErrorKind kind_of_failure(const std::string& source) {
    try {
        open_data_source(source, {});
    } catch (const Error& error) {
        return error.kind();
    }
    ADD_FAILURE() << source << " was accepted";
    return ErrorKind::kFailed;
}

TEST(DataSource, RefusesWithTheRightKind) {
    EXPECT_EQ(kind_of_failure("noise:"), ErrorKind::kUsage);
    EXPECT_EQ(kind_of_failure("noise:1x"), ErrorKind::kUsage);
    EXPECT_EQ(kind_of_failure("noise:-1"), ErrorKind::kUsage);
    EXPECT_EQ(kind_of_failure("rendered:99999999999999999999999"), ErrorKind::kUsage);
    EXPECT_EQ(kind_of_failure("photographs"), ErrorKind::kUsage);
    EXPECT_EQ(kind_of_failure("folder:/no/such/folder"), ErrorKind::kBadInput);
    EXPECT_EQ(kind_of_failure("/no/such/pack.bin"), ErrorKind::kBadInput);
}

}  // namespace

}  // namespace quantface
