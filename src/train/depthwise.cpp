#include "train/depthwise.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <vector>

#include "train/kernels/training_kernels.h"
#include "train/parallel_parts.h"
#include "train/tensor_operations.h"

namespace quantface {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

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
void run_forward(const DepthwiseShape& shape, const at::Tensor& input, const std::vector<float>& weight,
                 const at::Tensor& output) {
    at::parallel_for(0, shape.batch * shape.out_height, 8, [&](int64_t first, int64_t last) {
        training_kernels().of<T>().depthwise_forward(shape, raw<T>(input), weight.data(), raw<T>(output),
                                                     first, last);
    });
}

template <typename T>
void run_backward_input(const DepthwiseShape& shape, const at::Tensor& gradient,
                        const std::vector<float>& weight, const at::Tensor& gradient_input) {
    at::parallel_for(0, shape.batch * shape.height, 8, [&](int64_t first, int64_t last) {
        training_kernels().of<T>().depthwise_backward_input(shape, raw<T>(gradient), weight.data(),
                                                            raw<T>(gradient_input), first, last);
    });
}

template <typename T>
std::vector<float> run_backward_weight(const DepthwiseShape& shape, const at::Tensor& input,
                                       const at::Tensor& gradient) {
    const size_t size =
        static_cast<size_t>(shape.kernel_height) * shape.kernel_width * padded_channels(shape.channels);
    std::vector<std::vector<float>> parts(kParts, std::vector<float>(size));
    for_each_part(shape.batch * shape.out_height, [&](int64_t first, int64_t count, int64_t part) {
        training_kernels().of<T>().depthwise_backward_weight(shape, raw<T>(input), raw<T>(gradient),
                                                             parts[static_cast<size_t>(part)].data(), first,
                                                             first + count);
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
        with_number_type(input,
                         [&](auto number) { run_forward<decltype(number)>(shape, input, taps, output); });
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
        at::Tensor gradient_input, gradient_weight;
        if (context->needs_input_grad(0)) {
            gradient_input = at::empty_like(input);
            const std::vector<float> taps = tap_major(weight);
            with_number_type(input, [&](auto number) {
                run_backward_input<decltype(number)>(shape, gradient, taps, gradient_input);
            });
        }
        if (context->needs_input_grad(1)) {
            std::vector<float> taps;
            with_number_type(input, [&](auto number) {
                taps = run_backward_weight<decltype(number)>(shape, input, gradient);
            });
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
    return convolution(input, weight.to(input.scalar_type()), {}, w, input.size(1));
}

}  // namespace quantface
