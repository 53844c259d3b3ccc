#include "cli/recipe_settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "numerics/quantization.h"
#include "quantize/observer.h"

namespace quantface {

namespace {

enum class SettingKind { kFlag, kUnlessFlag, kInteger, kNumber, kChoice, kWords, kAssignments };

struct SettingRow {
    const char* key;
    const char* option;
    SettingKind kind;
    bool of_training = false;
    double low = 0, high = 0;               // kInteger, kNumber
    std::vector<std::string> choices = {};  // kChoice
};

std::vector<std::string> observer_names() {
    std::vector<std::string> names = {"auto"};
    for (const ObserverKind kind : all_observers()) names.push_back(observer_name(kind));
    return names;
}

// One row for each key; ranges are those of the option.
const std::vector<SettingRow>& setting_rows() {
    using enum SettingKind;
    static const std::vector<SettingRow> rows = {
        {"ptq", "--ptq", kFlag},
        {"ends", "--ends", kInteger, false, kMinBits, kMaxBits},
        {"residual", "--residual-bits", kInteger, false, kMinBits, kMaxBits},
        {"images", "--images", kInteger, false, 1, 1e6},
        {"held_out", "--held-out", kInteger, false, 1, 1e6},
        {"seed", "--seed", kInteger, false, 0, 9e15},
        {"observer", "--observer", kChoice, false, 0, 0, observer_names()},
        {"bias_correction", "--no-bias-correction", kUnlessFlag},
        {"weight_compensation", "--no-weight-compensation", kUnlessFlag},
        {"equalization", "--no-equalization", kUnlessFlag},
        {"equalization_strength", "--equalization-strength", kNumber, false, 0, 1},
        {"asymmetric_weights", "--asymmetric-weights", kFlag},
        {"range_margin", "--range-margin", kNumber, false, 1, 4},
        {"skip_passes", "--skip-pass", kWords},
        {"threads", "--threads", kInteger, false, 0, 1024},
        {"recipe", "--recipe", kChoice, true, 0, 0, {"default", "paper"}},
        {"steps", "--steps", kInteger, true, 1, 1e8},
        {"train_images", "--train-images", kInteger, true, 2, 1e9},
        {"set", "--set", kAssignments, true},
        {"precision", "--precision", kChoice, true, 0, 0, {"auto", "float32", "bfloat16"}},
        {"device", "--device", kChoice, true, 0, 0, {"auto", "cpu", "cuda"}},
        {"patience", "--patience", kInteger, true, 0, 1000},
        {"checkpoint_seconds", "--checkpoint-seconds", kNumber, true, 0, 1e9},
    };
    return rows;
}

// set = { batch = 512, flip = 1 }
std::vector<std::string> assignments(const RecipeValue& value, const std::string& key) {
    if (value.kind != RecipeKind::kTable) {
        fail_at(value.place, fmt::format("'{}' is {}; a table of numbers wanted: {{ batch = 512 }}", key,
                                         recipe_kind_name(value.kind)));
    }
    std::vector<std::string> words;
    for (const RecipeEntry& entry : value.entries) {
        words.push_back(fmt::format("{}={}", entry.key, recipe_number(entry.value, key + "." + entry.key)));
    }
    return words;
}

std::vector<std::string> setting_of(RecipeReader& reader, const SettingRow& row) {
    const std::string key = row.key;
    switch (row.kind) {
        case SettingKind::kFlag:
            return *reader.flag(key) ? std::vector<std::string>{row.option} : std::vector<std::string>{};
        case SettingKind::kUnlessFlag:
            return *reader.flag(key) ? std::vector<std::string>{} : std::vector<std::string>{row.option};
        case SettingKind::kInteger:
            return {row.option, std::to_string(*reader.integer(key, static_cast<int64_t>(row.low),
                                                               static_cast<int64_t>(row.high)))};
        case SettingKind::kNumber:
            return {row.option, fmt::format("{}", *reader.number(key, row.low, row.high))};
        case SettingKind::kChoice:
            return {row.option, *reader.choice(key, row.choices)};
        case SettingKind::kWords:
        case SettingKind::kAssignments:
            break;
    }
    std::vector<std::string> words =
        row.kind == SettingKind::kWords ? reader.texts(key) : assignments(*reader.find(key), key);
    if (!words.empty()) words.insert(words.begin(), row.option);
    return words;
}

const RecipeSetting* find_setting(const std::vector<RecipeSetting>& settings, const std::string& key) {
    const auto found = std::find_if(settings.begin(), settings.end(),
                                    [&](const RecipeSetting& setting) { return setting.key == key; });
    return found == settings.end() ? nullptr : &*found;
}

void refuse_training(const std::vector<RecipeSetting>& settings) {
    for (const RecipeSetting& setting : settings) {
        if (!setting.of_training) continue;
        fail_at(setting.place, "'" + setting.key + "' is of training, and ptq = true is without it");
    }
}

}  // namespace

std::vector<RecipeSetting> read_settings(RecipeReader& reader) {
    std::vector<RecipeSetting> settings;
    for (const SettingRow& row : setting_rows()) {
        if (reader.find(row.key) == nullptr) continue;
        settings.push_back({row.key, reader.place_of(row.key), setting_of(reader, row), row.of_training});
    }
    const RecipeSetting* ptq = find_setting(settings, "ptq");
    if (ptq != nullptr && !ptq->arguments.empty()) refuse_training(settings);
    return settings;
}

std::vector<std::string> setting_arguments(const std::vector<RecipeSetting>& all,
                                           const std::vector<RecipeSetting>& own) {
    const auto chosen = [&](const std::string& key) {
        const RecipeSetting* setting = find_setting(own, key);
        return setting != nullptr ? setting : find_setting(all, key);
    };
    const RecipeSetting* ptq = chosen("ptq");
    const bool calibrates_only = ptq != nullptr && !ptq->arguments.empty();
    if (calibrates_only) refuse_training(own);
    std::vector<std::string> arguments;
    for (const SettingRow& row : setting_rows()) {
        const RecipeSetting* setting = chosen(row.key);
        if (setting == nullptr || (calibrates_only && setting->of_training)) continue;
        arguments.insert(arguments.end(), setting->arguments.begin(), setting->arguments.end());
    }
    return arguments;
}

}  // namespace quantface
