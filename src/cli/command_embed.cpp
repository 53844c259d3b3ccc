// quantface embed: images to embeddings in a NumPy file.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>

#include "base/error.h"
#include "base/file.h"
#include "base/thread_pool.h"
#include "cli/commands.h"
#include "cli/embedding.h"
#include "cli/image_inputs.h"
#include "cli/json_output.h"
#include "cli/model_loading.h"
#include "cli/photos.h"
#include "cli/skipped_images.h"
#include "cli/text_table.h"
#include "eval/embeddings.h"
#include "formats/npy.h"

namespace quantface {

namespace {

namespace fs = std::filesystem;

struct EmbedOptions {
    std::string model;
    std::vector<std::string> inputs;
    std::string out;
    bool normalize = false;
    bool resize = false;
    int threads = 0;
    InputOptions input;
    PhotoOptions photos;
    JsonOptions json;
};

// A face for the network: an image of its size, or of the square that it is the middle of, as it is; another
// one squeezed where asked for, else detected and aligned.
Image fitting(const InputImage& input, const InputSpec& spec, bool resize, const PhotoAligner& aligner) {
    Image image = input.read();
    const int side = std::max(spec.height, spec.width);
    if (resize) {
        const bool exact = image.height == spec.height && image.width == spec.width;
        return exact ? image : resized(image, side, side);
    }
    const bool slim = spec.height != spec.width && image.height == spec.height && image.width == spec.width;
    return slim ? image : aligner.face(image, input.name, side);
}

// Without the rows of skipped images.
void drop_rows(std::vector<float>& rows, size_t columns, const SkippedImages& skipped) {
    size_t kept = 0;
    for (size_t i = 0; i < rows.size() / columns; ++i) {
        if (skipped.contains(static_cast<int64_t>(i))) continue;
        std::copy_n(rows.begin() + static_cast<ptrdiff_t>(i * columns), columns,
                    rows.begin() + static_cast<ptrdiff_t>(kept * columns));
        ++kept;
    }
    rows.resize(kept * columns);
}

std::string joined_lines(const std::vector<std::string>& names) {
    std::string text;
    for (std::string name : names) {
        // One line a row, whatever a file is called.
        std::replace(name.begin(), name.end(), '\n', '?');
        text += name + "\n";
    }
    return text;
}

void run_embed(const EmbedOptions& options, Progress& progress) {
    const fs::path names_path = fs::path(options.out).replace_extension(".txt");
    if (names_path == options.out)
        fail_usage("-o " + options.out + ": the names go there; call the array OUT.npy");
    const LoadedModel model = load_model(options.model, options.input);
    const std::vector<InputImage> images = expand_inputs(options.inputs);
    const auto embedder = make_embedder(model);
    ThreadPool pool(options.threads);
    const PhotoAligner aligner(options.photos);
    SkippedImages skipped;
    const InputSpec& spec = embedder->input_spec();
    const ImageReader read = [&](int64_t index) {
        // What is embedded in a skipped image's place; its row goes.
        Image image{spec.height, spec.width, {}};
        image.rgb.resize(static_cast<size_t>(spec.height) * static_cast<size_t>(spec.width) * 3);
        skipped.attempt(index, [&] {
            image = fitting(images[static_cast<size_t>(index)], spec, options.resize, aligner);
        });
        return image;
    };
    const auto count = static_cast<int64_t>(images.size());
    progress.start("embedding, images", count);
    std::vector<EmbeddingSet> sets = embed_images({embedder.get()}, count, read, false, pool, progress);
    std::vector<std::string> names;
    for (int64_t i = 0; i < count; ++i) {
        if (!skipped.contains(i)) names.push_back(images[static_cast<size_t>(i)].name);
    }
    if (names.empty()) skipped.report(count);
    progress.finish();

    std::vector<float>& embeddings = sets[0].embeddings;
    const int columns = embedder->embedding_size();
    drop_rows(embeddings, static_cast<size_t>(columns), skipped);
    if (options.normalize) normalize_embeddings(embeddings, columns);
    const auto rows = static_cast<int64_t>(names.size());

    write_file_atomically(names_path, joined_lines(names));
    write_npy(options.out, embeddings, rows, columns);
    put_json(options.json, {{"file", options.out},
                            {"rows", rows},
                            {"columns", columns},
                            {"normalized", options.normalize},
                            {"names_file", names_path.string()},
                            {"names", names},
                            {"skipped", skipped.json(images)}});
    if (!options.json.print) {
        fmt::print("{}: {} embeddings of {} numbers; names in {}\n", options.out, format_count(rows), columns,
                   names_path.string());
    }
    print_notes(model);
    skipped.report(count);
}

}  // namespace

void add_embed_command(CLI::App& program, Action& action) {
    auto options = std::make_shared<EmbedOptions>();
    CLI::App* command = program.add_subcommand("embed", "Images, folders or .bin packs to embeddings");
    command->add_option("MODEL", options->model, "An .onnx or a .qfm")->required();
    command->add_option("INPUT", options->inputs, "Photographs or aligned faces, folders of them, .bin packs")
        ->required();
    command
        ->add_option("-o,--out", options->out, "NumPy file (float32); the images' names go beside it as .txt")
        ->required()
        ->type_name("OUT.npy");
    command->add_flag("--normalize", options->normalize, "Scale each embedding to length 1");
    command->add_flag("--resize", options->resize,
                      "Squeeze images of other sizes to the network's, without looking for faces");
    command->add_option("--threads", options->threads, "0: all cores")
        ->check(CLI::Range(0, 1024))
        ->capture_default_str();
    add_input_options(*command, options->input);
    add_photo_options(*command, options->photos);
    add_json_options(*command, options->json);
    command->callback(
        [options, &action] { action = [options](Progress& progress) { run_embed(*options, progress); }; });
}

}  // namespace quantface
