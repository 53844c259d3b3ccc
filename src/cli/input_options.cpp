#include "cli/input_options.h"

#include <CLI/CLI.hpp>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <vector>

#include "base/error.h"

namespace quantface {

namespace {

std::array<float, 3> parse_channels(const std::string& option, const std::string& text, bool positive) {
    const auto refuse = [&] {
        fail_usage(option + " " + text + ": one number or three with commas between wanted" +
                   (positive ? ", each above zero" : ""));
    };
    std::vector<float> numbers;
    const char* position = text.data();
    const char* const last = position + text.size();
    for (;;) {
        float number = 0;
        const auto [end, error] = std::from_chars(position, last, number);
        if (error != std::errc() || !std::isfinite(number) || (positive && number <= 0)) refuse();
        numbers.push_back(number);
        position = end;
        if (position == last) break;
        if (*position++ != ',') refuse();
    }
    if (numbers.size() == 1) return {numbers[0], numbers[0], numbers[0]};
    if (numbers.size() != 3) refuse();
    return {numbers[0], numbers[1], numbers[2]};
}

}  // namespace

void add_input_options(CLI::App& command, InputOptions& options) {
    command
        .add_option("--input-mean", options.mean,
                    "An .onnx sees (pixel - mean) / std: one number or three (default: as it says itself, "
                    "else 127.5)")
        ->type_name("A[,B,C]")
        ->group("Input of .onnx networks");
    command.add_option("--input-std", options.std, "One number or three (127.5)")
        ->type_name("A[,B,C]")
        ->group("Input of .onnx networks");
    command.add_flag("--bgr", options.bgr, "An .onnx wants blue first, not red")
        ->group("Input of .onnx networks");
}

OnnxImportOptions parse_input_options(const InputOptions& options) {
    OnnxImportOptions parsed;
    if (options.mean) parsed.input_mean = parse_channels("--input-mean", *options.mean, false);
    if (options.std) parsed.input_std = parse_channels("--input-std", *options.std, true);
    parsed.bgr = options.bgr;
    return parsed;
}

ModelArgument parse_model_argument(const std::string& text, const InputOptions& defaults) {
    std::error_code ignored;
    const size_t mark = std::filesystem::exists(text, ignored) ? std::string::npos : text.find('?');
    if (mark == std::string::npos) return {text, defaults};
    ModelArgument argument{text.substr(0, mark), {}};
    for (size_t begin = mark + 1; begin <= text.size();) {
        const size_t end = std::min(text.find('&', begin), text.size());
        const std::string part = text.substr(begin, end - begin);
        if (part == "bgr") {
            argument.input.bgr = true;
        } else if (part.starts_with("mean=")) {
            argument.input.mean = part.substr(5);
        } else if (part.starts_with("std=")) {
            argument.input.std = part.substr(4);
        } else {
            fail_usage(text + ": '" + part +
                       "' after the question mark; known are mean=A[,B,C], std=A[,B,C] and bgr");
        }
        begin = end + 1;
    }
    return argument;
}

}  // namespace quantface
