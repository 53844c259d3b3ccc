// What a network expects of its image: size, colour order, offset and scale.
#pragma once

#include <array>
#include <string>

namespace quantface {

enum class ColorOrder { kRgb, kBgr };

// The network sees (pixel - mean[c]) / std[c], pixel 0..255, c in the network's own colour order, 3 channels.
struct InputSpec {
    int height = 112;  // pixels
    int width = 112;   // pixels
    ColorOrder color_order = ColorOrder::kRgb;
    std::array<float, 3> mean{127.5f, 127.5f, 127.5f};
    std::array<float, 3> std{127.5f, 127.5f, 127.5f};
};

}  // namespace quantface
