#include "train/depthwise.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "train/kernels/training_kernels.h"

namespace quantface {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// As in fused_epilogue.cpp: sums over a fixed number of parts.
constexpr int64_t kParts = 16;

DepthwiseShape shape_of(const at::Tensor& input, const std::vector<int64_t>& w) {
    DepthwiseShape shape;
    shape.batch = input.size(0);
    shape.channels = static_cast<int>(input.size(1));
    shape.height = static_cast<int>(input.size(2));
    shape.width = static_cast<int>(input.size(3));
    shape.kernel_height = static_cast<int>(w[0]);
    shape.kernel_width = static_cast<int>(w[1]);
    shape.stride_y = static_cast<int>(w[2]);
    shape.stride_x = static_cast<int>(w[3]);
    shape.pad_top = static_cast<int>(w[4]);
    shape.pad_left = static_cast<int>(w[5]);
    shape.out_height =
        (shape.height + shape.pad_top + static_cast<int>(w[6]) - shape.kernel_height) / shape.stride_y + 1;
    shape.out_width =
        (shape.width + shape.pad_left + static_cast<int>(w[7]) - shape.kernel_width) / shape.stride_x + 1;
    return shape;
}

// (C, 1, kh, kw) to tap-major rows, padded.
std::vector<float> tap_major(const at::Tensor& weight) {
    const at::Tensor plain = weight.detach().to(at::kFloat).contiguous();
    const auto channels = static_cast<int>(plain.size(0));
    const int64_t taps = plain.numel() / channels;
    const int padded = padded_channels(channels);
    std::vector<float> numbers(static_cast<size_t>(taps * padded));
    const float* from = plain.data_ptr<float>();
    for (int channel = 0; channel < channels; ++channel) {
        for (int64_t tap = 0; tap < taps; ++tap) numbers[tap * padded + channel] = from[channel * taps + tap];
    }
    return numbers;
}

template <typename T>
const T* raw(const at::Tensor& tensor) {
    return static_cast<const T*>(tensor.data_ptr());
}

template <typename T>
void run_forward(const DepthwiseShape& shape, const at::Tensor& input, const std::vector<float>& weight,
                 const at::Tensor& output) {
    at::parallel_for(0, shape.batch * shape.out_height, 8, [&](int64_t first, int64_t last) {
        training_kernels().of<T>().depthwise_forward(shape, raw<T>(input), weight.data(),
                                                     static_cast<T*>(output.data_ptr()), first, last);
    });
}

template <typename T>
void run_backward_input(const DepthwiseShape& shape, const at::Tensor& gradient,
                        const std::vector<float>& weight, const at::Tensor& gradient_input) {
    at::parallel_for(0, shape.batch * shape.height, 8, [&](int64_t first, int64_t last) {
        training_kernels().of<T>().depthwise_backward_input(
            shape, raw<T>(gradient), weight.data(), static_cast<T*>(gradient_input.data_ptr()), first, last);
    });
}

template <typename T>
std::vector<float> run_backward_weight(const DepthwiseShape& shape, const at::Tensor& input,
                                       const at::Tensor& gradient) {
    const size_t size =
        static_cast<size_t>(shape.kernel_height) * shape.kernel_width * padded_channels(shape.channels);
    std::vector<std::vector<float>> parts(kParts, std::vector<float>(size));
    const int64_t rows = shape.batch * shape.out_height, per_part = (rows + kParts - 1) / kParts;
    at::parallel_for(0, kParts, 1, [&](int64_t begin, int64_t end) {
        for (int64_t part = begin; part < end; ++part) {
            training_kernels().of<T>().depthwise_backward_weight(
                shape, raw<T>(input), raw<T>(gradient), parts[static_cast<size_t>(part)].data(),
                std::min(rows, part * per_part), std::min(rows, (part + 1) * per_part));
        }
    });
    for (int64_t part = 1; part < kParts; ++part) {
        for (size_t index = 0; index < size; ++index)
            parts[0][index] += parts[static_cast<size_t>(part)][index];
    }
    return std::move(parts[0]);
}

class DepthwiseFunction : public torch::autograd::Function<DepthwiseFunction> {
  public:
    static at::Tensor forward(AutogradContext* context, const at::Tensor& given, const at::Tensor& weight,
                              const std::vector<int64_t>& window) {
        const at::Tensor input = given.contiguous(at::MemoryFormat::ChannelsLast);
        const DepthwiseShape shape = shape_of(input, window);
        at::Tensor output = at::empty({shape.batch, shape.channels, shape.out_height, shape.out_width},
                                      input.options().memory_format(at::MemoryFormat::ChannelsLast));
        const std::vector<float> taps = tap_major(weight);
        if (input.scalar_type() == at::kBFloat16) {
            run_forward<Bfloat16>(shape, input, taps, output);
        } else {
            run_forward<float>(shape, input, taps, output);
        }
        context->save_for_backward({input, weight});
        context->saved_data["window"] = window;
        return output;
    }

    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        const variable_list saved = context->get_saved_variables();
        const at::Tensor &input = saved[0], &weight = saved[1];
        const DepthwiseShape shape = shape_of(input, context->saved_data["window"].toIntVector());
        const at::Tensor gradient =
            gradients[0].to(input.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast);
        const bool half = input.scalar_type() == at::kBFloat16;
        at::Tensor gradient_input, gradient_weight;
        if (context->needs_input_grad(0)) {
            gradient_input = at::empty_like(input);
            const std::vector<float> taps = tap_major(weight);
            if (half) {
                run_backward_input<Bfloat16>(shape, gradient, taps, gradient_input);
            } else {
                run_backward_input<float>(shape, gradient, taps, gradient_input);
            }
        }
        if (context->needs_input_grad(1)) {
            const std::vector<float> taps = half ? run_backward_weight<Bfloat16>(shape, input, gradient)
                                                 : run_backward_weight<float>(shape, input, gradient);
            gradient_weight = at::empty(weight.sizes(), at::kFloat);
            float* to = gradient_weight.data_ptr<float>();
            const int64_t count = weight.numel() / shape.channels;
            for (int64_t channel = 0; channel < shape.channels; ++channel) {
                for (int64_t tap = 0; tap < count; ++tap) {
                    to[channel * count + tap] = taps[tap * padded_channels(shape.channels) + channel];
                }
            }
        }
        return {gradient_input, gradient_weight, at::Tensor()};
    }
};

}  // namespace

bool is_plain_depthwise(const ConvOp& conv, int64_t in_channels) {
    return conv.groups > 1 && conv.groups == in_channels && conv.weight.dims[0] == in_channels &&
           conv.window.dilation_y == 1 && conv.window.dilation_x == 1;
}

at::Tensor depthwise_convolution(const at::Tensor& input, const at::Tensor& weight, const Window& w) {
    if (input.is_cpu()) {
        const std::vector<int64_t> window = {w.kernel_height,  w.kernel_width, w.stride_y,
                                             w.stride_x,       w.padding.top,  w.padding.left,
                                             w.padding.bottom, w.padding.right};
        return DepthwiseFunction::apply(input, weight, window);
    }
    const Padding& p = w.padding;
    const at::Tensor padded = at::constant_pad_nd(input, {p.left, p.right, p.top, p.bottom}, 0);
    return at::conv2d(padded, weight.to(input.scalar_type()), {}, {w.stride_y, w.stride_x},
                      at::IntArrayRef{0, 0}, at::IntArrayRef{1, 1}, input.size(1));
}

}  // namespace quantface
