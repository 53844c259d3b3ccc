// A batch of images moved by gradient so that the teacher sees in them what it saw in training: its batch
// norms' statistics, embeddings all over the sphere, identities kept apart and together.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

#include "graph/graph.h"
#include "train/guided_recipe.h"
#include "train/watched_network.h"

namespace quantface {

// Of a batch as the teacher sees it, without jitter and mirroring.
struct GuidedMeasures {
    double statistics = 0;        // statistics_distance, or folded_distance where batch norms were folded
    double embedding_length = 0;  // mean
    double direction = 0;         // length of the mean of the embeddings scaled to length 1
    double same_cosine = 0;       // mean between views of one identity; 0 with one view
    double other_cosine = 0;      // mean between identities
};

struct GuidedBatch {
    at::Tensor images;  // (N, 3, H, W), whole numbers 0..255, red first, float32 on the CPU
    GuidedMeasures before, after;
};

class ImageGuide {
  public:
    // Images of one identity follow each other, `views` of each; recipe.batch must be a multiple of it.
    ImageGuide(const Graph& teacher, const GuidedRecipe& recipe, int64_t views, uint64_t seed,
               at::Device device);

    // images: the source's first ones, (N, 3, H, W), 0..255, red first, at least as large as the network's
    // input, which is the middle of them. To be called once before move.
    void set_crowd(const at::Tensor& images);

    // Batch `index` of the source, images [index * recipe.batch, ...). What comes out depends on these, the
    // crowd, recipe and seed alone. after_step is called after every step and may throw. Throws
    // Error(kFailed) where the numbers leave the finite.
    GuidedBatch move(int64_t index, const at::Tensor& start, const std::function<void()>& after_step) const;

    bool bfloat16() const { return bfloat16_; }

  private:
    struct Seen;
    at::Tensor network_pixels(const at::Tensor& images, int64_t down, int64_t right) const;
    at::Tensor jittered(const at::Tensor& images, int64_t batch, int64_t step) const;
    Seen look(const at::Tensor& images) const;
    double statistics_weight() const;
    at::Tensor statistics_loss(const WatchedPass& pass) const;
    at::Tensor loss(int64_t batch, const WatchedPass& pass, const at::Tensor& wanted_cosines) const;

    GuidedRecipe recipe_;
    InputSpec spec_;
    int64_t views_;
    uint64_t seed_;
    at::Device device_;
    bool bfloat16_;
    WatchedNetwork network_;
    std::vector<ChannelStatistics> source_statistics_;  // where batch norms were folded
    at::Tensor crowd_;                                  // (crowd, dimension), rows of length 1
};

}  // namespace quantface
