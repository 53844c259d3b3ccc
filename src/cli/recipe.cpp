#include "cli/recipe.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "cli/data_source_text.h"
#include "cli/recipe_reader.h"
#include "cli/recipe_settings.h"
#include "numerics/quantization.h"

namespace quantface {

namespace {

namespace fs = std::filesystem;

constexpr size_t kMostNameLetters = 64;
constexpr int64_t kMostImages = 100000000;  // of a rendered folder

void check_name(const std::string& name, const RecipePlace& place) {
    const auto is_letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '-';
    };
    if (name.empty() || name.size() > kMostNameLetters || name.front() == '-' ||
        !std::all_of(name.begin(), name.end(), is_letter)) {
        fail_at(place, fmt::format("'{}' is no name: {} letters at most, of a-z, A-Z, 0-9, _ and -", name,
                                   kMostNameLetters));
    }
}

// fail_at for what a parser without places refuses.
template <typename Work>
auto placed(const RecipePlace& place, const Work& work) {
    try {
        return work();
    } catch (const Error& error) {
        fail_at(place, error.what());
    }
}

// The key's text as a file, a source or a benchmark, whichever `make` says.
using FileMaker = RecipeFile (*)(const std::string&, const fs::path&);
RecipeFile required_file(RecipeReader& reader, const std::string& key, FileMaker make,
                         const fs::path& folder) {
    const std::string text = reader.required_text(key);
    return placed(reader.place_of(key), [&] { return make(text, folder); });
}

std::optional<RecipeFile> optional_file(RecipeReader& reader, const std::string& key, FileMaker make,
                                        const fs::path& folder) {
    if (reader.find(key) == nullptr) return std::nullopt;
    return required_file(reader, key, make, folder);
}

template <typename Item>
size_t index_of(const std::vector<Item>& items, const std::string& name) {
    const auto found =
        std::find_if(items.begin(), items.end(), [&](const Item& item) { return item.name == name; });
    return static_cast<size_t>(found - items.begin());
}

// The table's name, which no item before it has.
template <typename Item>
std::string new_name(RecipeReader& reader, const std::vector<Item>& before) {
    const std::string name = reader.required_text("name");
    check_name(name, reader.place_of("name"));
    if (index_of(before, name) < before.size())
        fail_at(reader.place_of("name"), "'" + name + "' is the name of another one before it");
    return name;
}

// "127.5" or "123.7,116.3,103.5"
std::string channels(RecipeReader& reader, const std::string& key, bool positive) {
    const std::vector<double> numbers = reader.numbers(key);
    if (!reader.has(key)) return "";
    const bool all_positive = std::all_of(numbers.begin(), numbers.end(), [](double x) { return x > 0; });
    if ((numbers.size() != 1 && numbers.size() != 3) || (positive && !all_positive)) {
        fail_at(reader.place_of(key),
                fmt::format("'{}' is one number or three{}", key, positive ? ", each above zero" : ""));
    }
    std::string text;
    for (const double number : numbers) text += fmt::format("{}{}", text.empty() ? "" : ",", number);
    return text;
}

void read_teachers(RecipeReader& root, const fs::path& folder, StudyRecipe& recipe) {
    for (const RecipeValue* table : root.tables("teacher")) {
        RecipeReader reader(*table, "[[teacher]]");
        RecipeTeacher teacher;
        teacher.name = new_name(reader, recipe.teachers);
        teacher.model = required_file(reader, "model", recipe_path, folder);
        teacher.mean = channels(reader, "mean", false);
        teacher.std = channels(reader, "std", true);
        teacher.bgr = reader.flag("bgr").value_or(false);
        teacher.optional = reader.flag("optional").value_or(false);
        reader.finish();
        recipe.teachers.push_back(std::move(teacher));
    }
    if (recipe.teachers.empty()) fail_at(root.place(), "the recipe has no [[teacher]]");
}

RecipeData::Rendered rendered_once(RecipeReader& reader, const RecipeFile& source) {
    RecipeData::Rendered rendered;
    rendered.images = *reader.integer("images", 1, kMostImages);
    std::vector<SourceText> parts;
    if (source.unset.empty()) parts = parse_source(source.text);
    if (parts.size() != 1 || parts[0].kind != SourceKind::kRendered) {
        fail_at(reader.place_of("images"),
                "'images' goes with source = \"render\" or \"render:SEED\": so many are drawn once");
    }
    rendered.seed = parts[0].seed.value_or(1);
    return rendered;
}

void read_data(RecipeReader& root, const fs::path& folder, StudyRecipe& recipe) {
    for (const RecipeValue* table : root.tables("data")) {
        RecipeReader reader(*table, "[[data]]");
        RecipeData data;
        data.name = new_name(reader, recipe.data);
        data.source = required_file(reader, "source", recipe_source, folder);
        if (reader.find("images") != nullptr) data.rendered = rendered_once(reader, data.source);
        data.optional = reader.flag("optional").value_or(false);
        reader.finish();
        recipe.data.push_back(std::move(data));
    }
    if (recipe.data.empty()) fail_at(root.place(), "the recipe has no [[data]]");
}

// "w6a4" to {6, 4}
std::pair<int, int> parse_bits(const std::string& text, const RecipePlace& place) {
    const auto digit = [&](size_t i) { return text[i] - '0'; };
    const auto in_range = [](int bits) { return bits >= kMinBits && bits <= kMaxBits; };
    if (text.size() != 4 || text[0] != 'w' || text[2] != 'a' || !in_range(digit(1)) || !in_range(digit(3))) {
        fail_at(place,
                "'" + text + "' are no bits: w6a4 is 6 for weights and 4 for activations, each 2 to 8");
    }
    return {digit(1), digit(3)};
}

std::vector<std::string> bits_arguments(const std::string& text, const RecipePlace& place) {
    const auto [weights, activations] = parse_bits(text, place);
    return {"--weights", std::to_string(weights), "--acts", std::to_string(activations)};
}

// Bits that the search gives each layer, for a file of a size or a mean: acts with target_size or
// target_bits.
std::vector<std::string> target_arguments(RecipeReader& reader) {
    const auto size = reader.integer("target_size", 1, int64_t{1} << 40);
    const auto mean = reader.number("target_bits", kMinBits, kMaxBits);
    if (size.has_value() == mean.has_value())
        fail_at(reader.place(), "[[student]] has exactly one of 'bits', 'target_size' and 'target_bits'");
    const auto acts = reader.integer("acts", kMinBits, kMaxBits);
    if (!acts) fail_at(reader.place(), "[[student]] has no 'acts', the bits of activations");
    std::vector<std::string> arguments = {size ? "--target-size" : "--target-bits",
                                          size ? std::to_string(*size) : fmt::format("{}", *mean)};
    arguments.insert(arguments.end(), {"--acts", std::to_string(*acts)});
    return arguments;
}

// Which of the items the key names; all where it is absent.
template <typename Item>
std::vector<size_t> chosen(RecipeReader& reader, const std::string& key, const std::vector<Item>& items) {
    std::vector<size_t> indices;
    for (const std::string& name : reader.texts(key)) {
        const size_t index = index_of(items, name);
        if (index == items.size())
            fail_at(reader.place_of(key), "'" + key + "': none is called '" + name + "'");
        if (std::find(indices.begin(), indices.end(), index) == indices.end()) indices.push_back(index);
    }
    for (size_t i = 0; indices.size() < items.size() && !reader.has(key); ++i) indices.push_back(i);
    return indices;
}

RecipeStudent read_student(RecipeReader& reader, const std::vector<RecipeSetting>& shared,
                           const StudyRecipe& recipe) {
    RecipeStudent student;
    if (const auto bits = reader.text("bits")) {
        student.name = *bits;
        student.arguments = bits_arguments(*bits, reader.place_of("bits"));
        for (const char* other : {"acts", "target_size", "target_bits"}) {
            if (reader.find(other) != nullptr)
                fail_at(reader.place_of(other), std::string("'") + other + "' does not go with 'bits'");
        }
    } else {
        student.arguments = target_arguments(reader);
    }
    student.name = reader.has("name") || student.name.empty() ? reader.required_text("name") : student.name;
    reader.find("name");
    check_name(student.name, reader.place_of("name"));
    const std::vector<std::string> settings = setting_arguments(shared, read_settings(reader));
    student.arguments.insert(student.arguments.end(), settings.begin(), settings.end());
    student.teachers = chosen(reader, "teachers", recipe.teachers);
    student.data = chosen(reader, "data", recipe.data);
    reader.finish();
    return student;
}

void add_student(RecipeStudent student, const RecipePlace& place, StudyRecipe& recipe) {
    if (index_of(recipe.students, student.name) < recipe.students.size()) {
        fail_at(place, "there are two students called '" + student.name + "'; give one of them a 'name'");
    }
    recipe.students.push_back(std::move(student));
}

std::vector<size_t> all_of_them(size_t count) {
    std::vector<size_t> indices(count);
    for (size_t i = 0; i < count; ++i) indices[i] = i;
    return indices;
}

void read_students(RecipeReader& root, StudyRecipe& recipe) {
    std::vector<RecipeSetting> shared;
    if (const RecipeValue* table = root.table("quantize")) {
        RecipeReader reader(*table, "[quantize]");
        shared = read_settings(reader);
        reader.finish();
    }
    for (const std::string& bits : root.texts("bits")) {
        const RecipePlace& place = root.place_of("bits");
        RecipeStudent student;
        student.name = bits;
        student.arguments = bits_arguments(bits, place);
        const std::vector<std::string> settings = setting_arguments(shared, {});
        student.arguments.insert(student.arguments.end(), settings.begin(), settings.end());
        student.teachers = all_of_them(recipe.teachers.size());
        student.data = all_of_them(recipe.data.size());
        add_student(std::move(student), place, recipe);
    }
    for (const RecipeValue* table : root.tables("student")) {
        RecipeReader reader(*table, "[[student]]");
        add_student(read_student(reader, shared, recipe), table->place, recipe);
    }
    if (recipe.students.empty()) fail_at(root.place(), "the recipe has neither 'bits' nor a [[student]]");
}

void read_benchmarks(RecipeReader& root, const fs::path& folder, StudyRecipe& recipe) {
    for (const RecipeValue* table : root.tables("benchmark")) {
        RecipeReader reader(*table, "[[benchmark]]");
        RecipeBenchmark benchmark;
        benchmark.name = new_name(reader, recipe.benchmarks);
        benchmark.spec = required_file(reader, "spec", recipe_benchmark, folder);
        benchmark.optional = reader.flag("optional").value_or(false);
        reader.finish();
        recipe.benchmarks.push_back(std::move(benchmark));
    }
}

// Keys that become an option of `eval` with a value, or nothing.
class EvalArguments {
  public:
    EvalArguments(RecipeReader& reader, std::vector<std::string>& arguments)
        : reader_(reader), arguments_(arguments) {}

