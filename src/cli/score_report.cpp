#include "cli/score_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "cli/text_table.h"

namespace quantface {

namespace {

constexpr size_t kRowsShown = 10;

std::string percent(double share) {
    return fmt::format("{:.2f}", 100 * share);
}

std::string mean_and_deviation(const Distribution& distribution) {
    if (distribution.count == 0) return "-";
    return fmt::format("{:.4f} +- {:.4f}", distribution.mean, distribution.standard_deviation);
}

std::string quantiles(const Distribution& distribution) {
    if (distribution.count == 0) return "-";
    return fmt::format("{:.4f} {:.4f} {:.4f}", distribution.quantiles.front(), distribution.median(),
                       distribution.quantiles.back());
}

std::string separation_text(const ScoredSet& set) {
    if (!set.separation) return "-";
    const std::string d_prime =
        set.separation->d_prime ? fmt::format("{:.3f}", *set.separation->d_prime) : "-";
    return fmt::format("{}, {}, {}", d_prime, percent(set.separation->equal_error_rate),
                       percent(set.separation->balanced_accuracy));
}

struct BatchNormMeans {
    double shift = 0, ratio = 0;
};

BatchNormMeans means_of(const std::vector<BatchNormDistance>& norms) {
    BatchNormMeans means;
    for (const BatchNormDistance& norm : norms) {
        means.shift += norm.channels.mean_shift / static_cast<double>(norms.size());
        means.ratio += norm.channels.abs_log_std_ratio / static_cast<double>(norms.size());
    }
    return means;
}

void print_sets(const Score& score) {
    std::vector<std::string> header = {"", score.set.name};
    if (score.reference) header.push_back("reference: " + score.reference->name);
    TextTable table(header);
    const auto add = [&](const std::string& what, const std::function<std::string(const ScoredSet&)>& value) {
        std::vector<std::string> row = {what, value(score.set)};
        if (score.reference) row.push_back(value(*score.reference));
        table.add_row(row);
    };
    add("images", [](const ScoredSet& set) { return format_count(set.images); });
    add(fmt::format("effective rank of {}", score.embedding_size),
        [](const ScoredSet& set) { return fmt::format("{:.2f}", set.spread.effective_rank); });
    add("share of the first axis %",
        [](const ScoredSet& set) { return percent(set.spread.largest_component); });
    add("length of the mean",
        [](const ScoredSet& set) { return fmt::format("{:.4f}", set.spread.mean_length); });
    add("nearest 1 - cosine: 1 %, median, 99 %",
        [](const ScoredSet& set) { return quantiles(set.nearest_distances); });
    add("same person, pairs", [](const ScoredSet& set) { return format_count(set.pairs.same.count()); });
    add("  cosine", [](const ScoredSet& set) { return mean_and_deviation(set.pairs.same.describe()); });
    add("  1 %, median, 99 %", [](const ScoredSet& set) { return quantiles(set.pairs.same.describe()); });
    add("other person, pairs", [](const ScoredSet& set) { return format_count(set.pairs.other.count()); });
    add("  cosine", [](const ScoredSet& set) { return mean_and_deviation(set.pairs.other.describe()); });
    add("  1 %, median, 99 %", [](const ScoredSet& set) { return quantiles(set.pairs.other.describe()); });
    add("unlabelled, pairs", [](const ScoredSet& set) { return format_count(set.pairs.unlabelled.count()); });
    add("  cosine", [](const ScoredSet& set) { return mean_and_deviation(set.pairs.unlabelled.describe()); });
    add("d', EER %, balanced accuracy %", separation_text);
    const auto add_norms = [&](const char* what, double BatchNormMeans::*member) {
        std::vector<std::string> row = {what, fmt::format("{:.3f}", means_of(score.batch_norms).*member)};
        if (score.reference)
            row.push_back(fmt::format("{:.3f}", means_of(score.reference_batch_norms).*member));
        table.add_row(row);
    };
    if (!score.batch_norms.empty()) {
        add_norms("batch norms: shift of means", &BatchNormMeans::shift);
        add_norms("batch norms: |ln ratio of stds|", &BatchNormMeans::ratio);
    }
    fmt::print("{}\n{}", score.model + " on", table.render());
}

void print_invalid(const ScoredSet& set) {
    if (set.invalid_embeddings > 0) {
        fmt::print("{}: {} embeddings are zero or not finite and take no part\n", set.name,
                   format_count(set.invalid_embeddings));
    }
}

std::string range_text(const Range& range) {
    return fmt::format("{:.3g}..{:.3g}", range.low, range.high);
}

void print_worst_layers(const std::vector<LayerCoverage>& layers) {
    std::vector<LayerCoverage> worst = layers;
    std::stable_sort(worst.begin(), worst.end(), [](const LayerCoverage& a, const LayerCoverage& b) {
        return a.noise_db.value_or(0) > b.noise_db.value_or(0);
    });
    if (worst.size() > kRowsShown) worst.resize(kRowsShown);
    TextTable table({"worst covered layers", "<op", "in range %", "in quantiles %", "overflow %", "clipped %",
                     "range ratio", "noise dB", "set", "reference", "shift", "|ln std|"});
    for (const LayerCoverage& layer : worst) {
        table.add_row(
            {layer.name, layer.op, percent(layer.in_extremes), percent(layer.in_quantiles),
             fmt::format("{:.4f}", 100 * layer.overflow), fmt::format("{:.4f}", 100 * layer.clipped_energy),
             layer.range_ratio ? fmt::format("{:.3f}", *layer.range_ratio) : "-",
             layer.noise_db ? fmt::format("{:.2f}", *layer.noise_db) : "-", range_text(layer.set.extremes),
             range_text(layer.reference.extremes), fmt::format("{:.3f}", layer.channels.mean_shift),
             fmt::format("{:.3f}", layer.channels.abs_log_std_ratio)});
    }
    fmt::print("\n{}", table.render());
}

void print_coverage(const Score& score) {
    if (!score.reference) return;
    if (score.layers.empty()) {
        fmt::print("\nActivations are compared in a full-precision network only (.onnx).\n");
        return;
    }
    print_worst_layers(decisive_layers(score.layers));
    const CoverageSummary mean = summarize(score.layers);
    fmt::print(
        "mean over {} layers: {} % of the reference within the set's range, {} % within its 99.8 %; levels "
        "calibrated on the set cut off {:.4f} % of the numbers, {:.4f} % of the energy; range ratio {:.3f}, "
        "8-bit noise {:+.2f} dB, shift {:.3f}\n",
        mean.layers, percent(mean.in_extremes), percent(mean.in_quantiles), 100 * mean.overflow,
        100 * mean.clipped_energy, mean.range_ratio, mean.noise_db, mean.mean_shift);
}

void print_duplicates(const Score& score) {
    const std::vector<Duplicate> duplicates = score.set.duplicates.value_or(std::vector<Duplicate>());
    fmt::print(
        "\nduplicates: {} ({:.2f} per 1,000 images): identical, or cosine >= {:g} and mean pixel difference "
        "<= {:g}\n",
        format_count(static_cast<int64_t>(duplicates.size())),
        1000.0 * static_cast<double>(duplicates.size()) / static_cast<double>(score.set.images),
        score.duplicate_limits.cosine, score.duplicate_limits.pixel_difference);
    for (size_t i = 0; i < std::min(duplicates.size(), kRowsShown); ++i) {
        fmt::print("  image {} is image {} again: cosine {:.4f}, difference {:.2f}\n", duplicates[i].image,
                   duplicates[i].earlier, duplicates[i].cosine, duplicates[i].pixel_difference);
    }
    if (duplicates.size() > kRowsShown) fmt::print("  ... (--json lists all)\n");
}

std::string threshold_text(const Disclosure& disclosure) {
    if (!disclosure.far) return fmt::format("cosine {:.4f} (given)", disclosure.threshold);
    return fmt::format("cosine {:.4f}, FAR {:g} on {} training pairs of {}", disclosure.threshold,
                       *disclosure.far, format_count(disclosure.threshold_pairs),
                       disclosure.threshold_unlabelled ? "people not known (some are of one person: too high)"
                                                       : "other people");
}

void print_disclosure(const Score& score) {
    if (!score.disclosure) {
        fmt::print("\nprivacy: {}\n",
                   score.drawn_by_program
                       ? "every image is drawn by the program from random numbers, there is no source person"
                       : "not measured; give what the generator was trained on as --training-set");
        return;
    }
    const Disclosure& disclosure = *score.disclosure;
    fmt::print("\nprivacy: nearest images in {}\nthreshold: {}\n", score.training_set,
               threshold_text(disclosure));
    if (score.drawn_by_program)
        fmt::print("(every image of the set is drawn by the program, there is no source person)\n");
    TextTable table({"nearest training image", "cosine 1 %", "median", "99 %", "max", "above threshold %"});
    const auto add = [&](const std::string& what, const NearestCosines& nearest) {
        const Distribution& cosines = nearest.cosines;
        table.add_row({what, fmt::format("{:.4f}", cosines.quantiles.front()),
                       fmt::format("{:.4f}", cosines.median()),
                       fmt::format("{:.4f}", cosines.quantiles.back()),
                       fmt::format("{:.4f}", cosines.maximum), percent(nearest.share_above_threshold)});
    };
    add("of the set's images", disclosure.set);
    add("of a training image, itself left out", disclosure.leave_one_out);
    if (disclosure.leave_identity_out)
        add("of a training image, its person left out", *disclosure.leave_identity_out);
    fmt::print("{}", table.render());
    if (disclosure.share_by_chance) {
        fmt::print("with {} training images, up to {} % of strangers' images are above it by chance\n",
                   format_count(score.training_images), percent(*disclosure.share_by_chance));
    }
    for (const MatchedImage& match : disclosure.closest) {
        fmt::print("  image {}, training image {}: cosine {:.4f}\n", match.image, match.training_image,
                   match.cosine);
    }
}

}  // namespace

void print_score(const Score& score) {
    print_sets(score);
    print_invalid(score.set);
    if (score.reference) print_invalid(*score.reference);
    print_coverage(score);
    print_duplicates(score);
    print_disclosure(score);
}

}  // namespace quantface
