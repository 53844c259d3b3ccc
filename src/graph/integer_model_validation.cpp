// validate(IntegerModel): what stands between a hostile file and the executors.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>

#include "base/error.h"
#include "base/text.h"
#include "graph/integer_limits.h"
#include "graph/integer_model.h"
#include "graph/window_arithmetic.h"
#include "numerics/half.h"

namespace quantface {

namespace {

bool all_finite(const std::vector<float>& numbers) {
    return std::all_of(numbers.begin(), numbers.end(), [](float number) { return std::isfinite(number); });
}

// number == half * 2^exponent for a finite binary16 half. A double holds the quotient exactly: exponents are
// bounded, and a float has 24 bits.
bool is_scaled_half(float number, int exponent) {
    const double quotient = std::ldexp(static_cast<double>(number), -exponent);
    if (!(std::fabs(quotient) <= 65504.0)) return false;
    return static_cast<double>(round_to_half(static_cast<float>(quotient))) == quotient;
}

bool is_half(float number) {
    return is_scaled_half(number, 0);
}

struct WeightSurvey {
    int least = 127, greatest = -128;
    int64_t sum_of_magnitudes = 0;
};

// In pieces whose sums fit int32, all three at once: loading a model waits for this.
WeightSurvey survey_weights(std::span<const int8_t> weights) {
    constexpr size_t kPiece = 1 << 16;
    WeightSurvey survey;
    while (!weights.empty()) {
        const auto piece = weights.first(std::min(kPiece, weights.size()));
        weights = weights.subspan(piece.size());
        int8_t least = 127, greatest = -128;
        int32_t sum = 0;
        for (const int8_t weight : piece) {
            least = std::min(least, weight);
            greatest = std::max(greatest, weight);
            sum += std::abs(int{weight});
        }
        survey.least = std::min<int>(survey.least, least);
        survey.greatest = std::max<int>(survey.greatest, greatest);
        survey.sum_of_magnitudes += sum;
    }
    return survey;
}

double magnitude(float number) {
    return std::fabs(static_cast<double>(number));
}

double largest_magnitude(const std::vector<float>& numbers) {
    double largest = 0;
    for (const float number : numbers) largest = std::max(largest, magnitude(number));
    return largest;
}

// Checks one node after the other, in order; `written_` says which values exist by then.
class Validator {
  public:
    explicit Validator(const IntegerModel& model) : model_(model), written_(model.values.size(), false) {}

    void run() {
        check_model();
        written_[model_.input] = true;
        for (const IntegerNode& node : model_.nodes) {
            node_ = &node;
            check_node();
        }
        node_ = nullptr;
        if (!std::all_of(written_.begin(), written_.end(), [](bool written) { return written; })) {
            refuse("no node writes one of the values");
        }
    }

  private:
    [[noreturn]] void refuse(const std::string& what) const {
        if (!node_) fail_bad_input("integer model: " + what);
        const std::string name = is_printable_line(node_->name) ? node_->name : "?";
        fail_bad_input("integer model: node '" + name.substr(0, kMaxNameBytes) + "' (" + op_name(node_->op) +
                       "): " + what);
    }
    void require(bool condition, const char* otherwise) const {
        if (!condition) refuse(otherwise);
    }

    // ---- the model as a whole

    void check_name(const std::string& name) const {
        require(name.size() <= kMaxNameBytes, "a name is longer than 1024 bytes");
        require(is_printable_line(name), "a name is not printable UTF-8");
    }

