// The convolutions that a network is made of.
#pragma once

#include <string>
#include <vector>

#include "graph/integer_model.h"
#include "kernels/conv/conv_geometry.h"

namespace quantface::peers {

struct NetworkLayer {
    std::string name;
    ConvGeometry geometry;
    int times = 0;  // in the network

    double macs() const {
        return static_cast<double>(geometry.out_channels * geometry.depth() * geometry.out_pixels());
    }
};

// Each size once, in the network's order.
std::vector<NetworkLayer> distinct_layers(const IntegerModel& model);

}  // namespace quantface::peers
