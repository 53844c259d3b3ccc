#include <cmath>
#include <limits>

#include "base/error.h"
#include "graph/graph.h"
#include "graph/op_visitor.h"
#include "graph/window_arithmetic.h"

namespace quantface {

namespace {

// Largest extent and element count of a value: far above any face network, far below what overflows.
constexpr int64_t kMaxElements = int64_t{1} << 27;

class Inference {
  public:
    Inference(const Node& node, const std::vector<Shape>& inputs) : node_(node), inputs_(inputs) {}

    Shape run() {
        const Shape shape = std::visit([this](const auto& op) { return infer(op); }, node_.op);
        if (shape.channels < 1 || shape.height < 1 || shape.width < 1 ||
            static_cast<double>(shape.channels) * shape.height * shape.width > kMaxElements) {
            refuse("has an impossible output of " + to_string(shape));
        }
        return shape;
    }

  private:
    [[noreturn]] void refuse(const std::string& what) const {
        fail_bad_input("node '" + node_.name + "' (" + op_name(node_.op) + ") " + what);
    }

    const Shape& only_input() const {
        if (inputs_.size() != 1) refuse("needs 1 input, has " + std::to_string(inputs_.size()));
        return inputs_[0];
    }

    void check_vector(const std::vector<float>& numbers, int64_t wanted, const char* name) const {
        if (static_cast<int64_t>(numbers.size()) != wanted) {
            refuse(std::string("needs ") + std::to_string(wanted) + " numbers as " + name + ", has " +
                   std::to_string(numbers.size()));
        }
        for (const float number : numbers) {
            if (!std::isfinite(number))
                refuse(std::string("has a number in ") + name + " that is not finite");
        }
    }

    void check_tensor(const Tensor& tensor, const char* name) const {
        for (const int64_t dim : tensor.dims) {
            if (dim < 1 || dim > kMaxElements) refuse(std::string("has an impossible shape of ") + name);
        }
        check_vector(tensor.data, tensor.element_count(), name);
    }

    Shape window_output(const Shape& in, const Window& window, int channels) const {
        if (!is_sane(window)) refuse("has a window, stride, dilation or padding out of range");
        const Shape out{channels, window_output_height(window, in.height),
                        window_output_width(window, in.width)};
        if (out.height < 1 || out.width < 1)
            refuse("has a window larger than its padded input " + to_string(in));
        return out;
    }

    Shape infer(const ConvOp& op) const {
        const Shape& in = only_input();
        const auto& dims = op.weight.dims;
        if (dims.size() != 4) refuse("needs a weight of 4 dimensions");
        check_tensor(op.weight, "weight");
        if (op.groups < 1 || in.channels % op.groups != 0 || dims[0] % op.groups != 0 ||
            dims[1] != in.channels / op.groups) {
            refuse("has a weight that does not fit " + std::to_string(in.channels) + " input channels in " +
                   std::to_string(op.groups) + " groups");
        }
        if (dims[2] != op.window.kernel_height || dims[3] != op.window.kernel_width) {
            refuse("has a weight that does not fit its kernel size");
        }
        if (!op.bias.empty()) check_vector(op.bias, dims[0], "bias");
        return window_output(in, op.window, static_cast<int>(dims[0]));
    }
    Shape infer(const GemmOp& op) const {
        const Shape& in = only_input();
        if (op.weight.dims.size() != 2) refuse("needs a weight of 2 dimensions");
        check_tensor(op.weight, "weight");
        if (in.plane() != 1 || op.weight.dims[1] != in.channels) {
            refuse("has a weight of " + std::to_string(op.weight.dims[1]) + " inputs for a value of " +
                   to_string(in));
        }
        if (!op.bias.empty()) check_vector(op.bias, op.weight.dims[0], "bias");
        return {static_cast<int>(op.weight.dims[0]), 1, 1};
    }
    Shape infer(const BatchNormOp& op) const {
        const Shape& in = only_input();
        check_vector(op.scale, in.channels, "scale");
        check_vector(op.bias, in.channels, "bias");
        check_vector(op.mean, in.channels, "mean");
        check_vector(op.variance, in.channels, "variance");
        for (const float variance : op.variance) {
            if (!(variance + op.epsilon > 0)) refuse("has a variance that is not positive");
        }
        return in;
    }
    Shape infer(const AffineOp& op) const {
        const Shape& in = only_input();
        check_vector(op.scale, in.channels, "scale");
        check_vector(op.shift, in.channels, "shift");
        return in;
    }
    Shape infer(const PReluOp& op) const {
        const Shape& in = only_input();
        check_vector(op.slope, in.channels, "slope");
        return in;
    }
    Shape infer(const LeakyReluOp& op) const {
        if (!std::isfinite(op.slope)) refuse("has a slope that is not finite");
        return only_input();
    }
    Shape infer(const ClipOp& op) const {
        if (!(op.low <= op.high)) refuse("has a lower bound above its upper one");
        return only_input();
    }
    Shape infer(const HardSigmoidOp& op) const {
        if (!std::isfinite(op.alpha) || !std::isfinite(op.beta))
            refuse("has an attribute that is not finite");
        return only_input();
    }
    Shape infer(const ReluOp&) const { return only_input(); }
    Shape infer(const SigmoidOp&) const { return only_input(); }
    Shape infer(const HardSwishOp&) const { return only_input(); }
    Shape infer(const IdentityOp&) const { return only_input(); }