    void check_model() const {
        check_name(model_.name);
        require(!model_.values.empty() && model_.values.size() <= kMaxIntegerValues,
                "the number of values is not in 1..65536");
        require(model_.nodes.size() <= kMaxIntegerNodes, "more than 65536 nodes");
        require(exists(model_.input) && exists(model_.output), "input or output is no value of the model");
        require(model_.input != model_.output, "the input is the output");
        int64_t size_sum = 0;
        for (const IntegerValue& value : model_.values) {
            check_value(value);
            size_sum += value.shape.size();
            require(value.is_float == (&value == &model_.values[model_.output]),
                    "the embedding, and nothing else, has to be float");
        }
        require(size_sum <= kMaxValueSizeSum, "the values together are too large");
        check_input();
        require(model_.values[model_.output].shape.plane() == 1, "the output is not one vector for an image");
        const std::string& teacher = model_.teacher_sha256;
        require(teacher.empty() || (teacher.size() == 64 &&
                                    teacher.find_first_not_of("0123456789abcdef") == std::string::npos),
                "the teacher's SHA-256 is not 64 lower-case hexadecimal digits");
        require(model_.record.size() <= kMaxRecordBytes, "the record is larger than 1 MiB");
        require(is_utf8(model_.record), "the record is not UTF-8");
    }

    void check_value(const IntegerValue& value) const {
        check_name(value.name);
        const Shape& shape = value.shape;
        require(shape.channels >= 1 && shape.channels <= kMaxChannels,
                "a value's channels are not in 1..65536");
        require(
            shape.height >= 1 && shape.height <= kMaxExtent && shape.width >= 1 && shape.width <= kMaxExtent,
            "a value's height or width is not in 1..32768");
        require(shape.size() <= kMaxValueSize, "a value has more than 2^27 elements");
        if (value.is_float) return;
        const QuantParams& quant = value.quant;
        require(quant.bits >= kMinBits && quant.bits <= kMaxBits, "a value's bits are not in 2..8");
        require(std::isfinite(quant.scale) && quant.scale > 0, "a value's scale is not a positive number");
        require(quant.zero_point >= 0 && quant.zero_point <= quant.max_level(),
                "a value's zero point is not one of its levels");
    }

    void check_input() const {
        const InputSpec& spec = model_.input_spec;
        const IntegerValue& input = model_.values[model_.input];
        require(input.shape == Shape{3, spec.height, spec.width},
                "the input is not an image of the stated size");
        require(input.quant == QuantParams{}, "the input is not pixels (8 bits, scale 1, zero point 0)");
        require(spec.color_order == ColorOrder::kRgb || spec.color_order == ColorOrder::kBgr,
                "the colour order is unknown");
        for (int channel = 0; channel < 3; ++channel) {
            require(std::isfinite(spec.mean[channel]) && std::isfinite(spec.std[channel]) &&
                        spec.std[channel] > 0,
                    "the input's mean or standard deviation is not usable");
        }
    }

    // ---- values of a node

    bool exists(ValueId value) const {
        return value >= 0 && static_cast<size_t>(value) < model_.values.size();
    }

    const IntegerValue& readable(ValueId id) const {
        require(exists(id) && written_[id], "reads a value that nothing before it has written");
        require(!model_.values[id].is_float, "reads the embedding");
        return model_.values[id];
    }

    const IntegerValue& input(size_t index) const { return readable(node_->inputs[index]); }

    // The value, which from now on counts as written.
    const IntegerValue& write(ValueId id, const Shape& shape) {
        require(exists(id), "writes a value that the model does not have");
        require(!written_[id], "writes a value that has a writer already");
        const IntegerValue& value = model_.values[id];
        if (value.shape != shape) refuse("gives " + to_string(shape) + ", not " + to_string(value.shape));
        written_[id] = true;
        return value;
    }

    const IntegerValue& write_levels(ValueId id, const Shape& shape) {
        const IntegerValue& value = write(id, shape);
        require(!value.is_float, "cannot write the embedding");
        return value;
    }

    void need_inputs(size_t count) const {
        if (node_->inputs.size() != count) {
            refuse("needs " + std::to_string(count) + " inputs, has " + std::to_string(node_->inputs.size()));
        }
    }

    void check_vector(const std::vector<float>& numbers, int64_t count, const char* what) const {
        if (static_cast<int64_t>(numbers.size()) != count) {
            refuse(std::string(what) + ": " + std::to_string(count) + " numbers needed, " +
                   std::to_string(numbers.size()) + " there");
        }
        if (!all_finite(numbers)) refuse(std::string(what) + ": a number is not finite");
    }

