#include "naive_float.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "graph/op_visitor.h"

namespace quantface {

namespace {

using Inputs = std::vector<const NaiveValue*>;

// Fills the output with function(channel, y, x).
template <typename Function>
void fill(NaiveValue& out, const Function& function) {
    for (int channel = 0; channel < out.shape.channels; ++channel) {
        for (int y = 0; y < out.shape.height; ++y) {
            for (int x = 0; x < out.shape.width; ++x) out.at(channel, y, x) = function(channel, y, x);
        }
    }
}

// Fills the output with function(number, channel) of the only input.
template <typename Function>
void map(NaiveValue& out, const Inputs& in, const Function& function) {
    fill(out, [&](int channel, int y, int x) { return function(in[0]->at(channel, y, x), channel); });
}

// Fills the output with function(a, b) of two inputs, either of them one pixel.
template <typename Function>
void combine(NaiveValue& out, const Inputs& in, const Function& function) {
    const auto pick = [](const NaiveValue& value, int channel, int y, int x) {
        return value.shape.plane() == 1 ? value.at(channel, 0, 0) : value.at(channel, y, x);
    };
    fill(out, [&](int channel, int y, int x) {
        return function(pick(*in[0], channel, y, x), pick(*in[1], channel, y, x));
    });
}

// Calls visit(input row, input column, kernel row, kernel column) for every tap of an output pixel.
template <typename Visit>
void for_each_tap(const Window& window, int y, int x, const Visit& visit) {
    for (int ky = 0; ky < window.kernel_height; ++ky) {
        for (int kx = 0; kx < window.kernel_width; ++kx) {
            visit(y * window.stride_y - window.padding.top + ky * window.dilation_y,
                  x * window.stride_x - window.padding.left + kx * window.dilation_x, ky, kx);
        }
    }
}

void convolve(const ConvOp& op, NaiveValue& out, const Inputs& in) {
    const int depth = in[0]->shape.channels / op.groups, group_outputs = out.shape.channels / op.groups;
    fill(out, [&](int channel, int y, int x) {
        double sum = op.bias.empty() ? 0.0 : op.bias[channel];
        for (int c = 0; c < depth; ++c) {
            for_each_tap(op.window, y, x, [&](int in_y, int in_x, int ky, int kx) {
                const int64_t tap =
                    ((int64_t{channel} * depth + c) * op.window.kernel_height + ky) * op.window.kernel_width +
                    kx;
                sum += op.weight.data[tap] * in[0]->padded(channel / group_outputs * depth + c, in_y, in_x);
            });
        }
        return sum;
    });
}

void average(const Window& window, bool count_padding, NaiveValue& out, const Inputs& in) {
    fill(out, [&](int channel, int y, int x) {
        double sum = 0, count = 0;
        for_each_tap(window, y, x, [&](int in_y, int in_x, int, int) {
            sum += in[0]->padded(channel, in_y, in_x);
            count += count_padding || in[0]->inside(in_y, in_x);
        });
        return sum / count;
    });
}

void maximum(const Window& window, NaiveValue& out, const Inputs& in) {
    fill(out, [&](int channel, int y, int x) {
        double best = -std::numeric_limits<double>::infinity();
        for_each_tap(window, y, x, [&](int in_y, int in_x, int, int) {
            if (in[0]->inside(in_y, in_x)) best = std::max(best, in[0]->at(channel, in_y, in_x));
        });
        return best;
    });
}

double clamp01(double x) {
    return std::clamp(x, 0.0, 1.0);
}

}  // namespace

NaiveValue naive_run(const Op& operation, const Inputs& in, const Shape& output) {
    NaiveValue out{output, std::vector<double>(static_cast<size_t>(output.size()))};
    const auto concat = [&] {
        out.numbers.clear();
        for (const NaiveValue* value : in) {
            out.numbers.insert(out.numbers.end(), value->numbers.begin(), value->numbers.end());
        }
    };
    std::visit(
        Overloaded{
            [&](const ConvOp& op) { convolve(op, out, in); },
            [&](const GemmOp& op) {
                fill(out, [&](int row, int, int) {
                    double sum = op.bias.empty() ? 0.0 : op.bias[row];
                    for (int k = 0; k < in[0]->shape.channels; ++k) {
                        sum += op.weight.data[int64_t{row} * in[0]->shape.channels + k] * in[0]->at(k, 0, 0);
                    }
                    return sum;
                });
            },
            [&](const BatchNormOp& op) {
                map(out, in, [&](double x, int c) {
                    return (x - op.mean[c]) / std::sqrt(double{op.variance[c]} + op.epsilon) * op.scale[c] +
                           op.bias[c];
                });
            },
            [&](const AffineOp& op) {
                map(out, in, [&](double x, int c) { return x * op.scale[c] + op.shift[c]; });
            },
            [&](const PReluOp& op) {
                map(out, in, [&](double x, int c) { return x >= 0 ? x : x * op.slope[c]; });
            },
            [&](const ReluOp&) { map(out, in, [](double x, int) { return std::max(x, 0.0); }); },
            [&](const LeakyReluOp& op) {
                map(out, in, [&](double x, int) { return x >= 0 ? x : x * op.slope; });
            },
            [&](const ClipOp& op) {
                map(out, in, [&](double x, int) { return std::clamp<double>(x, op.low, op.high); });
            },
            [&](const SigmoidOp&) { map(out, in, [](double x, int) { return 1 / (1 + std::exp(-x)); }); },
            [&](const HardSigmoidOp& op) {
                map(out, in, [&](double x, int) { return clamp01(op.alpha * x + op.beta); });
            },
            [&](const HardSwishOp&) { map(out, in, [](double x, int) { return x * clamp01(x / 6 + 0.5); }); },
            [&](const AddOp&) { combine(out, in, [](double a, double b) { return a + b; }); },
            [&](const SubOp&) { combine(out, in, [](double a, double b) { return a - b; }); },
            [&](const MulOp&) { combine(out, in, [](double a, double b) { return a * b; }); },
            [&](const FlattenOp&) { concat(); },
            [&](const GlobalAveragePoolOp&) {
                fill(out, [&](int c, int, int) {
                    double sum = 0;
                    for (int64_t i = 0; i < in[0]->shape.plane(); ++i) {
                        sum += in[0]->numbers[c * in[0]->shape.plane() + i];
                    }
                    return sum / static_cast<double>(in[0]->shape.plane());
                });
            },
            [&](const AveragePoolOp& op) { average(op.window, op.count_include_padding, out, in); },
            [&](const MaxPoolOp& op) { maximum(op.window, out, in); },
            [&](const ConcatOp&) { concat(); },
            [&](const IdentityOp&) { concat(); },
            [&](const FakeQuantOp& op) {
                map(out, in, [&](double x, int) {
                    const double level = std::nearbyint(x / op.params.scale) + op.params.zero_point;
                    return (std::clamp<double>(level, 0, op.params.max_level()) - op.params.zero_point) *
                           op.params.scale;
                });
            },
        },
        operation);
    return out;
}

std::vector<NaiveValue> naive_run(const Graph& graph, const std::vector<float>& input) {
    std::vector<NaiveValue> values(graph.values.size());
    values[graph.input] = {graph.values[graph.input].shape, {input.begin(), input.end()}};
    for (const Node& node : graph.nodes) {
        Inputs inputs;
        for (const ValueId value : node.inputs) inputs.push_back(&values[value]);
        values[node.output] = naive_run(node.op, inputs, graph.values[node.output].shape);
    }
    return values;
}

}  // namespace quantface
