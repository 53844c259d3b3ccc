#include "formats/onnx_export_context.h"

#include <algorithm>
#include <cmath>

#include "numerics/quantization.h"

namespace quantface {

namespace {

// The one next to it by ratio; not at float32's ends, where no product would fit.
float power_of_two(float scale) {
    return std::ldexp(1.0f, std::clamp(static_cast<int>(std::nearbyint(std::log2(scale))), -60, 60));
}

}  // namespace

OnnxExportContext::OnnxExportContext(const IntegerModel& exported, OnnxStyle wanted, onnx::GraphProto& proto)
    : model(exported), style(wanted), graph(proto), values_(exported.values.size()) {
    find_needed();
    for (const IntegerValue& each : model.values) {
        quants_.push_back(each.quant);
        if (style == OnnxStyle::kQdq) quants_.back().scale = power_of_two(each.quant.scale);
    }
    input_name_ = graph.reserve("input");
    output_name_ = graph.reserve("embedding");
    if (!has_levels()) values_[model.input].real = input_name_;
}

void OnnxExportContext::find_needed() {
    needed_.assign(model.values.size(), false);
    needed_[model.output] = true;
    for (size_t index = model.nodes.size(); index-- > 0;) {
        const IntegerNode& node = model.nodes[index];
        const std::vector<ValueId> outputs = outputs_of(node);
        if (std::none_of(outputs.begin(), outputs.end(), [&](ValueId id) { return needed_[id]; })) continue;
        for (const ValueId input : node.inputs) needed_[input] = true;
        const Epilogue* epilogue = epilogue_of(node);
        if (epilogue && epilogue->residual != kNoValue) needed_[epilogue->residual] = true;
    }
}

std::string OnnxExportContext::name_of(ValueId id) const {
    if (id == model.input) return "pixels";
    return value(id).name.empty() ? "value" : value(id).name;
}

std::string OnnxExportContext::name_of(const IntegerNode& node) const {
    return node.name.empty() ? op_name(node.op) : node.name;
}

std::string OnnxExportContext::levels(ValueId id) {
    Tensors& tensors = values_[id];
    if (tensors.levels.empty()) {
        // Only the input's levels are made late: those of all others when they are defined.
        tensors.levels = quantize(input_name_, grid(id), {});
    }
    return tensors.levels;
}

std::string OnnxExportContext::real(ValueId id) {
    Tensors& tensors = values_[id];
    if (tensors.real.empty()) tensors.real = dequantize(levels(id), grid(id), name_of(id));
    return tensors.real;
}

void OnnxExportContext::define(ValueId id, const std::string& number, OnnxInterval bounds) {
    if (value(id).is_float) {
        define_embedding(number);
    } else if (has_levels()) {
        values_[id].levels = quantize(number, grid(id), bounds);
    } else {
        values_[id].real = number;
    }
}

void OnnxExportContext::define_exact(ValueId id, const std::string& number) {
    if (has_levels()) {
        Grid wide = grid(id);
        wide.params.bits = kMaxBits;  // uint8's own bounds do
        values_[id].levels = quantize(number, wide, {});
    } else {
        values_[id].real = number;
    }
}

void OnnxExportContext::define_embedding(const std::string& number) {
    graph.add_to(output_name_, "Flatten", {number}, {onnx_attribute("axis", int64_t{1})});
}

std::string OnnxExportContext::requantize(const std::string& number, const QuantParams& params,
                                          OnnxInterval bounds, const std::string& name) {
    const Grid grid = make_grid(params, name);
    return dequantize(quantize(number, grid, bounds), grid, name);
}

std::string OnnxExportContext::quantize(const std::string& number, const Grid& grid, OnnxInterval bounds) {
    const QuantParams& params = grid.params;
    const std::string& name = grid.name;
    const auto max_level = params.max_level();
    const auto scale = static_cast<double>(params.scale);
    std::string cut = number;
    if (style == OnnxStyle::kQdq && params.bits < kMaxBits) {
        const auto low = static_cast<float>(-params.zero_point * scale);
        const auto high = static_cast<float>((max_level - params.zero_point) * scale);
        cut = graph.add(
            "Clip",
            {number, graph.floats(name + ".low", {}, {low}), graph.floats(name + ".high", {}, {high})},
            name + ".clipped");
    }
    const std::string levels =
        graph.add("QuantizeLinear", {cut, grid.scale, grid.zero_point}, name + ".levels");
    if (style != OnnxStyle::kQdqInteger) return levels;
    // Cutting and rounding can change places where the bounds are rounded, too.
    const auto level_of = [&](double bound) {
        const double level = std::nearbyint(bound / scale) + params.zero_point;
        return static_cast<uint8_t>(std::clamp(level, 0.0, static_cast<double>(max_level)));
    };
    const uint8_t least = level_of(bounds.low), most = level_of(bounds.high);
    if (least == 0 && most == 255) return levels;
    return graph.add("Clip",
                     {levels, graph.uint8s(name + ".least_level", {}, {least}),
                      graph.uint8s(name + ".greatest_level", {}, {most})},
                     name + ".bounded_levels");
}

std::string OnnxExportContext::dequantize(const std::string& levels, const Grid& grid,
                                          const std::string& name) {
    return graph.add("DequantizeLinear", {levels, grid.scale, grid.zero_point}, name);
}

std::string OnnxExportContext::dequantize(const std::string& levels, ValueId id, const std::string& name) {
    return dequantize(levels, grid(id), name);
}

OnnxExportContext::Grid OnnxExportContext::make_grid(const QuantParams& params, const std::string& name) {
    return {params, name, graph.floats(name + ".scale", {}, {params.scale}),
            graph.uint8s(name + ".zero_point", {}, {static_cast<uint8_t>(params.zero_point)})};
}

const OnnxExportContext::Grid& OnnxExportContext::grid(ValueId id) {
    Grid& grid = values_[id].grid;
    if (grid.name.empty()) grid = make_grid(quant(id), name_of(id));
    return grid;
}

std::string OnnxExportContext::scaled(const std::string& number, double factor, const std::string& name) {
    if (is_one(factor)) return number;
    return graph.add("Mul", {number, graph.floats(name + ".factor", {}, {static_cast<float>(factor)})},
                     name + ".scaled");
}

std::string OnnxExportContext::per_channel(const std::vector<float>& numbers, const std::string& name) {
    return graph.floats(name, {1, static_cast<int64_t>(numbers.size()), 1, 1}, numbers);
}

std::string OnnxExportContext::scaled_and_shifted(const std::string& number, const std::vector<float>& scale,
                                                  const std::vector<float>& shift, const std::string& name) {
    if (style == OnnxStyle::kQdq) {
        const std::string product =
            graph.add("Mul", {number, per_channel(scale, name + ".scale_by_channel")}, name + ".scaled");
        return graph.add("Add", {product, per_channel(shift, name + ".shift_by_channel")}, name + ".shifted");
    }
    const auto channels = static_cast<int64_t>(scale.size());
    const std::vector<float> zeros(scale.size(), 0.0f), ones(scale.size(), 1.0f);
    return graph.add("BatchNormalization",
                     {number, graph.floats(name + ".norm_scale", {channels}, scale),
                      graph.floats(name + ".norm_shift", {channels}, shift),
                      graph.floats(name + ".norm_mean", {channels}, zeros),
                      graph.floats(name + ".norm_variance", {channels}, ones)},
                     name + ".normalized", {onnx_attribute("epsilon", 0.0f)});
}

bool OnnxExportContext::is_one(double factor) const {
    return style == OnnxStyle::kQdq ? factor == 1 : std::fabs(factor - 1) < 0x1p-22;
}

double OnnxExportContext::unit(const Epilogue& epilogue) const {
    for (const IntegerOutput& output : epilogue.outputs) {
        if (output.scale.empty()) return step(output.value);
    }
    // Without a direct output r has no unit of its own, and any will do.
    return step(epilogue.outputs[0].value);
}

}  // namespace quantface
