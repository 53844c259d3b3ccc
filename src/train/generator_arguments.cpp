#include "train/generator_arguments.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "base/error.h"

namespace quantface {

namespace {

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_truncation(const c10::Argument& argument) {
    return is_one_of(argument.name(), {"truncation", "truncation_psi", "psi", "trunc"});
}

bool is_label(const c10::Argument& argument) {
    return is_one_of(argument.name(),
                     {"c", "y", "label", "labels", "class_label", "class_labels", "classes"});
}

std::optional<int64_t> int_attribute(const torch::jit::Module& module,
                                     std::initializer_list<const char*> names) {
    for (const char* name : names) {
        if (!module.hasattr(name)) continue;
        const c10::IValue value = module.attr(name);
        if (value.isInt() && value.toInt() >= 0) return value.toInt();
    }
    return std::nullopt;
}

// A truncation of 1 changes nothing, in every generator that has one.
c10::IValue truncation_value(const c10::Argument& argument, const GeneratorOptions& options) {
    const double truncation = options.truncation.value_or(1);
    if (argument.type()->kind() == c10::TypeKind::TensorType)
        return at::tensor(static_cast<float>(truncation));
    return truncation;
}

}  // namespace

GeneratorArguments::GeneratorArguments(const torch::jit::Module& module, const c10::FunctionSchema& schema,
                                       const GeneratorOptions& options, const std::string& name) {
    const std::vector<c10::Argument>& arguments = schema.arguments();  // the module itself comes first
    if (arguments.size() < 2 || arguments[1].type()->kind() != c10::TypeKind::TensorType) {
        fail_bad_input(name + ": is no generator: its " + schema.name() + " takes no tensor of latents");
    }
    for (size_t i = 2; i < arguments.size(); ++i) {
        const c10::Argument& argument = arguments[i];
        const bool optional = argument.type()->kind() == c10::TypeKind::OptionalType;
        const bool has_value = argument.default_value().has_value() || optional;
        if (is_truncation(argument) && (options.truncation || !has_value)) {
            truncates_ = true;
            others_.push_back({Kind::kValue, truncation_value(argument, options)});
        } else if (is_label(argument) && (options.classes > 0 || !has_value)) {
            others_.push_back(labels_argument(module, argument, options, name));
        } else if (argument.default_value()) {
            others_.push_back({Kind::kValue, *argument.default_value()});
        } else if (optional) {
            others_.push_back({Kind::kValue, c10::IValue()});
        } else {
            fail_bad_input(name + ": its " + schema.name() + " asks for '" + argument.name() +
                           "', which has no default; script a method that takes the latents alone");
        }
    }
}

GeneratorArguments::Argument GeneratorArguments::labels_argument(const torch::jit::Module& module,
                                                                 const c10::Argument& argument,
                                                                 const GeneratorOptions& options,
                                                                 const std::string& name) {
    // StyleGAN's c: rows of c_dim numbers, a one among zeros, or no number at all.
    if (const auto columns = int_attribute(module, {"c_dim"})) {
        classes_ = *columns;
        return {Kind::kOneHotLabels, {}};
    }
    const auto declared = int_attribute(module, {"num_classes", "n_classes", "nclass"});
    classes_ = options.classes > 0 ? options.classes : declared.value_or(0);
    if (classes_ < 1) {
        fail_bad_input(name + ": asks for '" + argument.name() +
                       "' and does not say how many classes there are; give classes=NUMBER");
    }
    return {Kind::kLabels, {}};
}

std::vector<c10::IValue> GeneratorArguments::values(const at::Tensor& latents,
                                                    const std::vector<int64_t>& labels) const {
    std::vector<c10::IValue> values = {latents};
    for (const Argument& argument : others_) {
        if (argument.kind == Kind::kValue) {
            const bool moves = argument.value.isTensor() && argument.value.toTensor().defined();
            values.push_back(moves ? c10::IValue(argument.value.toTensor().to(latents.device()))
                                   : argument.value);
            continue;
        }
        at::Tensor given = at::tensor(labels, at::kLong);
        if (argument.kind == Kind::kOneHotLabels) {
            given = classes_ > 0 ? at::one_hot(given, classes_).to(latents.scalar_type())
                                 : at::zeros({latents.size(0), 0}, latents.scalar_type());
        }
        values.push_back(given.to(latents.device()));
    }
    return values;
}

}  // namespace quantface
