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
    // Real numbers of one level; the embedding is numbers already.
    double step(ValueId id) const {
        return value(id).is_float ? 1.0 : static_cast<double>(value(id).quant.scale);
    }
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

    // The tensor that has to be the embedding.
    const std::string& output_name() const { return output_name_; }
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

    // number * factor; the number itself where the factor is 1 but for its rounding to float32.
    std::string scaled(const std::string& number, double factor, const std::string& name);
    // number * scale[c] + shift[c], as batch normalization of mean 0 and variance 1.
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

    std::vector<Tensors> values_;
    std::vector<bool> needed_;
    std::string input_name_, output_name_;
};

// Whether the factor is 1 but for the roundings of its model's float32 numbers.
bool is_one(double factor);

}  // namespace quantface
