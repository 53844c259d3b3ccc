#include "runtime/integer_step.h"

#include <algorithm>

#include "graph/op_visitor.h"

namespace quantface {

ConvGeometry window_geometry(const Window& window, const Shape& in, const Shape& out, int groups) {
    ConvGeometry geometry;
    geometry.in_height = in.height;
    geometry.in_width = in.width;
    geometry.in_channels = in.channels;
    geometry.out_height = out.height;
    geometry.out_width = out.width;
    geometry.out_channels = out.channels;
    geometry.kernel_height = window.kernel_height;
    geometry.kernel_width = window.kernel_width;
    geometry.stride_y = window.stride_y;
    geometry.stride_x = window.stride_x;
    geometry.dilation_y = window.dilation_y;
    geometry.dilation_x = window.dilation_x;
    geometry.padding_top = window.padding.top;
    geometry.padding_left = window.padding.left;
    geometry.groups = groups;
    return geometry;
}

int shares_of(int64_t units, int64_t units_of_a_share) {
    constexpr int64_t kMost = 256;
    return static_cast<int>(std::clamp<int64_t>(units / units_of_a_share, 1, kMost));
}

std::unique_ptr<IntegerStep> make_step(const StepContext& context) {
    return std::visit(Overloaded{
                          [&](const IntegerConv& op) { return make_conv_step(context, op); },
                          [&](const IntegerAffine& op) { return make_number_step(context, op); },
                          [&](const IntegerAdd& op) { return make_number_step(context, op); },
                          [&](const IntegerMul& op) { return make_number_step(context, op); },
                          [&](const IntegerAveragePool& op) { return make_number_step(context, op); },
                          [&](const IntegerLut& op) { return make_level_step(context, op); },
                          [&](const IntegerMaxPool& op) { return make_level_step(context, op); },
                          [&](const IntegerConcat& op) { return make_level_step(context, op); },
                      },
                      context.node.op);
}

}  // namespace quantface
