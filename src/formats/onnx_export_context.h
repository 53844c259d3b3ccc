// What the export of single operations shares: the integer model's values as ONNX tensors.
//
// A value's real number is x = (level - zero point) * scale. In the styles with levels a value is a uint8
// tensor, and the float32 tensor that DequantizeLinear makes of it; in kFloat only a float32 tensor.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "formats/onnx_export.h"
#include "formats/onnx_export_graph.h"
#include "graph/integer_model.h"

namespace quantface {

// Real numbers; nothing beyond them comes out of an activation.
struct OnnxInterval {
    double low = -HUGE_VAL, high = HUGE_VAL;
};

class OnnxExportContext {
  public:
    OnnxExportContext(const IntegerModel& model, OnnxStyle style, onnx::GraphProto& proto);

    const IntegerModel& model;
    const OnnxStyle style;
    OnnxExportGraph graph;

    const IntegerValue& value(ValueId id) const { return model.values[id]; }
    bool has_levels() const { return style != OnnxStyle::kFloat; }
    // The value's levels. The real number of one is the model's own scale; for kQdq the power of two next to
    // it, so that nothing but what the engine rounds is rounded (a scale is no part of what the engine
    // computes with).
    const QuantParams& quant(ValueId id) const { return quants_[id]; }
    // Real numbers of one level; the embedding is numbers already.
    double step(ValueId id) const { return value(id).is_float ? 1.0 : static_cast<double>(quant(id).scale); }
    // Real numbers of one unit of an epilogue's r.
    double unit(const Epilogue& epilogue) const;
    int32_t zero_point(ValueId id) const { return value(id).quant.zero_point; }
    // Whether the embedding depends on it; what does not is left out.
    bool is_needed(ValueId id) const { return needed_[id]; }
    // Printable, not empty, not unique.
    std::string name_of(ValueId id) const;
    std::string name_of(const IntegerNode& node) const;

    // The value as float32 numbers or as levels. The input's numbers are those of the graph's input rounded
    // to levels.
    std::string real(ValueId id);
    std::string levels(ValueId id);
    // The same but for the input, whose numbers are not rounded: for what rounds them itself.
    std::string unrounded(ValueId id) { return id == model.input ? input_name_ : real(id); }

    // The last node's output is the embedding as it has to be, (N, dimension).
    void define_embedding_by_last_node() { graph.rename_last(output_name_); }
    // The value is what `number` rounds to. Nothing beyond `bounds` comes out: for kQdqInteger, where
    // activations that only cut are left to the rounding; the other styles have cut before.
    void define(ValueId id, const std::string& number, OnnxInterval bounds = {});
    // The same for numbers that are levels' already: nothing to cut.
    void define_exact(ValueId id, const std::string& number);
    void define_levels(ValueId id, const std::string& levels) { values_[id].levels = levels; }

    // A QuantizeLinear and DequantizeLinear pair, named after `name`.
    std::string requantize(const std::string& number, const QuantParams& params, OnnxInterval bounds,
                           const std::string& name);
    // DequantizeLinear of levels that are quantized as the value.
    std::string dequantize(const std::string& levels, ValueId id, const std::string& name);

    // Whether a factor makes no difference, but (not for kQdq) that of its rounding to float32.
    bool is_one(double factor) const;
    // number * factor; the number itself where is_one(factor).
    std::string scaled(const std::string& number, double factor, const std::string& name);
    // number * scale[c] + shift[c]: for kQdq in two roundings, as the engine has it, else as batch
    // normalization of mean 0 and variance 1.
    std::string scaled_and_shifted(const std::string& number, const std::vector<float>& scale,
                                   const std::vector<float>& shift, const std::string& name);
    // A constant for each channel of a 4-dimensional tensor.
    std::string per_channel(const std::vector<float>& numbers, const std::string& name);

  private:
    // Levels' scale and zero point as constants of the graph.
    struct Grid {
        QuantParams params;
        std::string name, scale, zero_point;
    };
    struct Tensors {
        Grid grid;                 // where it has levels and they were asked for
        std::string real, levels;  // empty until made
    };

    void find_needed();
    Grid make_grid(const QuantParams& params, const std::string& name);
    const Grid& grid(ValueId id);
    std::string quantize(const std::string& number, const Grid& grid, OnnxInterval bounds);
    std::string dequantize(const std::string& levels, const Grid& grid, const std::string& name);
    void define_embedding(const std::string& number);

    std::vector<QuantParams> quants_;
    std::vector<Tensors> values_;
    std::vector<bool> needed_;
    std::string input_name_, output_name_;
};

}  // namespace quantface