    void text(const std::string& key, const char* option) {
        if (const auto value = reader_.text(key)) add({option, *value});
    }
    void integer(const std::string& key, const char* option, int64_t low, int64_t high) {
        if (const auto value = reader_.integer(key, low, high)) add({option, std::to_string(*value)});
    }
    void number(const std::string& key, const char* option, double low, double high) {
        if (const auto value = reader_.number(key, low, high)) add({option, fmt::format("{}", *value)});
    }
    // The option is given where the key is `when`.
    void flag(const std::string& key, const char* option, bool when = true) {
        if (reader_.flag(key).value_or(!when) == when) add({option});
    }
    void rates(const std::string& key, const char* option) {
        const std::vector<double> rates = reader_.numbers(key);
        if (!rates.empty()) add({option});
        for (const double rate : rates) {
            if (rate < 1e-9 || rate > 1)
                fail_at(reader_.place_of(key), fmt::format("'{}': rates are 1e-9 to 1", key));
            add({fmt::format("{}", rate)});
        }
    }

  private:
    void add(const std::vector<std::string>& words) {
        arguments_.insert(arguments_.end(), words.begin(), words.end());
    }

    RecipeReader& reader_;
    std::vector<std::string>& arguments_;
};

void read_evaluation(RecipeReader& root, const fs::path& folder, RecipeEvaluation& evaluation) {
    if (const RecipeValue* table = root.table("evaluation")) {
        RecipeReader reader(*table, "[evaluation]");
        evaluation.agreement = optional_file(reader, "data", recipe_source, folder);
        if (reader.find("images") != nullptr && !evaluation.agreement)
            fail_at(reader.place_of("images"), "'images' goes with 'data', on which agreement is measured");
        evaluation.detector = optional_file(reader, "detector", recipe_path, folder);
        evaluation.cache = reader.flag("cache").value_or(true);
        EvalArguments arguments(reader, evaluation.arguments);
        arguments.integer("images", "--images", 1, 10000000);
        arguments.flag("flip", "--flip");
        arguments.text("ijb", "--ijb");
        arguments.rates("far", "--far");
        arguments.integer("bootstrap", "--bootstrap", 0, 1000000);
        arguments.number("confidence", "--confidence", 0.5, 0.9999);
        arguments.integer("seed", "--seed", 0, int64_t{1} << 53);
        arguments.flag("centred", "--centred");
        arguments.flag("detect", "--detect");
        arguments.integer("threads", "--threads", 0, 1024);
        reader.finish();
    }
}

void read_report(RecipeReader& root, const fs::path& folder, RecipeEvaluation& evaluation) {
    if (const RecipeValue* table = root.table("report")) {
        RecipeReader reader(*table, "[report]");
        evaluation.html = reader.flag("html").value_or(true);
        evaluation.csv = reader.flag("csv").value_or(true);
        evaluation.faces = optional_file(reader, "faces", recipe_source, folder);
        EvalArguments arguments(reader, evaluation.arguments);
        arguments.flag("layers", "--layers");
        arguments.flag("speed", "--speed");
        arguments.flag("pictures", "--no-pictures", false);
        reader.finish();
    }
}

}  // namespace

StudyRecipe read_recipe(const fs::path& file, const std::vector<std::string>& changes) {
    RecipeValue table = read_recipe_file(file);
    for (const std::string& change : changes) change_recipe(table, change);
    const fs::path folder = fs::absolute(file).parent_path();
    RecipeReader root(table, "the recipe");
    StudyRecipe recipe;
    recipe.name = root.required_text("name");
    check_name(recipe.name, root.place_of("name"));
    const std::string out_text = root.text("out").value_or(recipe.name);
    const RecipeFile out = placed(root.place_of("out"), [&] { return recipe_path(out_text, folder); });
    if (!out.unset.empty()) fail_at(root.place_of("out"), "$" + out.unset + " is not set");
    recipe.out = out.text;
    read_teachers(root, folder, recipe);
    read_data(root, folder, recipe);
    read_students(root, recipe);
    read_benchmarks(root, folder, recipe);
    read_evaluation(root, folder, recipe.evaluation);
    read_report(root, folder, recipe.evaluation);
    root.finish();
    if (recipe.benchmarks.empty() && !recipe.evaluation.agreement) {
        fail_at(root.place(), "nothing to measure on: neither a [[benchmark]] nor 'data' in [evaluation]");
    }
    return recipe;
}

}  // namespace quantface
