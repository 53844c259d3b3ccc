#include "train/generator_options.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <string_view>

#include "base/error.h"

namespace quantface {

namespace {

template <typename T>
struct Choice {
    std::string_view name;
    T value;
};

constexpr Choice<PixelRange> kRanges[] = {
    {"-1..1", PixelRange::kSigned}, {"0..1", PixelRange::kUnit}, {"0..255", PixelRange::kBytes}};
constexpr Choice<FaceGeometry> kGeometries[] = {
    {"arcface", FaceGeometry::kArcface}, {"ffhq", FaceGeometry::kFfhq}, {"full", FaceGeometry::kFull}};
constexpr Choice<DeviceKind> kDevices[] = {
    {"auto", DeviceKind::kAuto}, {"cpu", DeviceKind::kCpu}, {"cuda", DeviceKind::kCuda}};

[[noreturn]] void fail_option(const std::string& name, const std::string& value, const std::string& wanted) {
    fail_usage(fmt::format("generator: {}={}: {} wanted", name, value, wanted));
}

template <typename T, size_t count>
T chosen(const std::string& name, const std::string& value, const Choice<T> (&choices)[count]) {
    std::string wanted;
    for (const Choice<T>& choice : choices) {
        if (choice.name == value) return choice.value;
        wanted += (wanted.empty() ? "" : " or ") + std::string(choice.name);
    }
    fail_option(name, value, wanted);
}

// The whole text as one number; nothing where it is none.
template <typename T>
std::optional<T> number(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> pieces;
    for (size_t begin = 0; begin <= text.size();) {
        const size_t end = std::min(text.find(separator, begin), text.size());
        pieces.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return pieces;
}

int64_t whole_number(const std::string& name, const std::string& value, int64_t least, int64_t most) {
    const auto parsed = number<int64_t>(value);
    if (!parsed || *parsed < least || *parsed > most) {
        fail_option(name, value, fmt::format("a whole number from {} to {}", least, most));
    }
    return *parsed;
}

std::vector<int64_t> latent_shape(const std::string& name, const std::string& value) {
    constexpr int64_t kMostNumbers = int64_t{1} << 24;
    std::vector<int64_t> shape;
    int64_t numbers = 1;
    for (const std::string_view piece : split(value, 'x')) {
        const auto side = number<int64_t>(piece);
        if (!side || *side < 1 || *side > kMostNumbers || (numbers *= *side) > kMostNumbers ||
            shape.size() == 4) {
            fail_option(name, value, "a size as 512 or 4x64x64");
        }
        shape.push_back(*side);
    }
    return shape;
}

FivePoints five_points(const std::string& name, const std::string& value) {
    const std::vector<std::string_view> pieces = split(value, '/');
    FivePoints points{};
    for (size_t i = 0; i < 10; ++i) {
        const auto fraction = i < pieces.size() ? number<float>(pieces[i]) : std::nullopt;
        if (pieces.size() != 10 || !fraction || !(std::abs(*fraction) <= 4)) {
            fail_option(name, value,
                        "X/Y of eyes, nose and corners of the mouth, ten fractions of the picture's sides");
        }
        points[i / 2][i % 2] = *fraction;
    }
    return points;
}

double truncation(const std::string& name, const std::string& value) {
    const auto parsed = number<double>(value);
    if (!parsed || !(*parsed >= 0 && *parsed <= 1)) fail_option(name, value, "a number from 0 to 1");
    return *parsed;
}

void set_option(GeneratorOptions& options, const std::string& name, const std::string& value) {
    if (name == "seed") {
        const auto seed = number<uint64_t>(value);
        if (!seed) fail_option(name, value, "a whole number");
        options.seed = *seed;
    } else if (name == "latent") {
        options.latent = latent_shape(name, value);
    } else if (name == "truncation") {
        options.truncation = truncation(name, value);
    } else if (name == "classes") {
        options.classes = whole_number(name, value, 1, 1 << 24);
    } else if (name == "range") {
        options.range = chosen(name, value, kRanges);
    } else if (name == "geometry") {
        options.geometry = chosen(name, value, kGeometries);
    } else if (name == "points") {
        options.geometry = FaceGeometry::kPoints;
        options.points = five_points(name, value);
    } else if (name == "detector") {
        options.detector = value;
    } else if (name == "device") {
        options.device = chosen(name, value, kDevices);
    } else if (name == "batch") {
        options.batch = whole_number(name, value, 1, 1024);
    } else if (name == "method") {
        options.method = value;
    } else {
        fail_usage(fmt::format(
            "generator: no option {}; there are seed, latent, truncation, classes, range, geometry, "
            "points, detector, device, batch and method",
            name));
    }
}

}  // namespace

GeneratorOptions parse_generator_options(const std::vector<std::string>& assignments, uint64_t default_seed) {
    GeneratorOptions options;
    options.seed = default_seed;
    for (const std::string& assignment : assignments) {
        const size_t equals = std::min(assignment.find('='), assignment.size());
        const std::string name = assignment.substr(0, equals);
        if (equals == assignment.size()) fail_usage("generator: " + name + ": write it as NAME=VALUE");
        set_option(options, name, assignment.substr(equals + 1));
    }
    return options;
}

}  // namespace quantface
