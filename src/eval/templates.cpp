#include "eval/templates.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "eval/embeddings.h"

namespace quantface {

namespace {

// -1 where the text has no such letter.
int option_value(const std::string& text, char letter, int most) {
    int value = -1;
    for (size_t i = 0; i + 1 < text.size(); i += 2) {
        if (std::toupper(static_cast<unsigned char>(text[i])) != letter) continue;
        const int digit = text[i + 1] - '0';
        if (value >= 0 || digit < 0 || digit > most) return -2;
        value = digit;
    }
    return value;
}

// Adds the mean of some rows to a sum.
void add_mean(std::span<const float> rows, int64_t dimension, std::span<const size_t> members,
              std::vector<double>& sum) {
    for (int64_t k = 0; k < dimension; ++k) {
        double total = 0;
        for (const size_t row : members)
            total += rows[row * static_cast<size_t>(dimension) + static_cast<size_t>(k)];
        sum[static_cast<size_t>(k)] += total / static_cast<double>(members.size());
    }
}

}  // namespace

std::string TemplateOptions::name() const {
    return std::string("N") + (keep_norm ? "1" : "0") + "D" + (detector_score ? "1" : "0") + "F" +
           std::to_string(flip);
}

TemplateOptions parse_template_options(const std::string& text) {
    const int n = option_value(text, 'N', 1), d = option_value(text, 'D', 1), f = option_value(text, 'F', 2);
    const bool known = std::all_of(text.begin(), text.end(), [](char c) {
        return std::string("NDFndf012").find(c) != std::string::npos;
    });
    const auto named = static_cast<size_t>((n >= 0) + (d >= 0) + (f >= 0));
    if (!known || std::min({n, d, f}) == -2 || text.size() != 2 * named) {
        fail_usage("'" + text + "' is no way to make templates; such as N1D1F2 (N0, N1; D0, D1; F0, F1, F2)");
    }
    TemplateOptions options;
    if (n >= 0) options.keep_norm = n == 1;
    if (d >= 0) options.detector_score = d == 1;
    if (f >= 0) options.flip = f;
    return options;
}

ImageFeatures image_features(std::span<const float> plain, std::span<const float> mirrored, int64_t dimension,
                             std::span<const float> scores, const TemplateOptions& options) {
    const size_t images = scores.size(), width = static_cast<size_t>(dimension);
    if (dimension < 1 || plain.size() != images * width ||
        (options.flip > 0 && mirrored.size() != plain.size())) {
        fail_usage("features, mirrored features and detector scores disagree in number");
    }
    ImageFeatures result;
    result.dimension = options.flip == 1 ? 2 * dimension : dimension;
    result.rows.reserve(images * static_cast<size_t>(result.dimension));
    for (size_t image = 0; image < images; ++image) {
        const size_t begin = result.rows.size();
        const auto feature = plain.subspan(image * width, width);
        result.rows.insert(result.rows.end(), feature.begin(), feature.end());
        if (options.flip > 0) {
            const auto mirror = mirrored.subspan(image * width, width);
            if (options.flip == 1) result.rows.insert(result.rows.end(), mirror.begin(), mirror.end());
            if (options.flip == 2) {
                for (size_t k = 0; k < width; ++k) result.rows[begin + k] += mirror[k];
            }
        }
        const std::span<float> row(result.rows.data() + begin, static_cast<size_t>(result.dimension));
        if (!is_valid_embedding(row)) {
            ++result.invalid;
            std::fill(row.begin(), row.end(), 0.0f);
        }
        if (!options.keep_norm) normalize_embeddings(row, result.dimension);
        if (options.detector_score) {
            for (float& x : row) x *= scores[image];
        }
    }
    return result;
}

int64_t Templates::find(int64_t id) const {
    const auto found = std::lower_bound(ids.begin(), ids.end(), id);
    return found != ids.end() && *found == id ? found - ids.begin() : -1;
}

Templates fuse_templates(const ImageFeatures& features, std::span<const TemplateImage> images) {
    const auto width = static_cast<size_t>(features.dimension);
    if (features.rows.size() != images.size() * width) fail_usage("features and images disagree in number");
    std::vector<size_t> order(images.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
        return images[a].template_id != images[b].template_id ? images[a].template_id < images[b].template_id
                                                              : images[a].medium < images[b].medium;
    });
    Templates result;
    result.dimension = features.dimension;
    for (size_t first = 0; first < order.size();) {
        const int64_t id = images[order[first]].template_id;
        std::vector<double> sum(width, 0);
        size_t last = first;
        while (last < order.size() && images[order[last]].template_id == id) {
            const int64_t medium = images[order[last]].medium;
            const size_t begin = last;
            while (last < order.size() && images[order[last]].template_id == id &&
                   images[order[last]].medium == medium) {
                ++last;
            }
            add_mean(features.rows, features.dimension,
                     std::span<const size_t>(order).subspan(begin, last - begin), sum);
        }
        double square = 0;
        for (const double x : sum) square += x * x;
        const double scale = square > 0 ? 1 / std::sqrt(square) : 0;
        result.ids.push_back(id);
        for (const double x : sum) result.rows.push_back(static_cast<float>(x * scale));
        first = last;
    }
    return result;
}

}  // namespace quantface
