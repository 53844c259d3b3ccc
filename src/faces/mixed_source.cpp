#include "faces/mixed_source.h"

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <string>
#include <utility>

#include "base/error.h"

namespace quantface {

namespace {

constexpr int64_t kLongestPeriod = int64_t{1} << 20;

// "33.33%"
std::string percent(int64_t weight, int64_t sum) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.2f", 100.0 * static_cast<double>(weight) / static_cast<double>(sum));
    std::string short_text(text);
    short_text.erase(short_text.find_last_not_of('0') + 1);
    if (short_text.ends_with('.')) short_text.pop_back();
    return short_text + "%";
}

// Which part gives each image of a period, after which the sequence repeats. Of the parts that are owed at
// least 1 / (2 parts - 2) of an image, the next image goes to the one that would soonest be owed too much.
std::vector<uint32_t> interleaved(const std::vector<int64_t>& weights, int64_t period) {
    const auto parts = static_cast<int64_t>(weights.size());
    const int64_t unit = 2 * parts - 2;
    std::vector<int64_t> given(weights.size(), 0);
    std::vector<uint32_t> order(static_cast<size_t>(period));
    for (int64_t n = 1; n <= period; ++n) {
        size_t chosen = weights.size();
        int64_t chosen_slack = 0;
        for (size_t k = 0; k < weights.size(); ++k) {
            const int64_t owed = unit * (weights[k] * n - given[k] * period);  // in images / (unit * period)
            if (owed < period) continue;
            const int64_t slack = (unit - 1) * period - owed;
            if (chosen == weights.size() || slack * weights[chosen] < chosen_slack * weights[k]) {
                chosen = k;
                chosen_slack = slack;
            }
        }
        QF_CHECK(chosen < weights.size());
        ++given[chosen];
        order[static_cast<size_t>(n - 1)] = static_cast<uint32_t>(chosen);
    }
    return order;
}

class MixedSource final : public ImageSource {
  public:
    MixedSource(std::vector<MixedPart> parts, std::vector<int64_t> weights)
        : parts_(std::move(parts)),
          weights_(std::move(weights)),
          period_(std::accumulate(weights_.begin(), weights_.end(), int64_t{0})),
          order_(interleaved(weights_, period_)) {
        std::vector<uint32_t> given(parts_.size(), 0);
        rank_.reserve(order_.size());
        for (const uint32_t part : order_) rank_.push_back(given[part]++);
        for (size_t k = 0; k < parts_.size(); ++k) limit_size(k);
    }

    std::optional<int64_t> size() const override { return size_; }

    Image image(int64_t index) const override {
        const Place place = place_of(index);
        return parts_[place.part].source->image(place.index);
    }

    std::optional<int64_t> identity(int64_t index) const override {
        const Place place = place_of(index);
        const std::optional<int64_t> person = parts_[place.part].source->identity(place.index);
        if (!person) return std::nullopt;
        // Nobody of one part is anybody of another.
        return *person * static_cast<int64_t>(parts_.size()) + static_cast<int64_t>(place.part);
    }

    std::string description() const override {
        std::string text = "mixture of ";
        for (size_t k = 0; k < parts_.size(); ++k) {
            if (k > 0) text += "; ";
            text += percent(weights_[k], period_) + " " + parts_[k].source->description();
        }
        return text;
    }

  private:
    struct Place {
        size_t part;
        int64_t index;  // in the part
    };

    Place place_of(int64_t index) const {
        QF_CHECK(index >= 0 && (!size_ || index < *size_));
        const auto step = static_cast<size_t>(index % period_);
        const size_t part = order_[step];
        return {part, index / period_ * weights_[part] + rank_[step]};
    }

    // The sequence ends where the part's first missing image would stand.
    void limit_size(size_t part) {
        const std::optional<int64_t> images = parts_[part].source->size();
        if (!images) return;
        const auto rank = static_cast<uint32_t>(*images % weights_[part]);
        for (size_t step = 0; step < order_.size(); ++step) {
            if (order_[step] != part || rank_[step] != rank) continue;
            const int64_t end = *images / weights_[part] * period_ + static_cast<int64_t>(step);
            size_ = std::min(size_.value_or(end), end);
        }
    }

    std::vector<MixedPart> parts_;
    std::vector<int64_t> weights_;
    int64_t period_;
    std::vector<uint32_t> order_;  // the part of each image of a period
    std::vector<uint32_t> rank_;   // how many of that part stand before it in the period
    std::optional<int64_t> size_;
};

}  // namespace

std::unique_ptr<ImageSource> make_mixed_source(std::vector<MixedPart> parts) {
    if (parts.size() < 2) fail_usage("a mixture needs two sources");
    std::vector<int64_t> weights;
    int64_t divisor = 0;
    for (const MixedPart& part : parts) {
        if (part.weight < 1) fail_usage("a mixture: a source with the weight " + std::to_string(part.weight));
        divisor = std::gcd(divisor, part.weight);
        weights.push_back(part.weight);
    }
    int64_t period = 0;
    for (int64_t& weight : weights) {
        weight /= divisor;
        if (weight > kLongestPeriod || (period += weight) > kLongestPeriod) {
            fail_usage("a mixture: its shares are too fine");
        }
    }
    return std::make_unique<MixedSource>(std::move(parts), std::move(weights));
}

}  // namespace quantface
