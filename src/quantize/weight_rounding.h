// Float weights of one layer to integer levels.
#pragma once

#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include "quantize/weight_grid.h"

namespace quantface {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// What one group of a convolution sees at sampled positions: one row a position, one column an input tap.
struct LayerSamples {
    Matrix teacher;  // inputs of the teacher's layer
    Matrix student;  // inputs of the quantized layer at the same positions
};

struct RoundedWeights {
    std::vector<float> scale;         // one for each output channel (row), > 0
    std::vector<int32_t> zero_point;  // asymmetric: one for each row, 0..2^bits - 1; symmetric: empty
    std::vector<int32_t> level;  // rows x columns, |level| <= weight_limit(bits); asymmetric: 0..2^bits - 1
};

// The scale for each row that loses the least: sum over columns of importance * (weight - level * scale)^2.
std::vector<float> search_scales(const Matrix& weight, const Eigen::VectorXf& importance, int bits);

// Symmetric: the scales of search_scales. Asymmetric: from the row's least to its greatest weight, widened to
// hold zero; scale = (greatest - least) / (2^bits - 1), zero point = round(-least / scale).
RoundedWeights round_to_nearest(const Matrix& weight, int bits, WeightGrid grid = WeightGrid::kSymmetric);

// Fits, then rounds. The fit: the weights W' that, on the student's inputs, come closest to W on the
// teacher's, by ridge regression towards W, means left to the bias. The rounding goes column by column and
// spreads each column's error over the columns not yet rounded, as the inputs' covariance asks (Frantar et
// al., "GPTQ", ICLR 2023; the same as optimal brain compression, Frantar and Alistarh, NeurIPS 2022). The
// costly part is done once for all widths.
class CompensatedRounding {
  public:
    CompensatedRounding(const Matrix& weight, const LayerSamples& samples);
    RoundedWeights at(int bits, WeightGrid grid = WeightGrid::kSymmetric) const;

  private:
    Matrix weight_;                    // fitted, where that was possible
    std::vector<Eigen::Index> order_;  // of the columns; empty: too little to go by, rounds to nearest
    Eigen::VectorXf importance_;       // of the columns
    Matrix upper_;                     // U, U^T U the inverse of the inputs' covariance, in rounding order
};

}  // namespace quantface