    void check_number(float number) const { require(std::isfinite(number), "a multiplier is not finite"); }

    void check_bound(double bound) const { require(bound <= kMaxReal, "its numbers could exceed 1e30"); }

    void add_work(int64_t work) {
        work_ += work;
        require(work_ <= kMaxWork, "the model takes more than 2^40 steps an image");
    }

    // ---- operations

    void check_node() {
        check_name(node_->name);
        std::visit([this](const auto& op) { check(op); }, node_->op);
    }

    Shape window_output(const Window& window, const Shape& in, int channels) const {
        require(is_sane(window), "kernel, stride, dilation or padding is out of range");
        const Shape out{channels, window_output_height(window, in.height),
                        window_output_width(window, in.width)};
        require(out.height >= 1 && out.width >= 1, "the window is larger than the padded input");
        return out;
    }

    void check(const IntegerConv& op) {
        need_inputs(1);
        const IntegerValue& in = input(0);
        require(op.bias_fraction_bits >= 0 && op.bias_fraction_bits <= kMaxBiasFractionBits,
                "the bias' fraction is out of range");
        require(!op.bias.empty() && op.bias.size() <= static_cast<size_t>(kMaxChannels),
                "output channels are not in 1..65536");
        const auto out_channels = static_cast<int>(op.bias.size());
        const Shape out = window_output(op.window, in.shape, out_channels);
        require(op.groups >= 1 && in.shape.channels % op.groups == 0 && out_channels % op.groups == 0,
                "the groups do not divide the channels");
        const int64_t taps =
            int64_t{op.window.kernel_height} * op.window.kernel_width * (in.shape.channels / op.groups);
        require(static_cast<int64_t>(op.weight.size()) == out_channels * taps,
                "the number of weights does not fit kernel and channels");
        check_vector(op.multiplier, out_channels, "multiplier");
        require(std::abs(op.multiplier_exponent) <= 200, "the multipliers' exponent is out of range");
        for (const float multiplier : op.multiplier) {
            require(is_scaled_half(multiplier, op.multiplier_exponent),
                    "a multiplier is not a binary16 number times the power of two");
        }
        const int max_level = in.quant.max_level();
        require(op.padding_level.size() == static_cast<size_t>(in.shape.channels),
                "the number of padding levels is not that of input channels");
        require(std::all_of(op.padding_level.begin(), op.padding_level.end(),
                            [max_level](uint8_t level) { return level <= max_level; }),
                "a padding level is not a level of the input");
        add_work(static_cast<int64_t>(op.weight.size()) * out.plane());
        check_epilogue(op.epilogue, out, check_accumulators(op, taps, max_level));
    }

    void check_weight_zero_points(const IntegerConv& op) const {
        if (!op.has_asymmetric_weights()) return;
        require(op.weight_zero_point.size() == op.bias.size(),
                "the number of the weights' zero points is not that of output channels");
        const int max_level = (1 << op.weight_bits) - 1;
        require(std::all_of(op.weight_zero_point.begin(), op.weight_zero_point.end(),
                            [max_level](uint8_t zero_point) { return zero_point <= max_level; }),
                "a zero point is not a level of the weights");
    }

