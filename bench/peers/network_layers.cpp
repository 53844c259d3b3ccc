#include "network_layers.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/integer_step.h"

namespace quantface::peers {

namespace {

std::string name_of(const ConvGeometry& geometry) {
    return fmt::format("{}{}x{}{} {}>{} at {}x{}", geometry.is_depthwise() ? "depthwise " : "",
                       geometry.kernel_height, geometry.kernel_width,
                       geometry.stride_y > 1 ? fmt::format("/{}", geometry.stride_y) : "",
                       geometry.in_channels, geometry.out_channels, geometry.in_height, geometry.in_width);
}

}  // namespace

std::vector<NetworkLayer> distinct_layers(const IntegerModel& model) {
    std::vector<NetworkLayer> layers;
    for (const IntegerNode& node : model.nodes) {
        const auto* conv = std::get_if<IntegerConv>(&node.op);
        if (!conv) continue;
        const ConvGeometry geometry =
            window_geometry(conv->window, model.values[node.inputs[0]].shape,
                            model.values[conv->epilogue.outputs[0].value].shape, conv->groups);
        const std::string name = name_of(geometry);
        const auto known = std::find_if(layers.begin(), layers.end(),
                                        [&](const NetworkLayer& layer) { return layer.name == name; });
        if (known == layers.end()) {
            layers.push_back({name, geometry, 1});
        } else {
            ++known->times;
        }
    }
    return layers;
}

}  // namespace quantface::peers
