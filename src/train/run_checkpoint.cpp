#include "train/run_checkpoint.h"

#include <array>
#include <filesystem>
#include <vector>

#include "base/crc32c.h"
#include "base/error.h"
#include "train/training_device.h"

namespace quantface {

using Json = nlohmann::ordered_json;

namespace {

// "steps: 100, not 200", or nothing.
std::string first_difference(const Json& saved, const Json& present) {
    for (const auto& [key, value] : present.items()) {
        const Json other = saved.is_object() ? saved.value(key, Json()) : Json();
        if (other == value) continue;
        if (value.is_object()) return key + " " + first_difference(other, value);
        return key + ": " + other.dump() + ", not " + value.dump();
    }
    return "";
}

}  // namespace

Json run_description(const DistillOptions& options, Precision precision, int threads) {
    Json recipe;
    for (const auto& [name, value] : recipe_values(options.recipe)) recipe[name] = value;
    const PostTrainingOptions& start = options.start;
    return {{"for", options.identity},
            {"weight_bits", start.weight_bits},
            {"activation_bits", start.activation_bits},
            {"ends_bits", start.ends_bits.value_or(0)},
            {"residual_bits", start.residual_bits.value_or(0)},
            {"asymmetric_weights", start.asymmetric_weights},
            {"target_bytes", start.target_bytes.value_or(0)},
            {"target_bits", start.target_bits.value_or(0)},
            {"observer", start.observer ? observer_name(*start.observer) : "auto"},
            {"range_margin", start.range_margin},
            {"bias_correction", start.bias_correction},
            {"weight_compensation", start.weight_compensation.value_or(false)},
            {"skip_passes", start.skip_passes},
            {"equalization", start.equalization ? start.equalization_strength : -1.0},
            {"calibration_images", start.images},
            {"held_out_images", start.held_out_images},
            {"images", options.images},
            {"steps", options.steps},
            {"seed", options.seed},
            {"precision", precision == Precision::kBfloat16 ? "bfloat16" : "float32"},
            {"device", chosen_device(options).is_cpu() ? "cpu" : "cuda"},
            {"threads", threads},
            {"judgements", options.judgements},
            {"patience", options.patience},
            {"recipe", recipe}};
}

std::optional<Checkpoint> matching_checkpoint(const DistillOptions& options, const Json& description) {
    if (options.checkpoint.empty() || !std::filesystem::exists(options.checkpoint)) return {};
    Checkpoint checkpoint = read_checkpoint(options.checkpoint);
    const Json record = Json::parse(checkpoint.record);
    const std::string difference = first_difference(record.value("run", Json()), description);
    if (!difference.empty()) {
        fail_usage(options.checkpoint.string() + ": is of another run (" + difference +
                   "); delete it or name another with --checkpoint");
    }
    return checkpoint;
}

uint32_t checksum_of(const QuantizedGraph& start) {
    std::vector<uint8_t> bytes;
    const auto add = [&](const auto& numbers) {
        const auto* from = reinterpret_cast<const uint8_t*>(numbers.data());
        bytes.insert(bytes.end(), from, from + numbers.size() * sizeof(numbers[0]));
    };
    for (const auto& [node, conv] : start.convs) {
        add(std::array{node, conv.bits});
        add(conv.scale);
        add(conv.zero_point);
        add(conv.level);
        add(conv.bias);
    }
    for (const QuantParams& params : start.values) {
        add(std::array{params.bits, int{params.zero_point}});
        add(std::array{params.scale});
    }
    return crc32c(bytes);
}

}  // namespace quantface
