// Random convolutions with memory for all that they read and write.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kernels/conv/conv.h"
#include "test_epilogue.h"

namespace quantface {

enum class Filling {
    kRandom,
    kLargest,  // all levels 255, all weights the positive limit
    kMixed,    // levels 0 or 255, weights plus or minus the limit
};

struct TestConvOptions {
    ConvGeometry geometry;
    int activation_bits = 8;
    int weight_bits = 8;
    Filling filling = Filling::kRandom;
    EpilogueOptions epilogue;
};

// Sets the output size; padding as given on top and left, `bottom` and `right` behind.
ConvGeometry with_output(ConvGeometry geometry, int bottom, int right);
std::string describe(const ConvGeometry& geometry);

class TestConv {
  public:
    TestConv(const TestConvOptions& options, Rng& rng);

    // Runs with weights packed by the kernel, into fresh outputs; scratch is filled with rubbish first.
    void run(const ConvKernel& kernel);
    // The same through convolve_depthwise().
    void run_depthwise(const struct DepthwiseKernel& kernel);
    std::vector<std::vector<uint8_t>> outputs() const { return {epilogue->bytes(0), epilogue->bytes(1)}; }

    ConvGeometry geometry;
    std::vector<uint8_t> input, padding_level;
    std::vector<int8_t> weight;
    std::unique_ptr<TestEpilogue> epilogue;
    EpilogueData data;  // of the last run

  private:
    ConvArguments arguments(const std::vector<int8_t>& packed, std::vector<std::byte>& scratch,
                            size_t scratch_bytes);
};

}  // namespace quantface
