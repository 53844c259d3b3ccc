// The teacher's embeddings of images that come again: training goes round its images many times, and what the
// teacher says of one does not change.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "train/teacher.h"

namespace quantface {

class TeacherMemory {
  public:
    // Room for `pictures` embeddings; none is kept where they would take more than kMostBytes.
    TeacherMemory(int64_t pictures, int embedding_size);

    // (N, dimension). pictures: each row's number, less than the room, or empty where the pixels will not
    // come again.
    at::Tensor embeddings(const Teacher& teacher, const at::Tensor& pixels,
                          const std::vector<int64_t>& pictures);

    static constexpr int64_t kMostBytes = int64_t{1} << 28;

  private:
    at::Tensor embeddings_;    // (pictures, dimension), float32 on the CPU; empty where none is kept
    std::vector<bool> known_;  // by picture
};

}  // namespace quantface
