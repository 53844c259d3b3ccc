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
#include "cli/json_output.h"
#include "cli/model_loading.h"
#include "cli/text_table.h"
#include "eval/embeddings.h"
#include "faces/bin_pack.h"
#include "faces/sources.h"
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
    JsonOptions json;
};

// The named images of all inputs, in the order given; a folder's in the order of their paths.
struct InputImages {
    std::vector<std::string> names;
    std::vector<std::function<Image()>> readers;
};

InputImages expand_inputs(const std::vector<std::string>& inputs) {
    InputImages images;
    for (const std::string& input : inputs) {
        const fs::path path = input;
        std::error_code ignored;  // what cannot be looked at is reported by the reader
        if (fs::is_directory(path, ignored)) {
            for (const std::string& name : list_images(path)) {
                images.names.push_back((path / name).generic_string());
                images.readers.push_back([file = path / name] { return read_image(file); });
            }
        } else if (path.extension() == ".bin") {
            const auto pack = std::make_shared<const BinPack>(BinPack::open(path));
            for (int64_t i = 0; i < pack->image_count(); ++i) {
                images.names.push_back(fmt::format("{}#{}", input, i));
                images.readers.push_back([pack, i] { return pack->image(i); });
            }
        } else {
            images.names.push_back(input);
            images.readers.push_back([path] { return read_image(path); });
        }
    }
    return images;
}

// An image of the network's size, or of the square that it is the middle of; others only after --resize.
Image fitting(Image image, const std::string& name, const InputSpec& spec, bool resize) {
    const int side = std::max(spec.height, spec.width);
    const bool exact = image.height == spec.height && image.width == spec.width;
    if (exact || (image.height == side && image.width == side)) return image;
    if (resize) return resized(image, side, side);
    fail_bad_input(
        fmt::format("{}: {} x {} pixels where the network takes aligned faces of {} x {}; align it first, or "
                    "give --resize to squeeze it as it is",
                    name, image.width, image.height, side, side));
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
    const InputImages images = expand_inputs(options.inputs);
    const auto embedder = make_embedder(model);
    ThreadPool pool(options.threads);
    const ImageReader read = [&](int64_t index) {
        const auto i = static_cast<size_t>(index);
        return fitting(images.readers[i](), images.names[i], embedder->input_spec(), options.resize);
    };
    const auto count = static_cast<int64_t>(images.names.size());
    progress.start("embedding, images", count);
    std::vector<EmbeddingSet> sets = embed_images({embedder.get()}, count, read, false, pool, progress);
    progress.finish();
    std::vector<float>& embeddings = sets[0].embeddings;
    const int columns = embedder->embedding_size();
    if (options.normalize) normalize_embeddings(embeddings, columns);

    write_file_atomically(names_path, joined_lines(images.names));
    write_npy(options.out, embeddings, count, columns);
    put_json(options.json, {{"file", options.out},
                            {"rows", count},
                            {"columns", columns},
                            {"normalized", options.normalize},
                            {"names_file", names_path.string()},
                            {"names", images.names}});
    if (!options.json.print) {
        fmt::print("{}: {} embeddings of {} numbers; names in {}\n", options.out, format_count(count),
                   columns, names_path.string());
    }
    print_notes(model);
}

}  // namespace

void add_embed_command(CLI::App& program, Action& action) {
    auto options = std::make_shared<EmbedOptions>();
    CLI::App* command = program.add_subcommand("embed", "Images, folders or .bin packs to embeddings");
    command->add_option("MODEL", options->model, "An .onnx or a .qfm")->required();
    command->add_option("INPUT", options->inputs, "Aligned face images, folders of them, .bin packs")
        ->required();
    command
        ->add_option("-o,--out", options->out, "NumPy file (float32); the images' names go beside it as .txt")
        ->required()
        ->type_name("OUT.npy");
    command->add_flag("--normalize", options->normalize, "Scale each embedding to length 1");
    command->add_flag("--resize", options->resize, "Accept images of other sizes, squeezed to the network's");
    command->add_option("--threads", options->threads, "0: all cores")
        ->check(CLI::Range(0, 1024))
        ->capture_default_str();
    add_input_options(*command, options->input);
    add_json_options(*command, options->json);
    command->callback(
        [options, &action] { action = [options](Progress& progress) { run_embed(*options, progress); }; });
}

}  // namespace quantface
