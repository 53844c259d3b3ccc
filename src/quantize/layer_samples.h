// Input patches of a convolution at randomly chosen output positions.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "graph/graph.h"
#include "quantize/weight_rounding.h"

namespace quantface {

class SampledPositions {
  public:
    // About 24 positions for each input tap of a group's filter, at least 2,048 and at most 24,576, spread
    // over the images; all of them where there are no more. The choice depends on the arguments alone.
    SampledPositions(const ConvOp& op, const Shape& input, int64_t image_count);

    int groups() const { return groups_; }

    // number_at(image, index) gives the number at an index of the input's NCHW data. One row a position,
    // columns in the weight's order (input channel of the group, kernel row, kernel column); padding is 0.
    template <typename NumberAt>
    Matrix gather(int group, const NumberAt& number_at) const {
        const int taps = window_.kernel_height * window_.kernel_width;
        Matrix patches = Matrix::Zero(static_cast<Eigen::Index>(positions_.size()), group_inputs_ * taps);
        for (size_t row = 0; row < positions_.size(); ++row) {
            const Position& position = positions_[row];
            float* out = patches.row(static_cast<Eigen::Index>(row)).data();
            for (int ky = 0; ky < window_.kernel_height; ++ky) {
                const int y = position.y * window_.stride_y - window_.padding.top + ky * window_.dilation_y;
                if (y < 0 || y >= input_.height) continue;
                for (int kx = 0; kx < window_.kernel_width; ++kx) {
                    const int x =
                        position.x * window_.stride_x - window_.padding.left + kx * window_.dilation_x;
                    if (x < 0 || x >= input_.width) continue;
                    const size_t pixel = static_cast<size_t>(y) * input_.width + x;
                    const size_t plane = static_cast<size_t>(input_.plane());
                    for (int channel = 0; channel < group_inputs_; ++channel) {
                        out[channel * taps + ky * window_.kernel_width + kx] =
                            number_at(position.image,
                                      (static_cast<size_t>(group) * group_inputs_ + channel) * plane + pixel);
                    }
                }
            }
        }
        return patches;
    }

  private:
    struct Position {
        int64_t image;
        int y, x;  // of the output
    };
    Window window_;
    int groups_;
    int group_inputs_;
    Shape input_;
    std::vector<Position> positions_;
};

}  // namespace quantface
