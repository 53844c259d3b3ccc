// AveragePool, MaxPool, GlobalAveragePool and ReduceMean.
#include "formats/onnx_operators.h"
#include "formats/onnx_window.h"
#include "graph/window_arithmetic.h"

namespace quantface {

namespace {

Window read_pool_window(OnnxNode& node, const Shape& in, bool padding_counts) {
    const auto kernel = node.integers("kernel_shape");
    if (kernel.size() != 2) node.refuse("has a kernel that is not of 2 dimensions");
    Window window = read_onnx_window(node, kernel[0], kernel[1], in);
    if (node.integer("ceil_mode", 0) != 0) {
        Window extended = window;
        extend_to_ceil_mode(extended, in);
        if (padding_counts && !(extended.padding == window.padding)) {
            node.refuse("has ceil_mode together with count_include_pad, which is not supported");
        }
        window = extended;
    }
    return window;
}

}  // namespace

void import_average_pool(OnnxNode& node) {
    node.expect_inputs(1, 1);
    const OnnxImageValue& value = node.picture(0);
    AveragePoolOp pool;
    pool.count_include_padding = node.integer("count_include_pad", 0) != 0;
    pool.window = read_pool_window(node, node.shape_of(value), pool.count_include_padding);
    node.finish(std::move(pool), {value.id}, value);
}

void import_max_pool(OnnxNode& node) {
    node.expect_inputs(1, 1);
    const OnnxImageValue& value = node.picture(0);
    node.ignore_attributes({"storage_order"});  // of the second output, the indices
    node.finish(MaxPoolOp{read_pool_window(node, node.shape_of(value), false)}, {value.id}, value);
}

void import_global_average_pool(OnnxNode& node) {
    node.expect_inputs(1, 1);
    const OnnxImageValue& value = node.picture(0);
    node.finish(GlobalAveragePoolOp{}, {value.id}, value);
}

void import_reduce_mean(OnnxNode& node) {
    node.expect_inputs(1, 2);
    const OnnxImageValue& value = node.picture(0);
    if (node.axes(4) != std::vector<int64_t>{2, 3}) {
        node.refuse("averages over other axes than height and width, which is not supported");
    }
    node.ignore_attributes({"noop_with_empty_axes"});
    if (node.integer("keepdims", 1) != 0) {
        node.finish(GlobalAveragePoolOp{}, {value.id}, value);
    } else {
        node.finish(GlobalAveragePoolOp{}, {value.id}, OnnxImageValue{kNoValue, {value.dims[0]}});
    }
}

}  // namespace quantface
