// quantface align: photographs to aligned faces.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/thread_pool.h"
#include "cli/align_record.h"
#include "cli/commands.h"
#include "cli/found_face_json.h"
#include "cli/image_inputs.h"
#include "cli/json_output.h"
#include "cli/photos.h"
#include "cli/skipped_images.h"
#include "cli/text_table.h"

namespace quantface {

namespace {

namespace fs = std::filesystem;

struct AlignOptions {
    std::vector<std::string> inputs;
    std::string out;
    int size = 112;
    int threads = 0;
    PhotoOptions photos;
    JsonOptions json;
};

// Each image's file below the output folder: its relative path as a .png.
std::vector<std::string> output_files(const std::vector<InputImage>& images) {
    std::vector<std::string> files;
    std::map<std::string, std::string> taken;
    for (const InputImage& image : images) {
        files.push_back(fs::path(image.place).replace_extension(".png").generic_string());
        const auto [other, fresh] = taken.emplace(files.back(), image.name);
        if (!fresh) {
            fail_usage(fmt::format("{} and {} would both become {}; align them into two folders",
                                   other->second, image.name, files.back()));
        }
    }
    return files;
}

struct AlignedRun {
    std::vector<Json> faces;  // by image; null where it was skipped
    int64_t made = 0, kept = 0;
};

// Everything that is not there yet, a batch at a time, the record after each.
AlignedRun align_images(const AlignOptions& options, const std::vector<InputImage>& images,
                        const PhotoAligner& aligner, SkippedImages& skipped, Progress& progress) {
    const fs::path folder = options.out;
    const std::vector<std::string> files = output_files(images);
    AlignRecord record(folder, options.size, aligner.description());
    AlignedRun run;
    run.faces.resize(images.size());
    std::vector<size_t> missing;
    for (size_t i = 0; i < images.size(); ++i) {
        const Json* face = record.standing(files[i]);
        if (face == nullptr) missing.push_back(i);
        if (face != nullptr) run.faces[i] = *face;
    }
    run.kept = static_cast<int64_t>(images.size() - missing.size());
    fs::create_directories(folder);
    ThreadPool pool(options.threads);
    const auto align = [&](size_t i) {
        std::optional<FoundFace> found;
        const Image face = aligner.face(images[i].read(), images[i].name, options.size, &found);
        fs::create_directories((folder / files[i]).parent_path());
        write_file_atomically(folder / files[i], encode_png(face));
        run.faces[i] = {{"image", images[i].name}, {"file", files[i]}};
        run.faces[i].update(found_face_json(found));
    };
    progress.start("aligning, photos", static_cast<int64_t>(missing.size()));
    const size_t batch = 64 * static_cast<size_t>(pool.size());
    for (size_t first = 0; first < missing.size(); first += batch) {
        if (progress.stop_requested()) fail_work("interrupted");
        const size_t count = std::min(batch, missing.size() - first);
        pool.parallel_for(static_cast<int64_t>(count), [&](int64_t index, int) {
            const size_t i = missing[first + static_cast<size_t>(index)];
            if (progress.stop_requested()) return;
            skipped.attempt(static_cast<int64_t>(i), [&] { align(i); });
            progress.advance(1);
        });
        for (size_t j = first; j < first + count; ++j) {
            const size_t i = missing[j];
            if (run.faces[i].is_null()) continue;
            record.add(files[i], run.faces[i]);
            ++run.made;
        }
        record.save();
    }
    if (progress.stop_requested()) fail_work("interrupted");
    if (run.made + run.kept > 0) progress.finish();  // else there is only an error to tell
    return run;
}

void run_align(const AlignOptions& options, Progress& progress) {
    const std::vector<InputImage> images = expand_inputs(options.inputs);
    const PhotoAligner aligner(options.photos);
    SkippedImages skipped;
    const AlignedRun run = align_images(options, images, aligner, skipped, progress);
    const auto count = static_cast<int64_t>(images.size());
    if (options.json.print || !options.json.save_path.empty()) {
        Json faces = Json::array();
        for (const Json& face : run.faces) {
            if (!face.is_null()) faces.push_back(face);
        }
        put_json(options.json, {{"folder", options.out},
                                {"size", options.size},
                                {"photos", aligner.description()},
                                {"aligned", run.made},
                                {"kept", run.kept},
                                {"skipped", skipped.json(images)},
                                {"images", faces}});
    }
    if (!options.json.print && run.made + run.kept > 0) {
        fmt::print("{}: {} faces aligned, {} were there already\n", options.out, format_count(run.made),
                   format_count(run.kept));
    }
    skipped.report(count);
}

}  // namespace

void add_align_command(CLI::App& program, Action& action) {
    auto options = std::make_shared<AlignOptions>();
    CLI::App* command =
        program.add_subcommand("align", "Photographs to aligned faces, as networks take them");
    command->add_option("INPUT", options->inputs, "Photographs, folders of them, .bin packs")->required();
    command
        ->add_option(
            "--out", options->out,
            "Folder for the faces: PNGs under the photographs' relative paths; run again, it goes on")
        ->required()
        ->type_name("DIR");
    command->add_option("--size", options->size, "Side of the faces, pixels")
        ->check(CLI::Range(16, 1024))
        ->capture_default_str();
    command->add_option("--threads", options->threads, "0: all cores")
        ->check(CLI::Range(0, 1024))
        ->capture_default_str();
    add_photo_options(*command, options->photos);
    add_json_options(*command, options->json);
    command->callback(
        [options, &action] { action = [options](Progress& progress) { run_align(*options, progress); }; });
}

}  // namespace quantface
