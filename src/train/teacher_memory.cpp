#include "train/teacher_memory.h"

#include <ATen/ATen.h>

namespace quantface {

TeacherMemory::TeacherMemory(int64_t pictures, int embedding_size) {
    if (pictures > kMostBytes / (embedding_size * static_cast<int64_t>(sizeof(float)))) return;
    embeddings_ = at::empty({pictures, embedding_size}, at::kFloat);
    known_.resize(static_cast<size_t>(pictures));
}

at::Tensor TeacherMemory::embeddings(const Teacher& teacher, const at::Tensor& pixels,
                                     const std::vector<int64_t>& pictures) {
    if (pictures.empty() || known_.empty()) return teacher(pixels, false).embedding;
    const at::NoGradGuard no_gradients;
    std::vector<int64_t> rows, numbers;
    for (size_t row = 0; row < pictures.size(); ++row) {
        if (known_[static_cast<size_t>(pictures[row])]) continue;
        rows.push_back(static_cast<int64_t>(row));
        numbers.push_back(pictures[row]);
    }
    if (!rows.empty()) {
        const at::Tensor chosen = at::tensor(rows, at::kLong).to(pixels.device());
        const at::Tensor given = teacher(pixels.index_select(0, chosen), false).embedding.cpu();
        embeddings_.index_copy_(0, at::tensor(numbers, at::kLong), given);
        for (const int64_t number : numbers) known_[static_cast<size_t>(number)] = true;
    }
    return embeddings_.index_select(0, at::tensor(pictures, at::kLong)).to(pixels.device());
}

}  // namespace quantface
