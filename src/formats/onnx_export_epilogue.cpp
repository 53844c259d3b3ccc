#include "formats/onnx_export_epilogue.h"

#include <algorithm>

#include "formats/onnx_export_ranges.h"

namespace quantface {

namespace {

// A bound beyond this cuts nothing (the integer model has no infinity for "none").
constexpr double kFar = 1e29;

class EpilogueExport {
  public:
    EpilogueExport(OnnxExportContext& context, const IntegerNode& node, const Epilogue& epilogue)
        : context_(context),
          epilogue_(epilogue),
          name_(context.name_of(node)),
          unit_(context.unit(epilogue)) {}

    void run(const std::string& number) {
        number_ = number;
        const std::vector<EpilogueStep> steps = epilogue_steps(epilogue_);
        for (size_t index = 0; index < steps.size(); ++index) {
            if (steps[index] == EpilogueStep::kResidual) {
                separate(index);
                add_residual();
            } else if (epilogue_.activation == Activation::kPRelu) {
                separate(index);
                apply_prelu();
            } else {
                apply_clip();
            }
        }
        write_outputs(steps.size());
    }

  private:
    // For kQdqInteger: levels between what computed the number and the step that comes, so that each is an
    // operation on levels.
    void separate(size_t step) {
        if (context_.style != OnnxStyle::kQdqInteger || is_rounded_) return;
        const auto levels = guess_levels(context_, epilogue_, step);
        if (levels) {
            number_ = context_.requantize(number_, *levels, bounds_, name_ + ".number");
            bounds_ = {};
            is_rounded_ = true;
        } else {
            cut();
        }
    }

    void apply_prelu() {
        const auto channels = static_cast<int64_t>(epilogue_.slope.size());
        const std::string slope = context_.graph.floats(name_ + ".slope", {channels, 1, 1}, epilogue_.slope);
        number_ = context_.graph.add("PRelu", {number_, slope}, name_ + ".prelu");
        is_rounded_ = false;
    }

    void apply_clip() {
        bounds_ = {static_cast<double>(epilogue_.clip_low), static_cast<double>(epilogue_.clip_high)};
        bounds_.low = bounds_.low < -kFar ? -HUGE_VAL : bounds_.low * unit_;
        bounds_.high = bounds_.high > kFar ? HUGE_VAL : bounds_.high * unit_;
        if (context_.style != OnnxStyle::kQdqInteger) cut();
    }

    // What was left to a rounding, by an operation of its own.
    void cut() {
        OnnxExportGraph& graph = context_.graph;
        const bool has_low = bounds_.low > -HUGE_VAL, has_high = bounds_.high < HUGE_VAL;
        const auto bound = [&](const char* which, double number) {
            return graph.floats(name_ + which, {}, {static_cast<float>(number)});
        };
        if (bounds_.low == 0 && !has_high) {
            number_ = graph.add("Relu", {number_}, name_ + ".relu");
        } else if (has_low || has_high) {
            std::vector<std::string> inputs = {number_, has_low ? bound(".clip_low", bounds_.low) : ""};
            if (has_high) inputs.push_back(bound(".clip_high", bounds_.high));
            number_ = graph.add("Clip", inputs, name_ + ".clip");
        }
        bounds_ = {};
    }

    void add_residual() {
        const double factor =
            static_cast<double>(epilogue_.residual_multiplier) * unit_ / context_.step(epilogue_.residual);
        number_ = export_sum(context_, number_, 1, context_.real(epilogue_.residual), factor, name_ + ".sum");
        is_rounded_ = false;
    }

    void write_outputs(size_t steps) {
        const auto direct = std::find_if(epilogue_.outputs.begin(), epilogue_.outputs.end(),
                                         [](const IntegerOutput& output) { return output.scale.empty(); });
        const bool has_direct = direct != epilogue_.outputs.end();
        const bool one_reader = context_.style == OnnxStyle::kQdqInteger;
        if (has_direct && context_.value(direct->value).is_float) cut();
        if (has_direct && context_.value(direct->value).is_float) cut();
        if (has_direct && (one_reader || context_.is_needed(direct->value))) {
            context_.define(direct->value, number_, bounds_);
        }
        for (const IntegerOutput& output : epilogue_.outputs) {
            if (output.scale.empty() || !context_.is_needed(output.value)) continue;
            // An operation becomes one on levels only where its levels are all that is read of it.
            if (one_reader && has_direct && !context_.value(direct->value).is_float) {
                number_ = context_.real(direct->value);
                bounds_ = {};
            } else if (epilogue_.residual == kNoValue && epilogue_.activation != Activation::kPRelu) {
                separate(steps);
            } else {
                cut();
            }
            write_scaled(output);
        }
    }

    void write_scaled(const IntegerOutput& output) {
        const double step = context_.step(output.value);
        std::vector<float> scale, shift;
        for (size_t channel = 0; channel < output.scale.size(); ++channel) {
            scale.push_back(static_cast<float>(static_cast<double>(output.scale[channel]) * step / unit_));
            shift.push_back(static_cast<float>(static_cast<double>(output.shift[channel]) * step));
        }
        context_.define(output.value,
                        context_.scaled_and_shifted(number_, scale, shift, context_.name_of(output.value)));
    }

    OnnxExportContext& context_;
    const Epilogue& epilogue_;
    const std::string name_;
    const double unit_;
    std::string number_;
    OnnxInterval bounds_;      // kQdqInteger: an activation that the next rounding applies
    bool is_rounded_ = false;  // number_ comes out of DequantizeLinear
};

}  // namespace

void export_epilogue(OnnxExportContext& context, const IntegerNode& node, const Epilogue& epilogue,
                     const std::string& number) {
    EpilogueExport(context, node, epilogue).run(number);
}

std::string export_sum(OnnxExportContext& context, const std::string& a, double factor_a,
                       const std::string& b, double factor_b, const std::string& name) {
    const std::string left = context.scaled(a, factor_a, name + "_a");
    if (context.is_one(-factor_b)) return context.graph.add("Sub", {left, b}, name);
    return context.graph.add("Add", {left, context.scaled(b, factor_b, name + "_b")}, name);
}

}  // namespace quantface