    // Bound of |r|: every partial sum stays in int32, whatever the levels and whether offsets are added to
    // the weights or to the sum.
    double check_accumulators(const IntegerConv& op, int64_t taps, int max_level) const {
        require(op.weight_bits >= kMinBits && op.weight_bits <= kMaxBits, "weight bits are not in 2..8");
        const bool asymmetric = op.has_asymmetric_weights();
        check_weight_zero_points(op);
        const int limit = weight_limit(op.weight_bits);
        const int least = asymmetric ? -limit - 1 : -limit;
        double bound = 0;
        for (size_t channel = 0; channel < op.bias.size(); ++channel) {
            const auto weights =
                std::span(op.weight).subspan(channel * static_cast<size_t>(taps), static_cast<size_t>(taps));
            const WeightSurvey survey = survey_weights(weights);
            require(survey.least >= least && survey.greatest <= limit, "a weight does not fit its bits");
            const int64_t sum = taps * std::abs(op.weight_offset(channel)) + survey.sum_of_magnitudes;
            const int64_t accumulator = sum * max_level + std::abs(int64_t{op.whole_bias(channel)});
            require(accumulator <= std::numeric_limits<int32_t>::max(), "its accumulator could leave int32");
            bound = std::max(bound, static_cast<double>(accumulator + 1) * magnitude(op.multiplier[channel]));
        }
        return bound;
    }

    void check(const IntegerAffine& op) {
        need_inputs(1);
        const IntegerValue& in = input(0);
        check_vector(op.multiplier, in.shape.channels, "multiplier");
        check_vector(op.shift, in.shape.channels, "shift");
        const double product = in.quant.max_level() * largest_magnitude(op.multiplier);
        add_work(in.shape.size());
        check_epilogue(op.epilogue, in.shape, product + largest_magnitude(op.shift));
    }

    // The common shape of two inputs, the second of which may be broadcast over the image.
    Shape broadcast() const {
        need_inputs(2);
        const Shape &a = input(0).shape, &b = input(1).shape;
        if (a.channels != b.channels || (a != b && b.plane() != 1)) {
            refuse("cannot combine " + to_string(a) + " and " + to_string(b));
        }
        return a;
    }

    void check(const IntegerAdd& op) {
        const Shape shape = broadcast();
        check_number(op.multiplier_a);
        check_number(op.multiplier_b);
        const double bound = input(0).quant.max_level() * magnitude(op.multiplier_a) +
                             input(1).quant.max_level() * magnitude(op.multiplier_b);
        add_work(shape.size());
        check_epilogue(op.epilogue, shape, bound);
    }

    void check(const IntegerMul& op) {
        const Shape shape = broadcast();
        check_number(op.multiplier);
        const double product = input(0).quant.max_level() * input(1).quant.max_level();
        add_work(shape.size());
        check_epilogue(op.epilogue, shape, product * magnitude(op.multiplier));
    }

    void check(const IntegerLut& op) {
        need_inputs(1);
        const IntegerValue& in = input(0);
        require(op.table.size() == size_t{1} << in.quant.bits,
                "the table does not have one entry for each level");
        const int max_level = write_levels(op.output, in.shape).quant.max_level();
        require(std::all_of(op.table.begin(), op.table.end(),
                            [max_level](uint8_t level) { return level <= max_level; }),
                "a table entry is not a level of the output");
        add_work(in.shape.size());
    }

    // As a convolution's window, without dilation, and never in the padding alone: there neither mean nor
    // maximum exists.
    Shape pool_output(const Window& window, const Shape& in) {
        const Shape out = window_output(window, in, in.channels);
        require(window.dilation_y == 1 && window.dilation_x == 1, "pooling has no dilation");
        const Padding& pad = window.padding;
        require(std::max(pad.top, pad.bottom) < window.kernel_height &&
                    std::max(pad.left, pad.right) < window.kernel_width,
                "the padding is as large as the window");
        require(out.size() <= kMaxValueSize, "the output is too large");
        add_work(out.size() * window.kernel_height * window.kernel_width);
        return out;
    }

    void check(const IntegerMaxPool& op) {
        need_inputs(1);
        const IntegerValue& in = input(0);
        const IntegerValue& out = write_levels(op.output, pool_output(op.window, in.shape));
        require(out.quant == in.quant, "the output is not quantized as the input");
    }

    void check(const IntegerAveragePool& op) {
        need_inputs(1);
        const IntegerValue& in = input(0);
        const Shape out = pool_output(op.window, in.shape);
        check_number(op.multiplier);
        const int64_t sum = int64_t{op.window.kernel_height} * op.window.kernel_width * in.quant.max_level();
        require(sum <= std::numeric_limits<int32_t>::max(), "its accumulator could leave int32");
        check_epilogue(op.epilogue, out, static_cast<double>(sum) * magnitude(op.multiplier));
    }

