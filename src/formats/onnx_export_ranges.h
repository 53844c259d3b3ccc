// Ranges of values that the integer network does not quantize, guessed from what comes behind them: for
// kQdqInteger, whose convolutions and additions have levels of their own as outputs.
#pragma once

#include <cstddef>

#include "formats/onnx_export_context.h"

namespace quantface {

// What an epilogue does between its operation's number and its outputs, in order.
enum class EpilogueStep { kActivation, kResidual };
std::vector<EpilogueStep> epilogue_steps(const Epilogue& epilogue);

// 8-bit levels for the number that enters step `step` (or, where it is the number of steps, leaves the last
// one): the interval of the outputs' levels, taken back through the steps. Whether it can be guessed: not
// where the epilogue gives the embedding, which has no levels.
std::optional<QuantParams> guess_levels(const OnnxExportContext& context, const Epilogue& epilogue,
                                        size_t step);

}  // namespace quantface