    Shape infer(const FakeQuantOp&) const { return only_input(); }

    Shape broadcast() const {
        if (inputs_.size() != 2) refuse("needs 2 inputs, has " + std::to_string(inputs_.size()));
        const Shape &a = inputs_[0], &b = inputs_[1];
        if (a.channels == b.channels && (a == b || b.plane() == 1)) return a;
        if (a.channels == b.channels && a.plane() == 1) return b;
        refuse("cannot combine " + to_string(a) + " and " + to_string(b));
    }
    Shape infer(const AddOp&) const { return broadcast(); }
    Shape infer(const SubOp&) const { return broadcast(); }
    Shape infer(const MulOp&) const { return broadcast(); }

    Shape infer(const FlattenOp&) const { return {static_cast<int>(only_input().size()), 1, 1}; }
    Shape infer(const GlobalAveragePoolOp&) const { return {only_input().channels, 1, 1}; }
    Shape infer(const AveragePoolOp& op) const { return pool(op.window); }
    Shape infer(const MaxPoolOp& op) const { return pool(op.window); }
    Shape pool(const Window& window) const {
        const Shape& in = only_input();
        const Shape out = window_output(in, window, in.channels);
        // Otherwise a window could lie in the padding alone, where neither mean nor maximum exists.
        const Padding& pad = window.padding;
        if (pad.top >= window_extent(window.kernel_height, window.dilation_y) ||
            pad.bottom >= window_extent(window.kernel_height, window.dilation_y) ||
            pad.left >= window_extent(window.kernel_width, window.dilation_x) ||
            pad.right >= window_extent(window.kernel_width, window.dilation_x)) {
            refuse("has padding as large as its window");
        }
        if (window.dilation_x != 1 || window.dilation_y != 1)
            refuse("has dilation, which pooling does not support");
        return out;
    }

    Shape infer(const ConcatOp&) const {
        if (inputs_.empty()) refuse("has no input");
        Shape out = inputs_[0];
        int64_t channels = 0;
        for (const Shape& shape : inputs_) {
            if (shape.height != out.height || shape.width != out.width) {
                refuse("cannot join " + to_string(out) + " and " + to_string(shape));
            }
            channels += shape.channels;
        }
        if (channels > kMaxElements) refuse("has too many channels");
        out.channels = static_cast<int>(channels);
        return out;
    }

    const Node& node_;
    const std::vector<Shape>& inputs_;
};

}  // namespace

Shape infer_shape(const Node& node, const std::vector<Shape>& input_shapes) {
    return Inference(node, input_shapes).run();
}

}  // namespace quantface
