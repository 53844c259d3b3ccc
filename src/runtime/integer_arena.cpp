#include "runtime/integer_arena.h"

#include "runtime/buffer_plan.h"

namespace quantface {

ArenaLayout plan_arena(const IntegerModel& model) {
    std::vector<Lifetime> lifetimes(model.values.size());
    for (size_t index = 0; index < model.nodes.size(); ++index) {
        const IntegerNode& node = model.nodes[index];
        const auto step = static_cast<int>(index);
        for (const ValueId output : outputs_of(node)) {
            if (output == model.output) continue;
            lifetimes[output] = {step, step, static_cast<size_t>(model.values[output].shape.size())};
        }
        for (const ValueId input : node.inputs) lifetimes[input].last = step;
        const Epilogue* epilogue = epilogue_of(node);
        if (epilogue != nullptr && epilogue->residual != kNoValue) lifetimes[epilogue->residual].last = step;
    }
    const BufferPlan plan = plan_buffers(lifetimes);
    ArenaLayout layout;
    layout.bytes = plan.total_bytes;
    for (size_t value = 0; value < lifetimes.size(); ++value) {
        const bool in_arena = lifetimes[value].size_bytes > 0;
        layout.offsets.push_back(in_arena ? static_cast<int64_t>(plan.offset_bytes[value]) : -1);
    }
    return layout;
}

}  // namespace quantface
