#include "train/image_guide.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <numbers>

#include "base/error.h"
#include "base/rng.h"
#include "train/embedding_spread.h"
#include "train/image_priors.h"
#include "train/image_pyramid.h"
#include "train/statistics_loss.h"
#include "train/training_device.h"

namespace quantface {

namespace {

// Adam (Kingma, Ba 2015) on tensors whose entries all have one unit.
class Adam {
  public:
    explicit Adam(const std::vector<at::Tensor>& parameters) : parameters_(parameters) {
        for (const at::Tensor& parameter : parameters) {
            first_.push_back(at::zeros_like(parameter));
            second_.push_back(at::zeros_like(parameter));
        }
    }

    void step(const std::vector<at::Tensor>& gradients, int64_t index, double rate) {
        const at::NoGradGuard no_gradients;
        const auto count = static_cast<double>(index + 1);
        const double first_part = 1 - std::pow(kBeta1, count), second_part = 1 - std::pow(kBeta2, count);
        for (size_t i = 0; i < parameters_.size(); ++i) {
            first_[i].mul_(kBeta1).add_(gradients[i], 1 - kBeta1);
            second_[i].mul_(kBeta2).addcmul_(gradients[i], gradients[i], 1 - kBeta2);
            const at::Tensor spread = (second_[i] / second_part).sqrt() + kEpsilon;
            parameters_[i].detach().addcdiv_(first_[i], spread, -rate / first_part);
        }
    }

