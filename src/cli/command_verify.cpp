// quantface verify: are two photographs of the same person?
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/thread_pool.h"
#include "cli/commands.h"
#include "cli/embedding.h"
#include "cli/found_face_json.h"
#include "cli/json_output.h"
#include "cli/measured_threshold.h"
#include "cli/model_loading.h"
#include "cli/photos.h"
#include "eval/embeddings.h"

namespace quantface {

namespace {

struct VerifyOptions {
    std::string model;
    std::array<std::string, 2> images;
    std::string thresholds;
    double far = 1e-3;
    InputOptions input;
    PhotoOptions photos;
    JsonOptions json;
};

struct Face {
    Image image;
    std::optional<FoundFace> found;
};

// The cosine of the two embeddings; with `flip` of the sums with those of their mirror images.
double cosine_of(const Embedder& embedder, const std::array<Face, 2>& faces,
                 const std::array<std::string, 2>& names, bool flip) {
    ThreadPool pool(1);
    SilentProgress silent;
    std::vector<EmbeddingSet> sets = embed_images(
        {&embedder}, 2, [&](int64_t index) { return faces[static_cast<size_t>(index)].image; }, flip, pool,
        silent);
    const std::vector<float> both =
        flip ? sum_of_flips(sets[0].embeddings, sets[0].mirrored) : std::move(sets[0].embeddings);
    const size_t size = both.size() / 2;
    const std::span<const float> first(both.data(), size), second(both.data() + size, size);
    if (!is_valid_embedding(first)) fail_work(names[0] + ": the network gives no embedding of this face");
    if (!is_valid_embedding(second)) fail_work(names[1] + ": the network gives no embedding of this face");
    return cosine_similarity(first, second);
}

void run_verify(const VerifyOptions& options) {
    const LoadedModel model = load_model(options.model, options.input);
    std::optional<MeasuredThreshold> threshold;
    if (!options.thresholds.empty())
        threshold = read_measured_threshold(options.thresholds, model.sha256, options.far);
    const auto embedder = make_embedder(model);
    const PhotoAligner aligner(options.photos);
    const int side = std::max(embedder->input_spec().height, embedder->input_spec().width);
    std::array<Face, 2> faces;
    for (size_t i = 0; i < 2; ++i) {
        const std::string& name = options.images[i];
        faces[i].image = aligner.face(read_image(name), name, side, &faces[i].found);
    }
    const double cosine = cosine_of(*embedder, faces, options.images, threshold && threshold->flip);
    const bool same = threshold && cosine >= threshold->cosine;

    Json document = {{"model", options.model}, {"cosine", cosine}, {"decision", nullptr}};
    if (threshold) {
        document["decision"] = {{"same_person", same},
                                {"threshold", threshold->cosine},
                                {"far", threshold->far},
                                {"reached_far", threshold->reached_far},
                                {"benchmark", threshold->benchmark},
                                {"impostor_pairs", threshold->impostor_pairs},
                                {"flip", threshold->flip}};
    }
    document["photos"] = aligner.description();
    document["images"] = Json::array();
    for (size_t i = 0; i < 2; ++i) {
        Json entry = {{"image", options.images[i]}};
        entry.update(found_face_json(faces[i].found));
        document["images"].push_back(entry);
    }
    put_json(options.json, document);
    if (options.json.print) return print_notes(model);
    fmt::print("cosine {:.4f}\n", cosine);
    if (threshold) {
        fmt::print("{}: threshold {:.4f}, measured on {} at a false accept rate of {:g}\n",
                   same ? "the same person" : "not the same person", threshold->cosine, threshold->benchmark,
                   threshold->far);
    } else {
        fmt::print(
            "no decision: a threshold must be measured (quantface eval MODEL --bench FILE --save-json "
            "EVAL.json) and given with --thresholds EVAL.json\n");
    }
    print_notes(model);
}

}  // namespace

void add_verify_command(CLI::App& program, Action& action) {
    auto options = std::make_shared<VerifyOptions>();
    CLI::App* command = program.add_subcommand("verify", "Are two photographs of the same person?");
    command->add_option("MODEL", options->model, "An .onnx or a .qfm")->required();
    command->add_option("A", options->images[0], "A photograph, or a face aligned already")->required();
    command->add_option("B", options->images[1], "Another one")->required();
    CLI::Option* thresholds =
        command
            ->add_option("--thresholds", options->thresholds,
                         "What `quantface eval --save-json` measured of this network: decide by it")
            ->type_name("EVAL.json");
    command->add_option("--far", options->far, "False accept rate whose threshold decides")
        ->check(CLI::Range(1e-12, 0.999))
        ->capture_default_str()
        ->needs(thresholds);
    add_input_options(*command, options->input);
    add_photo_options(*command, options->photos);
    add_json_options(*command, options->json);
    command->callback([options, &action] { action = [options](Progress&) { run_verify(*options); }; });
}

}  // namespace quantface
