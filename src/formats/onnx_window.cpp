#include "formats/onnx_window.h"

#include <algorithm>

#include "graph/window_arithmetic.h"

namespace quantface {

namespace {

constexpr int64_t kMost = 4096;

// `count` numbers within [least, kMost]; the fallback repeated where the attribute is absent.
std::vector<int> read_numbers(OnnxNode& node, const char* name, size_t count, int least, int fallback) {
    const std::vector<int64_t> given = node.integers(name);
    if (given.empty()) return std::vector<int>(count, fallback);
    if (given.size() != count) {
        node.refuse(std::string("has ") + std::to_string(given.size()) + " numbers as '" + name +
                    "'; only windows of 2 dimensions are supported");
    }
    std::vector<int> numbers;
    for (const int64_t number : given) {
        if (number < least || number > kMost) {
            node.refuse(std::string("has '") + name + "' out of range");
        }
        numbers.push_back(static_cast<int>(number));
    }
    return numbers;
}

// Pixels that auto_pad SAME adds in total so that the output has ceil(input / stride) windows.
int same_padding(int input, int kernel, int stride, int dilation) {
    const int windows = (input + stride - 1) / stride;
    return std::max(0, (windows - 1) * stride + window_extent(kernel, dilation) - input);
}

}  // namespace

Window read_onnx_window(OnnxNode& node, int64_t kernel_height, int64_t kernel_width, const Shape& in) {
    if (kernel_height < 1 || kernel_width < 1 || kernel_height > kMost || kernel_width > kMost) {
        node.refuse("has a kernel size out of range");
    }
    const auto strides = read_numbers(node, "strides", 2, 1, 1);
    const auto dilations = read_numbers(node, "dilations", 2, 1, 1);
    const auto pads = read_numbers(node, "pads", 4, 0, 0);
    const std::string auto_pad = node.text("auto_pad", "NOTSET");
    Window window;
    window.kernel_height = static_cast<int>(kernel_height);
    window.kernel_width = static_cast<int>(kernel_width);
    window.stride_y = strides[0];
    window.stride_x = strides[1];
    window.dilation_y = dilations[0];
    window.dilation_x = dilations[1];
    if (auto_pad == "NOTSET") {
        window.padding = {pads[0], pads[1], pads[2], pads[3]};
    } else if (auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER") {
        const int y = same_padding(in.height, window.kernel_height, window.stride_y, window.dilation_y);
        const int x = same_padding(in.width, window.kernel_width, window.stride_x, window.dilation_x);
        // The odd pixel goes to the end for UPPER, to the beginning for LOWER.
        const int odd = auto_pad == "SAME_LOWER" ? 1 : 0;
        const int top = (y + odd) / 2, left = (x + odd) / 2;
        window.padding = {top, left, y - top, x - left};
    } else if (auto_pad != "VALID") {
        node.refuse("has an unknown auto_pad");
    }
    return window;
}

void extend_to_ceil_mode(Window& window, const Shape& in) {
    const auto missing = [](int size, int kernel, int stride, int dilation, int before, int after) {
        const int room = size + before + after - window_extent(kernel, dilation);
        const int rest = room > 0 ? room % stride : 0;
        if (rest == 0) return 0;
        // A window that begins beyond the image and its first padding is not counted.
        const int last_begin = room - rest + stride;
        return last_begin >= size + before ? 0 : stride - rest;
    };
    Padding& pad = window.padding;
    pad.bottom +=
        missing(in.height, window.kernel_height, window.stride_y, window.dilation_y, pad.top, pad.bottom);
    pad.right +=
        missing(in.width, window.kernel_width, window.stride_x, window.dilation_x, pad.left, pad.right);
}

}  // namespace quantface
