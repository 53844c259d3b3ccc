#include "cli/photo_embedding.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <span>

#include "base/error.h"
#include "base/file.h"
#include "eval/embeddings.h"
#include "faces/sources.h"

namespace quantface {

namespace {

// No photograph is larger.
constexpr uint64_t kMaxPhotoBytes = uint64_t{1} << 30;

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

Image PhotoEmbedder::face_of(const std::vector<uint8_t>& bytes, const std::string& name) const {
    const InputSpec& spec = embedder_->input_spec();
    Image image = decode_image(bytes, name);
    const bool slim = spec.height != spec.width && image.height == spec.height && image.width == spec.width;
    return slim ? image : aligner_.face(image, name, std::max(spec.height, spec.width));
}

std::vector<PhotoEmbedding> PhotoEmbedder::embed(const std::vector<std::string>& photos, size_t first,
                                                 size_t count, const IsWanted& is_wanted,
                                                 SkippedImages& skipped, ThreadPool& pool) const {
    const auto for_each = [&](const auto& work) {
        pool.parallel_for(static_cast<int64_t>(count), [&](int64_t i, int) {
            const auto index = static_cast<size_t>(i);
            skipped.attempt(static_cast<int64_t>(first + index), [&] { work(index); });
        });
    };
    std::vector<PhotoEmbedding> result(count);
    std::vector<std::vector<uint8_t>> bytes(count);
    for_each([&](size_t i) {
        bytes[i] = read_file(photos[first + i], kMaxPhotoBytes);
        result[i].sha256 = sha256_of(bytes[i]);
    });
    std::vector<uint8_t> wanted(count, 0);  // no bits: threads read them
    for (size_t i = 0; i < count; ++i) {
        if (skipped.contains(static_cast<int64_t>(first + i))) continue;
        wanted[i] = is_wanted(first + i, result[i].sha256);
    }
    std::vector<Image> images(count);
    for_each([&](size_t i) {
        if (wanted[i]) images[i] = face_of(bytes[i], photos[first + i]);
    });
    std::vector<PixelsView> views;
    std::vector<size_t> indices;
    for (size_t i = 0; i < count; ++i) {
        if (images[i].rgb.empty()) continue;
        views.push_back({images[i].rgb.data(), images[i].height, images[i].width});
        indices.push_back(i);
    }
    const auto size = static_cast<size_t>(embedder_->embedding_size());
    std::vector<float> rows(views.size() * size);
    if (!views.empty()) embedder_->embed(views, rows, pool);
    for (size_t row = 0; row < indices.size(); ++row) {
        const size_t i = indices[row];
        const std::span<const float> embedding = std::span(rows).subspan(row * size, size);
        skipped.attempt(static_cast<int64_t>(first + i), [&] {
            if (!is_valid_embedding(embedding)) {
                fail_bad_input(photos[first + i] + ": the network gives no valid embedding");
            }
            result[i].embedding.emplace(embedding.begin(), embedding.end());
        });
    }
    return result;
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

Json skipped_json(const SkippedImages& skipped, const std::vector<std::string>& photos) {
    Json list = Json::array();
    for (const auto& [index, line] : skipped.lines()) {
        list.push_back({{"image", photos[static_cast<size_t>(index)]}, {"reason", line}});
    }
    return list;
}

}  // namespace quantface
