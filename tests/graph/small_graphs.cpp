#include "small_graphs.h"

#include <cmath>

namespace quantface {

GraphBuilder::GraphBuilder(int height, int width, uint64_t seed) : rng_(seed) {
    graph_.name = "small";
    graph_.input_spec.height = height;
    graph_.input_spec.width = width;
    graph_.input = graph_.add_value("image", {3, height, width});
}

std::vector<float> GraphBuilder::numbers(size_t count, double low, double high) {
    std::vector<float> result(count);
    for (float& number : result) number = static_cast<float>(rng_.uniform(low, high));
    return result;
}

ValueId GraphBuilder::add(Op op, const std::vector<ValueId>& inputs) {
    Node node{"node" + std::to_string(graph_.nodes.size()), std::move(op), inputs, kNoValue};
    std::vector<Shape> shapes;
    for (const ValueId input : inputs) shapes.push_back(shape(input));
    node.output = graph_.add_value(node.name + "_out", infer_shape(node, shapes));
    graph_.nodes.push_back(node);
    return node.output;
}

ValueId GraphBuilder::conv(ValueId in, int outputs, int kernel, int stride, int padding, int groups) {
    const int inputs = shape(in).channels;
    if (groups == 0) groups = inputs;
    ConvOp op;
    op.groups = groups;
    op.window.kernel_height = op.window.kernel_width = kernel;
    op.window.stride_y = op.window.stride_x = stride;
    op.window.padding = {padding, padding, padding, padding};
    op.weight.dims = {outputs, inputs / groups, kernel, kernel};
    const double range = 1.7 / std::sqrt(static_cast<double>(inputs / groups) * kernel * kernel);
    op.weight.data = numbers(static_cast<size_t>(op.weight.element_count()), -range, range);
    op.bias = numbers(outputs, -0.2, 0.2);
    return add(std::move(op), {in});
}

ValueId GraphBuilder::batch_norm(ValueId in) {
    const auto channels = static_cast<size_t>(shape(in).channels);
    BatchNormOp op;
    op.scale = numbers(channels, 0.3, 2.0);
    op.bias = numbers(channels, -0.5, 0.5);
    op.mean = numbers(channels, -0.5, 0.5);
    op.variance = numbers(channels, 0.3, 2.0);
    return add(std::move(op), {in});
}

ValueId GraphBuilder::prelu(ValueId in) {
    return add(PReluOp{numbers(static_cast<size_t>(shape(in).channels), -0.1, 0.5)}, {in});
}

ValueId GraphBuilder::gemm(ValueId in, int outputs) {
    const int inputs = shape(in).channels;
    GemmOp op;
    op.weight.dims = {outputs, inputs};
    const double range = 1.7 / std::sqrt(static_cast<double>(inputs));
    op.weight.data = numbers(static_cast<size_t>(inputs) * outputs, -range, range);
    op.bias = numbers(outputs, -0.2, 0.2);
    return add(std::move(op), {in});
}

Graph GraphBuilder::finish(ValueId output) {
    graph_.output = output;
    validate(graph_);
    return graph_;
}

Graph small_mobile_face_net(uint64_t seed) {
    GraphBuilder b(24, 20, seed);
    ValueId x = b.prelu(b.batch_norm(b.conv(b.input(), 12, 3, 2, 1)));
    x = b.prelu(b.batch_norm(b.conv(x, 12, 3, 1, 1, 0)));
    for (int block = 0; block < 2; ++block) {
        const ValueId start = x;
        ValueId y = b.prelu(b.batch_norm(b.conv(x, 24, 1, 1, 0)));
        y = b.prelu(b.batch_norm(b.conv(y, 24, 3, 1, 1, 0)));
        y = b.batch_norm(b.conv(y, 12, 1, 1, 0));
        x = b.add(AddOp{}, {y, start});
    }
    x = b.prelu(b.batch_norm(b.conv(x, 32, 1, 1, 0)));
    ConvOp global;
    global.groups = 32;
    global.window.kernel_height = b.shape(x).height;
    global.window.kernel_width = b.shape(x).width;
    global.weight.dims = {32, 1, b.shape(x).height, b.shape(x).width};
    global.weight.data = b.numbers(static_cast<size_t>(global.weight.element_count()), -0.15, 0.15);
    x = b.batch_norm(b.add(std::move(global), {x}));
    x = b.gemm(b.add(FlattenOp{}, {x}), 16);
    return b.finish(b.batch_norm(x));
}

Graph small_iresnet(uint64_t seed) {
    GraphBuilder b(16, 16, seed);
    ValueId x = b.prelu(b.batch_norm(b.conv(b.input(), 8, 3, 1, 1)));
    ValueId y = b.prelu(b.batch_norm(b.conv(b.batch_norm(x), 12, 3, 1, 1)));
    y = b.batch_norm(b.conv(y, 12, 3, 2, 1));
    x = b.add(AddOp{}, {y, b.batch_norm(b.conv(x, 12, 1, 2, 0))});
    y = b.prelu(b.batch_norm(b.conv(b.batch_norm(x), 12, 3, 1, 1)));
    x = b.add(AddOp{}, {b.batch_norm(b.conv(y, 12, 3, 1, 1)), x});
    x = b.gemm(b.add(FlattenOp{}, {b.batch_norm(x)}), 20);
    return b.finish(b.batch_norm(x));
}

Graph small_mixed_net(uint64_t seed) {
    GraphBuilder b(18, 18, seed);
    ValueId x = b.add(HardSwishOp{}, {b.conv(b.input(), 8, 3, 2, 1)});
    const ValueId gate =
        b.add(SigmoidOp{},
              {b.conv(b.add(ReluOp{}, {b.conv(b.add(GlobalAveragePoolOp{}, {x}), 4, 1, 1, 0)}), 8, 1, 1, 0)});
    x = b.add(MulOp{}, {x, gate});
    Window window;
    window.kernel_height = window.kernel_width = 3;
    window.padding = {1, 1, 1, 1};
    const ValueId largest = b.add(MaxPoolOp{window}, {x});
    const ValueId average = b.add(AveragePoolOp{window, false}, {x});
    x = b.add(ConcatOp{}, {largest, average, x});
    x = b.add(ClipOp{0, 6}, {b.conv(x, 12, 3, 2, 1, 4)});
    x = b.add(HardSigmoidOp{}, {b.add(LeakyReluOp{0.1f}, {b.conv(x, 12, 1, 1, 0)})});
    const ValueId other = b.conv(x, 12, 3, 1, 1);
    x = b.add(ReluOp{}, {b.add(AddOp{}, {other, x})});
    x = b.add(SubOp{}, {b.conv(x, 12, 1, 1, 0), x});
    x = b.add(PReluOp{b.numbers(12, 0.1, 0.4)}, {b.add(AddOp{}, {x, b.add(GlobalAveragePoolOp{}, {x})})});
    return b.finish(b.conv(x, 16, b.shape(x).height, 1, 0));
}

}  // namespace quantface