  private:
    static constexpr double kBeta1 = 0.9, kBeta2 = 0.99, kEpsilon = 1e-12;
    std::vector<at::Tensor> parameters_, first_, second_;
};

}  // namespace

// What the teacher says of images as they are.
struct ImageGuide::Seen {
    GuidedMeasures measures;
    at::Tensor same_cosines, unit;
    std::vector<ChannelStatistics> statistics;
};

ImageGuide::ImageGuide(const Graph& teacher, const GuidedRecipe& recipe, int64_t views, uint64_t seed,
                       at::Device device)
    : recipe_(recipe),
      spec_(teacher.input_spec),
      views_(views),
      seed_(seed),
      device_(device),
      bfloat16_(recipe.bfloat16 && multiplies_bfloat16(device)),
      network_(teacher, device, bfloat16_) {
    QF_CHECK(views > 0 && recipe.batch % views == 0);
    if (network_.watched() == 0 && statistics_weight() > 0) {
        fail_usage(
            "guided faces: the network has neither batch norms nor activations to watch; give --set "
            "folded=0");
    }
}

// The middle of the images, moved by some pixels; beyond the edge its pixels go on.
at::Tensor ImageGuide::network_pixels(const at::Tensor& images, int64_t down, int64_t right) const {
    const int64_t height = images.size(2), width = images.size(3);
    const int64_t margin = std::max(std::abs(down), std::abs(right));
    const at::Tensor wide =
        margin > 0 ? at::replication_pad2d(images, {margin, margin, margin, margin}) : images;
    const int64_t top = (height - spec_.height) / 2 + margin + down;
    const int64_t left = (width - spec_.width) / 2 + margin + right;
    const at::Tensor cut = wide.slice(2, top, top + spec_.height).slice(3, left, left + spec_.width);
    return spec_.color_order == ColorOrder::kBgr ? cut.flip(1) : cut;
}

// Shifted, and some identities mirrored: what holds for them all holds after training's augmentation.
at::Tensor ImageGuide::jittered(const at::Tensor& images, int64_t batch, int64_t step) const {
    Rng rng(seed_, static_cast<uint64_t>(batch * (recipe_.steps + 1) + step));
    const auto furthest = static_cast<int64_t>(recipe_.jitter);
    const auto shift = [&] {
        return static_cast<int64_t>(rng.below(static_cast<uint64_t>(2 * furthest + 1))) - furthest;
    };
    const int64_t down = shift(), right = shift();
    std::vector<float> chosen(static_cast<size_t>(images.size(0)));
    bool mirrored = false;
    for (size_t i = 0; i < chosen.size(); ++i) {
        if (static_cast<int64_t>(i) % views_ == 0) mirrored = rng.chance(recipe_.flip);
        chosen[i] = mirrored ? 1.0f : 0.0f;
    }
    const at::Tensor mask = at::tensor(chosen).to(device_).reshape({-1, 1, 1, 1}) > 0.5;
    return network_pixels(at::where(mask, images.flip(3), images), down, right);
}

double ImageGuide::statistics_weight() const {
    return network_.has_batch_norms() ? recipe_.statistics : recipe_.folded;
}

at::Tensor ImageGuide::statistics_loss(const WatchedPass& pass) const {
    if (network_.watched() == 0) return at::zeros({}, at::TensorOptions(device_));
    return network_.has_batch_norms() ? statistics_distance(pass.statistics, network_.reference())
                                      : folded_distance(pass.statistics, source_statistics_);
}

ImageGuide::Seen ImageGuide::look(const at::Tensor& images) const {
    const at::NoGradGuard no_gradients;
    WatchedPass pass = network_.forward(network_pixels(images, 0, 0));
    Seen seen;
    seen.unit = unit_rows(pass.embedding);
    seen.same_cosines = same_cosines(seen.unit, views_);
    // Of the crowd there is nothing yet to measure against.
    if (network_.has_batch_norms() || !source_statistics_.empty())
        seen.measures.statistics = statistics_loss(pass).item<double>();
    seen.measures.embedding_length = pass.embedding.norm(2, 1).mean().item<double>();
    seen.measures.direction = std::sqrt(common_direction(seen.unit).item<double>());
    if (seen.same_cosines.numel() > 0) seen.measures.same_cosine = seen.same_cosines.mean().item<double>();
    seen.measures.other_cosine = mean_other_cosine(seen.unit, views_);
    seen.statistics = std::move(pass.statistics);
    return seen;
}

void ImageGuide::set_crowd(const at::Tensor& images) {
    const int64_t count = images.size(0);
    std::vector<at::Tensor> units;
    std::vector<ChannelStatistics> sums;  // of mean and of mean square, by images
    for (int64_t first = 0; first < count; first += recipe_.batch) {
        const at::Tensor part = images.slice(0, first, std::min(count, first + recipe_.batch)).to(device_);
        const Seen seen = look(part);
        const double weight = static_cast<double>(part.size(0)) / static_cast<double>(count);
        units.push_back(seen.unit);
        sums.resize(seen.statistics.size());
        for (size_t i = 0; i < sums.size(); ++i) {
            const ChannelStatistics& one = seen.statistics[i];
            const at::Tensor mean = one.mean * weight;
            const at::Tensor square = (one.variance + one.mean.square()) * weight;
            sums[i].mean = first == 0 ? mean : sums[i].mean + mean;
            sums[i].variance = first == 0 ? square : sums[i].variance + square;
        }
    }
    for (ChannelStatistics& sum : sums) sum.variance = at::clamp_min(sum.variance - sum.mean.square(), 0);
    crowd_ = at::cat(units).slice(0, 0, recipe_.crowd);
    source_statistics_ = std::move(sums);
}

at::Tensor ImageGuide::loss(int64_t batch, const WatchedPass& pass, const at::Tensor& wanted_cosines) const {
    const at::Tensor unit = unit_rows(pass.embedding);
    at::Tensor sum = common_direction(unit) * recipe_.direction;
    if (statistics_weight() > 0) sum = sum + statistics_loss(pass) * statistics_weight();
    if (recipe_.crowding > 0 && unit.size(0) > views_) {
        sum = sum +
              crowding(unit, crowd_, -batch * recipe_.batch, views_, recipe_.sharpness) * recipe_.crowding;
    }
    const at::Tensor cosines = same_cosines(unit, views_);
    return sum + identity_loss(cosines, wanted_cosines, recipe_.margin) * recipe_.identity;
}

GuidedBatch ImageGuide::move(int64_t index, const at::Tensor& start,
                             const std::function<void()>& after_step) const {
    QF_CHECK(crowd_.defined());
    const ImagePyramid pyramid(start.to(device_), recipe_.reach);
    const Seen before = look(pyramid.start());
    Adam adam(pyramid.levels());
    for (int64_t step = 0; step < recipe_.steps; ++step) {
        const at::Tensor images = pyramid.images();
        const WatchedPass pass = network_.forward(jittered(images, index, step));
        const at::Tensor priors = variation_loss(images, pyramid.start()) * recipe_.variation +
                                  colour_loss(images, pyramid.start()) * recipe_.colour +
                                  distance_loss(images, pyramid.start()) * recipe_.distance;
        const at::Tensor total = loss(index, pass, before.same_cosines) + priors;
        if (!std::isfinite(total.item<double>())) {
            fail_work(
                "guided faces: the loss of batch " + std::to_string(index) +
                " is no longer a finite number; compute in float32 (--set bfloat16=0) or lower the rate");
        }
        const double part = (static_cast<double>(step) + 0.5) / static_cast<double>(recipe_.steps);
        adam.step(torch::autograd::grad({total}, pyramid.levels()), step,
                  recipe_.rate * 0.5 * (1 + std::cos(std::numbers::pi * part)));
        after_step();
    }
    const at::NoGradGuard no_gradients;
    const at::Tensor images = pyramid.images().round();
    return {images.to(at::kCPU), before.measures, look(images).measures};
}

}  // namespace quantface
