// Names of values that a .qfm need not store.
#pragma once

#include <string>
#include <vector>

#include "graph/integer_model.h"

namespace quantface::qfm {

// What the values are called where nobody said otherwise: "input", and the node's name for what it writes
// (with
// "/2" appended for a second output). Ids may be anything; those of no value are passed over.
inline std::vector<std::string> derived_value_names(const IntegerModel& model) {
    std::vector<std::string> names(model.values.size());
    const auto name = [&names](ValueId value, std::string text) {
        if (value >= 0 && static_cast<size_t>(value) < names.size()) names[value] = std::move(text);
    };
    name(model.input, "input");
    for (const IntegerNode& node : model.nodes) {
        const std::vector<ValueId> outputs = outputs_of(node);
        for (size_t index = 0; index < outputs.size(); ++index) {
            name(outputs[index], index == 0 ? node.name : node.name + "/" + std::to_string(index + 1));
        }
    }
    return names;
}

}  // namespace quantface::qfm
