#include "train/generator_network.h"

#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

#include <array>
#include <functional>
#include <numeric>
#include <string_view>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "train/training_device.h"

namespace quantface {

namespace {

constexpr int64_t kLeastSide = 16, kMostSide = 4096;
constexpr std::array<int64_t, 2> kSampleIndices = {0, 1};

// libtorch's messages run over many lines, the error itself in one of the last: "RuntimeError: ...".
std::string shortened(const std::exception& error) {
    const auto* torch_error = dynamic_cast<const c10::Error*>(&error);
    const std::string text = torch_error != nullptr ? torch_error->what_without_backtrace() : error.what();
    const size_t marked = text.rfind("Error: ");
    size_t begin = marked == std::string::npos ? 0 : marked + 7;
    begin = std::min(text.find_first_not_of(" \n", begin), text.size());
    std::string line = text.substr(begin, std::min(text.find('\n', begin) - begin, size_t{200}));
    return is_printable_line(line) ? line : "no printable message";
}

torch::jit::Module load(const std::string& name, const std::filesystem::path& file, at::Device device) {
    static_cast<void>(read_file(file, uint64_t{16} << 30));  // says what is wrong with the file itself
    try {
        torch::jit::Module module = torch::jit::load(file.string(), device);
        module.eval();
        return module;
    } catch (const std::exception& error) {
        fail_bad_input(name + ": is no TorchScript module (torch.jit.save writes one): " + shortened(error));
    }
}

torch::jit::Method method_of(const torch::jit::Module& module, const std::string& method,
                             const std::string& name) {
    if (const auto found = module.find_method(method)) return *found;
    fail_bad_input(name + ": has no method '" + method + "'");
}

std::shared_ptr<torch::jit::Graph> inlined_graph(const torch::jit::Method& method) {
    const auto graph = method.graph()->copy();
    torch::jit::Inline(*graph);
    return graph;
}

at::ScalarType type_of(const std::vector<at::Tensor>& weights) {
    for (const at::Tensor& weight : weights) {
        if (at::isFloatingType(weight.scalar_type())) return weight.scalar_type();
    }
    return at::kFloat;
}

bool draws_numbers(const torch::jit::Block* block) {
    for (const torch::jit::Node* node : block->nodes()) {
        const std::string_view kind = node->kind().toUnqualString();
        for (const char* drawing :
             {"rand", "randn", "rand_like", "randn_like", "randint", "randint_like", "normal", "normal_",
              "uniform_", "bernoulli", "bernoulli_", "multinomial"}) {
            if (kind == drawing) return true;
        }
        for (const torch::jit::Block* inner : node->blocks()) {
            if (draws_numbers(inner)) return true;
        }
    }
    return false;
}

// The first tensor in whatever the method gives.
std::optional<at::Tensor> first_tensor(const c10::IValue& value) {
    if (value.isTensor()) return value.toTensor();
    std::vector<c10::IValue> elements;
    if (value.isTuple()) elements = value.toTupleRef().elements().vec();
    if (value.isList()) elements = value.toListRef().vec();
    if (value.isGenericDict()) {
        for (const auto& entry : value.toGenericDict()) elements.push_back(entry.value());
    }
    for (const c10::IValue& element : elements) {
        if (auto tensor = first_tensor(element)) return tensor;
    }
    return std::nullopt;
}

std::string shape_text(at::IntArrayRef shape) {
    std::string text;
    for (const int64_t side : shape) text += (text.empty() ? "" : " x ") + std::to_string(side);
    return text;
}

bool is_side(int64_t side) {
    return side >= kLeastSide && side <= kMostSide;
}

}  // namespace

GeneratorNetwork::GeneratorNetwork(const std::filesystem::path& file, const GeneratorOptions& options)
    : name_(file.string()),
      options_(options),
      device_(chosen_device(options.device)),
      module_(load(name_, file, device_)),
      method_(method_of(module_, options.method, name_)),
      arguments_(module_, method_.function().getSchema(), options, name_) {
    const auto graph = inlined_graph(method_);
    const std::vector<at::Tensor> weights = generator_weights(module_, *graph);
    type_ = type_of(weights);
    draws_ = draws_numbers(graph->block());
    find_latent(weights);
}

void GeneratorNetwork::find_latent(const std::vector<at::Tensor>& weights) {
    std::vector<LatentShape> candidates = {options_.latent};
    if (options_.latent.empty()) {
        try {
            candidates = latent_candidates(module_, weights);
        } catch (const std::exception& error) {
            fail_bad_input(name_ + ": cannot be asked for the size of its latents: " + shortened(error));
        }
    }
    std::optional<Error> refusal;
    for (const LatentShape& candidate : candidates) {
        try {
            const at::Tensor pictures = generate(0, std::nullopt, kSampleIndices, 0, candidate);
            latent_ = candidate;
            height_ = static_cast<int>(pictures.size(2));
            width_ = static_cast<int>(pictures.size(3));
            return;
        } catch (const Error& error) {
            if (!refusal) refusal = error;
        }
    }
    // Where there were guesses only, what went wrong with them explains nothing.
    if (refusal && (candidates.size() == 1 || refusal->kind() != ErrorKind::kBadInput)) throw *refusal;
    if (refusal && candidates.size() == 2 && candidates[1] == LatentShape{candidates[0][0], 1, 1})
        throw *refusal;
    fail_bad_input(name_ + ": does not say how large its latents are; give latent=512 or whatever it takes");
}

at::Tensor GeneratorNetwork::generate(uint64_t seed, std::optional<double> truncation,
                                      std::span<const int64_t> indices, int attempt,
                                      const LatentShape& latent) const {
    const auto count = static_cast<int64_t>(indices.size());
    const int64_t size = std::accumulate(latent.begin(), latent.end(), int64_t{1}, std::multiplies<>());
    std::vector<int64_t> shape = {count};
    shape.insert(shape.end(), latent.begin(), latent.end());
    at::Tensor latents = at::empty(shape, at::kFloat);
    std::vector<int64_t> labels(indices.size(), 0);
    uint64_t own_draws = 0;
    for (size_t i = 0; i < indices.size(); ++i) {
        Rng rng(seed, static_cast<uint64_t>(indices[i]));
        const std::span<float> numbers(latents.data_ptr<float>() + static_cast<int64_t>(i) * size,
                                       static_cast<size_t>(size));
        for (int draw = 0; draw <= attempt; ++draw) draw_latent(rng, truncation, numbers);
        if (arguments_.classes() > 0) {
            labels[i] = static_cast<int64_t>(rng.below(static_cast<uint64_t>(arguments_.classes())));
        }
        if (i == 0) own_draws = rng.next_u64();
    }
    const torch::NoGradGuard no_gradients;
    // An optimized graph may round otherwise, and is optimized only after some runs.
    const torch::jit::GraphOptimizerEnabledGuard not_optimized(false);
    at::Tensor result;
    try {
        at::manual_seed(own_draws);
        const c10::IValue output =
            torch::jit::Method(method_)(arguments_.values(latents.to(device_, type_), labels));
        const auto tensor = first_tensor(output);
        if (tensor && tensor->defined()) result = tensor->to(at::kCPU, at::kFloat);
    } catch (const std::exception& error) {
        // The interpreter throws all errors as one kind.
        if (std::string_view(error.what()).find("out of memory") != std::string_view::npos) {
            fail_work(name_ + ": not enough memory on the device for a batch of " + std::to_string(count) +
                      "; give batch=1 or device=cpu");
        }
        fail_bad_input(name_ + ": fails on latents of " + shape_text(latents.sizes()) + ": " +
                       shortened(error));
    }
    if (!result.defined()) fail_bad_input(name_ + ": is no generator: it gives no tensor");
    return checked(result, count);
}

at::Tensor GeneratorNetwork::checked(at::Tensor output, int64_t count) const {
    const bool batch = output.dim() == 4 && output.size(0) == count;
    if (batch && output.size(1) != 3 && output.size(3) == 3) output = output.permute({0, 3, 1, 2});
    if (!batch || output.size(1) != 3 || !is_side(output.size(2)) || !is_side(output.size(3))) {
        fail_bad_input(name_ + ": gives " + shape_text(output.sizes()) + " numbers for " +
                       std::to_string(count) + " latents; 3 x height x width each wanted, sides from " +
                       std::to_string(kLeastSide) + " to " + std::to_string(kMostSide));
    }
    if (height_ > 0 && (output.size(2) != height_ || output.size(3) != width_)) {
        fail_bad_input(name_ + ": gives pictures of different sizes");
    }
    if (!at::isfinite(output).all().item<bool>()) {
        fail_bad_input(name_ + ": gives numbers that are not finite");
    }
    return output.contiguous();
}

at::Tensor GeneratorNetwork::pictures(std::span<const int64_t> indices, int attempt) const {
    const auto truncation = arguments_.truncates() ? std::nullopt : options_.truncation;
    return generate(options_.seed, truncation, indices, attempt, latent_);
}

at::Tensor GeneratorNetwork::samples() const {
    return generate(0, std::nullopt, kSampleIndices, 0, latent_);
}

}  // namespace quantface