    void check(const IntegerConcat& op) {
        require(!node_->inputs.empty(), "has no input");
        check_vector(op.multiplier, static_cast<int64_t>(node_->inputs.size()), "multiplier");
        Shape out = input(0).shape;
        int64_t channels = 0;
        for (size_t index = 0; index < node_->inputs.size(); ++index) {
            const IntegerValue& in = input(index);
            require(in.shape.height == out.height && in.shape.width == out.width,
                    "the inputs' heights or widths differ");
            channels += in.shape.channels;
            check_bound(in.quant.max_level() * magnitude(op.multiplier[index]));
        }
        require(channels <= kMaxChannels, "has more than 65536 channels");
        out.channels = static_cast<int>(channels);
        write_levels(op.output, out);
        add_work(out.size());
    }

    // ---- the epilogue of an operation whose numbers have magnitudes up to `bound`

    double after_activation(const Epilogue& epilogue, int channels, double bound) const {
        switch (epilogue.activation) {
            case Activation::kNone:
                return bound;
            case Activation::kPRelu:
                check_vector(epilogue.slope, channels, "slope");
                require(std::all_of(epilogue.slope.begin(), epilogue.slope.end(), is_half),
                        "a slope is not a binary16 number");
                return bound * std::max(1.0, largest_magnitude(epilogue.slope));
            case Activation::kClip: {
                const double low = epilogue.clip_low, high = epilogue.clip_high;
                require(low <= high, "the clip's lower bound is not below its upper one");
                // An infinite bound does not clip.
                return std::max(std::fabs(std::clamp(-bound, low, high)),
                                std::fabs(std::clamp(bound, low, high)));
            }
        }
        refuse("the activation is unknown");
    }

    void check_epilogue(const Epilogue& epilogue, const Shape& shape, double bound) {
        check_bound(bound);
        require(epilogue.activation == Activation::kPRelu || epilogue.slope.empty(),
                "has slopes but no PReLU");
        if (!epilogue.activation_after_residual) {
            bound = after_activation(epilogue, shape.channels, bound);
            check_bound(bound);
        }
        if (epilogue.residual != kNoValue) {
            const IntegerValue& residual = readable(epilogue.residual);
            if (residual.shape != shape) {
                refuse("has a residual of " + to_string(residual.shape) + ", not " + to_string(shape));
            }
            check_number(epilogue.residual_multiplier);
            bound += residual.quant.max_level() * magnitude(epilogue.residual_multiplier);
            check_bound(bound);
        }
        if (epilogue.activation_after_residual) {
            bound = after_activation(epilogue, shape.channels, bound);
            check_bound(bound);
        }
        check_outputs(epilogue, shape, bound);
    }

    void check_outputs(const Epilogue& epilogue, const Shape& shape, double bound) {
        require(epilogue.outputs.size() == 1 || epilogue.outputs.size() == 2, "has neither 1 nor 2 outputs");
        int direct = 0;
        for (const IntegerOutput& output : epilogue.outputs) {
            write(output.value, shape);
            if (output.scale.empty() && output.shift.empty()) {
                ++direct;
                continue;
            }
            check_vector(output.scale, shape.channels, "output scale");
            check_vector(output.shift, shape.channels, "output shift");
            check_bound(bound * largest_magnitude(output.scale) + largest_magnitude(output.shift));
        }
        // r has one unit, so it can be the level of one value only.
        require(direct <= 1, "has two direct outputs");
    }

    const IntegerModel& model_;
    std::vector<bool> written_;
    const IntegerNode* node_ = nullptr;
    int64_t work_ = 0;
};

}  // namespace

void validate(const IntegerModel& model) {
    Validator(model).run();
}

}  // namespace quantface
