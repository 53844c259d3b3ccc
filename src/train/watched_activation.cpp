#include "train/watched_activation.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <vector>

#include "train/kernels/training_kernels.h"
#include "train/parallel_parts.h"
#include "train/tensor_operations.h"

namespace quantface {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

std::vector<float> channel_vector(const at::Tensor& tensor) {
    const at::Tensor plain = tensor.detach().to(at::kCPU, at::kFloat).contiguous();
    std::vector<float> numbers(padded_channels(static_cast<int>(plain.numel())));
    std::copy_n(plain.data_ptr<float>(), plain.numel(), numbers.begin());
    return numbers;
}

// The kernels' form with storage for its vectors.
struct PreparedForm {
    PreparedForm(const variable_list& vectors, double high)
        : scale(channel_vector(vectors[0])),
          shift(channel_vector(vectors[1])),
          slope(channel_vector(vectors[2])),
          centre(channel_vector(vectors[3])) {
        form.channels = static_cast<int>(vectors[0].numel());
        form.scale = scale.data();
        form.shift = shift.data();
        form.slope = slope.data();
        form.centre = centre.data();
        form.high = static_cast<float>(high);
    }
    std::vector<float> scale, shift, slope, centre;
    WatchedActivation form;
};

int64_t rows_of(const at::Tensor& x) {
    return x.numel() / x.size(1);
}

// Output, sum and sum of squares of x - centre.
variable_list forward_on_cpu(const at::Tensor& x, const PreparedForm& prepared) {
    const auto channels = static_cast<size_t>(prepared.form.channels);
    at::Tensor output = at::empty_like(x);
    std::vector<std::vector<double>> parts(kParts, std::vector<double>(2 * channels));
    with_number_type(x, [&](auto number) {
        using T = decltype(number);
        for_each_part(rows_of(x), [&](int64_t first, int64_t count, int64_t part) {
            const int64_t at = first * prepared.form.channels;
            double* sums = parts[static_cast<size_t>(part)].data();
            training_kernels().of<T>().watched_forward(prepared.form, count, raw<T>(x) + at,
                                                       raw<T>(output) + at, sums, sums + channels);
        });
    });
    for (int64_t part = 1; part < kParts; ++part) {
        for (size_t i = 0; i < 2 * channels; ++i) parts[0][i] += parts[static_cast<size_t>(part)][i];
    }
    const at::Tensor both = at::tensor(parts[0], at::kDouble).reshape({2, prepared.form.channels});
    return {output, both[0], both[1]};
}

variable_list forward_elsewhere(const at::Tensor& x, const variable_list& v, double high) {
    const at::Tensor r = x * by_channel(v[0]) + by_channel(v[1]);
    const at::Tensor off = x.to(at::kFloat) - by_channel(v[3]);
    return {at::clamp_max(leaky(r, v[2]), high).to(x.scalar_type()), off.sum({0, 2, 3}).to(at::kDouble),
            off.square().sum({0, 2, 3}).to(at::kDouble)};
}

at::Tensor backward_on_cpu(const at::Tensor& x, const at::Tensor& gradient, const PreparedForm& prepared,
                           const at::Tensor& constant, const at::Tensor& linear) {
    at::Tensor result = at::empty_like(x);
    const std::vector<float> add = channel_vector(constant), factor = channel_vector(linear);
    with_number_type(x, [&](auto number) {
        using T = decltype(number);
        for_each_part(rows_of(x), [&](int64_t first, int64_t count, int64_t) {
            const int64_t at = first * prepared.form.channels;
            training_kernels().of<T>().watched_backward(prepared.form, count, raw<T>(x) + at,
                                                        raw<T>(gradient) + at, add.data(), factor.data(),
                                                        raw<T>(result) + at);
        });
    });
    return result;
}

at::Tensor backward_elsewhere(const at::Tensor& x, const at::Tensor& gradient, const variable_list& v,
                              double high, const at::Tensor& constant, const at::Tensor& linear) {
    const at::Tensor r = x * by_channel(v[0]) + by_channel(v[1]);
    const at::Tensor rising = at::logical_and(r > 0, r < high).to(at::kFloat);
    const at::Tensor passed = gradient * (rising + (r <= 0).to(at::kFloat) * by_channel(v[2]));
    return (passed * by_channel(v[0]) + by_channel(constant) + (x - by_channel(v[3])) * by_channel(linear))
        .to(x.scalar_type());
}

class WatchedFunction : public torch::autograd::Function<WatchedFunction> {
  public:
    static variable_list forward(AutogradContext* context, const at::Tensor& given, const at::Tensor& scale,
                                 const at::Tensor& shift, const at::Tensor& slope, const at::Tensor& centre,
                                 double high) {
        const at::Tensor x = given.contiguous(at::MemoryFormat::ChannelsLast);
        const variable_list vectors = {scale, shift, slope, centre};
        const variable_list made =
            x.is_cpu() ? forward_on_cpu(x, PreparedForm(vectors, high)) : forward_elsewhere(x, vectors, high);
        const auto rows = static_cast<double>(rows_of(x));
        const at::Tensor off = made[1] / rows;  // of the mean from the centre
        context->save_for_backward({x, scale, shift, slope, centre, off});
        context->saved_data["high"] = high;
        return {made[0], (off + centre).to(at::kFloat),
                at::clamp_min(made[2] / rows - off.square(), 0).to(at::kFloat)};
    }

    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        const variable_list saved = context->get_saved_variables();
        const at::Tensor& x = saved[0];
        const variable_list vectors(saved.begin() + 1, saved.begin() + 5);
        const auto rows = static_cast<double>(rows_of(x));
        const auto of_statistic = [&](const at::Tensor& gradient) {
            return gradient.defined() ? gradient.to(at::kDouble) : at::zeros_like(saved[5]);
        };
        // Of the mean: 1 / rows; of the variance: 2 (x - mean) / rows.
        const at::Tensor linear = of_statistic(gradients[2]) * (2 / rows);
        const at::Tensor constant = of_statistic(gradients[1]) / rows - linear * saved[5];
        const at::Tensor gradient =
            gradients[0].defined()
                ? gradients[0].to(x.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast)
                : at::zeros_like(x);
        const double high = context->saved_data["high"].toDouble();
        const at::Tensor result =
            x.is_cpu() ? backward_on_cpu(x, gradient, PreparedForm(vectors, high), constant, linear)
                       : backward_elsewhere(x, gradient, vectors, high, constant.to(at::kFloat),
                                            linear.to(at::kFloat));
        return {result, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
    }
};

}  // namespace

WatchedValue watched_activation(const at::Tensor& x, const WatchedForm& form) {
    const variable_list made =
        WatchedFunction::apply(x, form.scale, form.shift, form.slope, form.centre, form.high);
    return {made[0], made[1], made[2]};
}

}  // namespace quantface
