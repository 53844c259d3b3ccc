#include "cli/photo_embedding.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "eval/embeddings.h"
#include "faces/sources.h"

namespace quantface {

namespace {

// No photograph is larger.
constexpr uint64_t kMaxPhotoBytes = uint64_t{1} << 30;

// Runs work(); a bad file's message becomes the photo's problem, anything else goes on.
template <typename Work>
void note_problem(PhotoEmbedding& photo, const Work& work) {
    try {
        work();
    } catch (const DetectorError&) {
        throw;
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::kBadInput) throw;
        photo.problem = error.what();
    }
}

}  // namespace

void add_photo_model_options(CLI::App& command, PhotoModelOptions& options) {
    command.add_option("--model", options.model, "The network: an .onnx or a .qfm, the same for all faces")
        ->required()
        ->type_name("MODEL");
    add_input_options(command, options.input);
    add_photo_options(command, options.photos);
}

PhotoEmbedder::PhotoEmbedder(const PhotoModelOptions& options)
    : model_(load_model(options.model, options.input)),
      aligner_(options.photos),
      embedder_(make_embedder(model_)) {
    network_ = {model_.sha256, model_.name, model_.embedding_size(), describe_input(model_.input_spec()),
                aligner_.description()};
}

void PhotoEmbedder::embed_images(const std::vector<Image>& images, std::vector<PhotoEmbedding>& photos,
                                 ThreadPool& pool) const {
    std::vector<PixelsView> views;
    std::vector<size_t> indices;
    for (size_t i = 0; i < images.size(); ++i) {
        if (images[i].rgb.empty()) continue;
        views.push_back({images[i].rgb.data(), images[i].height, images[i].width});
        indices.push_back(i);
    }
    const auto size = static_cast<size_t>(embedder_->embedding_size());
    std::vector<float> rows(views.size() * size);
    if (!views.empty()) embedder_->embed(views, rows, pool);
    for (size_t row = 0; row < indices.size(); ++row) {
        const std::span<const float> embedding = std::span(rows).subspan(row * size, size);
        PhotoEmbedding& photo = photos[indices[row]];
        if (is_valid_embedding(embedding)) {
            photo.embedding.emplace(embedding.begin(), embedding.end());
        } else {
            photo.problem = photo.name + ": the network gives no valid embedding";
        }
    }
}

std::vector<PhotoEmbedding> PhotoEmbedder::embed(std::span<const std::string> names,
                                                 const IsWanted& is_wanted, ThreadPool& pool) const {
    const InputSpec& spec = embedder_->input_spec();
    const int side = std::max(spec.height, spec.width);
    std::vector<PhotoEmbedding> photos(names.size());
    std::vector<std::vector<uint8_t>> bytes(names.size());
    pool.parallel_for(static_cast<int64_t>(names.size()), [&](int64_t index, int) {
        const auto i = static_cast<size_t>(index);
        photos[i].name = names[i];
        note_problem(photos[i], [&] { bytes[i] = read_file(names[i], kMaxPhotoBytes); });
        photos[i].sha256 = sha256_of(bytes[i]);
    });
    std::vector<uint8_t> wanted(names.size(), 0);  // no bits: threads read them
    for (size_t i = 0; i < names.size(); ++i) {
        if (photos[i].problem.empty() && is_wanted(i, photos[i].sha256)) wanted[i] = 1;
    }
    std::vector<Image> images(names.size());
    pool.parallel_for(static_cast<int64_t>(names.size()), [&](int64_t index, int) {
        const auto i = static_cast<size_t>(index);
        if (!wanted[i]) return;
        note_problem(photos[i],
                     [&] { images[i] = aligner_.face(decode_image(bytes[i], names[i]), names[i], side); });
    });
    embed_images(images, photos, pool);
    return photos;
}

std::vector<std::string> photos_of(const std::string& argument) {
    std::error_code ignored;  // what cannot be looked at is named when it is read
    if (!std::filesystem::is_directory(argument, ignored)) return {argument};
    std::vector<std::string> photos;
    for (const std::string& name : list_images(argument)) {
        photos.push_back((std::filesystem::path(argument) / name).generic_string());
    }
    return photos;
}

std::vector<std::string> lines_of(const std::vector<SkippedPhoto>& skipped) {
    std::vector<std::string> lines;
    for (const SkippedPhoto& photo : skipped) lines.push_back(photo.reason);
    return lines;
}

}  // namespace quantface
