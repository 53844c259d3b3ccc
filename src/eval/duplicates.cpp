#include "eval/duplicates.h"

#include <map>
#include <optional>
#include <unordered_map>

#include "base/error.h"

namespace quantface {

namespace {

// An image and the earlier ones that it may be a duplicate of, in the order in which they are tried.
struct Suspect {
    int64_t image = 0;
    std::optional<int64_t> same_hash;
    std::vector<ClosePair> close;
};

std::vector<Suspect> suspects(std::span<const Fingerprint> prints, std::span<const ClosePair> close) {
    std::map<int64_t, Suspect> by_image;
    std::unordered_map<uint64_t, int64_t> first_with_hash;
    for (size_t i = 0; i < prints.size(); ++i) {
        const auto image = static_cast<int64_t>(i);
        const auto [found, fresh] = first_with_hash.emplace(prints[i].hash, image);
        if (!fresh) by_image[image].same_hash = found->second;
    }
    for (const ClosePair& pair : close) by_image[pair.image].close.push_back(pair);
    std::vector<Suspect> list;
    for (auto& [image, suspect] : by_image) {
        suspect.image = image;
        list.push_back(std::move(suspect));
    }
    return list;
}

std::optional<Duplicate> examine(const ImageSource& source, const Suspect& suspect,
                                 const DuplicateLimits& limits) {
    const Image image = source.image(suspect.image);
    // Hashes may agree by chance.
    if (suspect.same_hash && source.image(*suspect.same_hash).rgb == image.rgb) {
        return Duplicate{suspect.image, *suspect.same_hash, true, 1, 0};
    }
    for (const ClosePair& pair : suspect.close) {
        const double difference = mean_absolute_difference(image, source.image(pair.earlier));
        if (difference <= limits.pixel_difference) {
            return Duplicate{suspect.image, pair.earlier, difference == 0, pair.cosine, difference};
        }
    }
    return std::nullopt;
}

}  // namespace

bool may_be_duplicates(const Fingerprint& a, const Fingerprint& b, const DuplicateLimits& limits) {
    return least_difference(a, b) <= limits.pixel_difference;
}

std::vector<Duplicate> find_duplicates(const ImageSource& source, std::span<const Fingerprint> prints,
                                       std::span<const ClosePair> close, const DuplicateLimits& limits,
                                       ThreadPool& pool, Progress& progress) {
    const std::vector<Suspect> list = suspects(prints, close);
    const auto count = static_cast<int64_t>(list.size());
    std::vector<std::optional<Duplicate>> found(list.size());
    if (count == 0) return {};
    progress.start("looking for duplicates, images", count);
    pool.parallel_for(count, [&](int64_t index, int) {
        if (progress.stop_requested()) fail_work("interrupted");
        found[static_cast<size_t>(index)] = examine(source, list[static_cast<size_t>(index)], limits);
        progress.advance(1);
    });
    progress.finish();
    std::vector<Duplicate> duplicates;
    for (const auto& duplicate : found) {
        if (duplicate) duplicates.push_back(*duplicate);
    }
    return duplicates;
}

}  // namespace quantface
