// Random convolutions with memory for all that they read and write.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kernels/conv/conv.h"
#include "kernels/depthwise/depthwise.h"
#include "test_epilogue.h"

namespace quantface {

enum class Filling {
    kRandom,
    kLargest,  // all levels 255, all weights the positive limit
    kMixed,    // levels 0 or 255, weights plus or minus the limit
};

// How the weights of 8 bits come with an offset for each output channel.
enum class Offsets {
    kNone,
    kRandom,    // -127..128, as zero points 255..0 give
    kExtremes,  // 128 for even channels, -127 for odd ones
};

struct TestConvOptions {
    ConvGeometry geometry;
    int activation_bits = 8;
    int weight_bits = 8;
    Offsets offsets = Offsets::kNone;
    Filling filling = Filling::kRandom;
    EpilogueOptions epilogue;
};

// Sets the output size; padding as given on top and left, `bottom` and `right` behind.
ConvGeometry with_output(ConvGeometry geometry, int bottom, int right);
std::string describe(const ConvGeometry& geometry);

class TestConv;

// A convolution with weights packed for one kernel, run as often as one likes. Points into its TestConv.
class PackedConv {
  public:
    void run() const;

  private:
    friend class TestConv;
    AlignedBytes weight_, scratch_;
    std::vector<int32_t> padding_sums_;
    ConvArguments arguments_;
    const ConvKernel* conv_ = nullptr;  // or else the other one
    const DepthwiseKernel* depthwise_ = nullptr;
    std::vector<ConvPart> parts_;
};

class TestConv {
  public:
    TestConv(const TestConvOptions& options, Rng& rng);

    // With fresh outputs, and rubbish in the scratch memory.
    PackedConv pack(const ConvKernel& kernel);
    PackedConv pack(const DepthwiseKernel& kernel);
    template <typename Kernel>
    void run(const Kernel& kernel) {
        pack(kernel).run();
    }
    // Whether the kernel is exact with these operands.
    bool fits(const ConvKernel& kernel) const;
    bool fits(const DepthwiseKernel& kernel) const;
    // Divide the work of later packs into that many parts (or as many as there can be).
    void divide(int parts) { part_count_ = parts; }
    std::vector<std::vector<uint8_t>> outputs() const { return {epilogue->bytes(0), epilogue->bytes(1)}; }

    ConvGeometry geometry;
    std::vector<uint8_t> input, padding_level;
    std::vector<int8_t> weight;
    std::vector<int32_t> weight_offset;  // with kChannelSlack, or empty
    std::unique_ptr<TestEpilogue> epilogue;
    EpilogueData data;  // of the last run

  private:
    void set_offsets(Offsets offsets, Rng& rng);
    void bind(PackedConv& packed, size_t scratch_bytes);
    std::vector<ConvPart> parts() const;

    int32_t largest_product_;
    int part_count_ = 1;
};

}  // namespace quantface
