#include "synth/synth_folder.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "base/crc32c.h"
#include "base/error.h"
#include "base/file.h"
#include "faces/image.h"
#include "synth/face_renderer.h"

namespace quantface {

namespace {

// Raised whenever the same seed would give other images.
constexpr int kRendererVersion = 1;
constexpr uint64_t kMaxManifestBytes = uint64_t{2} << 30;
constexpr int64_t kMaxImages = 100'000'000;
// Images between two writings of the manifest: what an abrupt end can cost.
constexpr int64_t kImagesPerCheckpoint = 2048;

struct Entry {
    float yaw = 0, pitch = 0;
    uint32_t checksum = 0;
};
// One per image, in order; empty where the image is not there yet.
using Entries = std::vector<std::optional<Entry>>;

std::string padded(int64_t number) {
    std::string digits = std::to_string(number);
    return std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits;
}

std::string file_name(const SynthFolderOptions& options, int64_t index) {
    const int64_t identity = index / options.views_per_identity, view = index % options.views_per_identity;
    return padded(identity) + "/" + padded(identity) + "_" + std::to_string(view) + ".png";
}

std::filesystem::path manifest_path(const SynthFolderOptions& options) {
    return options.folder / "manifest.json";
}

void write_manifest(const SynthFolderOptions& options, const Entries& entries) {
    // Written by hand, one image a line: readable, and a tenth of the memory of a tree of a million nodes.
    auto number = [](float value) {
        char digits[32];
        const auto end =
            std::to_chars(digits, digits + sizeof(digits), value, std::chars_format::fixed, 1).ptr;
        return std::string(digits, end);
    };
    const auto count =
        entries.size() - static_cast<size_t>(std::count(entries.begin(), entries.end(), std::nullopt));
    std::string text = "{\n\"version\": " + std::to_string(kRendererVersion) +
                       ",\n\"seed\": " + std::to_string(options.seed) +
                       ",\n\"size\": " + std::to_string(options.size) +
                       ",\n\"views_per_identity\": " + std::to_string(options.views_per_identity) +
                       ",\n\"count\": " + std::to_string(count) + ",\n\"images\": [";
    bool first = true;
    for (size_t i = 0; i < entries.size(); ++i) {
        if (!entries[i]) continue;
        const auto index = static_cast<int64_t>(i);
        text += first ? "\n" : ",\n";
        first = false;
        text += "{\"file\": \"" + file_name(options, index) +
                "\", \"identity\": " + std::to_string(index / options.views_per_identity) +
                ", \"view\": " + std::to_string(index % options.views_per_identity) +
                ", \"yaw\": " + number(entries[i]->yaw) + ", \"pitch\": " + number(entries[i]->pitch) +
                ", \"crc32c\": " + std::to_string(entries[i]->checksum) + "}";
    }
    write_file_atomically(manifest_path(options), text + "\n]\n}\n");
}

// Fills `entries` from the manifest. Entries past the wanted count are kept too, so that a smaller count
// loses nothing.
void read_manifest(const SynthFolderOptions& options, Entries& entries) {
    const std::string name = manifest_path(options).string();
    const std::vector<uint8_t> bytes = read_file(manifest_path(options), kMaxManifestBytes);
    const auto manifest = nlohmann::json::parse(bytes.begin(), bytes.end(), nullptr, false);
    const std::string damaged =
        name + ": not a manifest of rendered faces, remove it or choose another folder";
    auto whole = [&](const nlohmann::json& object, const char* key) -> uint64_t {
        const auto found = object.find(key);
        if (found == object.end() || !found->is_number_unsigned()) fail_bad_input(damaged);
        return found->get<uint64_t>();
    };
    if (!manifest.is_object()) fail_bad_input(damaged);
    auto require = [&](const char* key, uint64_t wanted) {
        const uint64_t found = whole(manifest, key);
        if (found != wanted) {
            fail_usage(name + ": the folder holds faces of " + key + " " + std::to_string(found) + ", not " +
                       std::to_string(wanted) + ": choose another folder or the same options");
        }
    };
    require("version", kRendererVersion);
    require("seed", options.seed);
    require("size", static_cast<uint64_t>(options.size));
    require("views_per_identity", static_cast<uint64_t>(options.views_per_identity));
    const auto images = manifest.find("images");
    if (images == manifest.end() || !images->is_array()) fail_bad_input(damaged);
    for (const auto& image : *images) {
        if (!image.is_object()) fail_bad_input(damaged);
        const uint64_t identity = whole(image, "identity"), view = whole(image, "view");
        const auto views = static_cast<uint64_t>(options.views_per_identity);
        if (view >= views || identity > static_cast<uint64_t>(kMaxImages) / views) fail_bad_input(damaged);
        const uint64_t index = identity * views + view;
        // Gaps come only from interruptions, so the list is about as long as the numbers in it.
        if (index > images->size() + static_cast<uint64_t>(options.count) + kImagesPerCheckpoint)
            fail_bad_input(damaged);
        if (index >= entries.size()) entries.resize(index + 1);
        const auto yaw = image.find("yaw"), pitch = image.find("pitch");
        if (yaw == image.end() || !yaw->is_number() || pitch == image.end() || !pitch->is_number())
            fail_bad_input(damaged);
        const uint64_t checksum = whole(image, "crc32c");
        if (checksum > UINT32_MAX) fail_bad_input(damaged);
        entries[index] = Entry{yaw->get<float>(), pitch->get<float>(), static_cast<uint32_t>(checksum)};
    }
}

bool is_whole(const std::filesystem::path& path, const Entry& entry) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) return false;
    try {
        return crc32c(read_file(path, uint64_t{1} << 30)) == entry.checksum;
    } catch (const Error&) {
        return false;  // unreadable: rendered again
    }
}

Entry render_one(const SynthFolderOptions& options, int64_t index) {
    FaceRenderOptions render;
    render.size = options.size;
    FaceRenderInfo info;
    const Image image = render_face(options.seed, static_cast<uint64_t>(index / options.views_per_identity),
                                    static_cast<uint64_t>(index % options.views_per_identity), render, &info);
    const std::vector<uint8_t> png = encode_png(image);
    const std::filesystem::path path = options.folder / file_name(options, index);
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    if (error) fail_work(path.parent_path().string() + ": cannot be created: " + error.message());
    write_file_atomically(path, png);
    return {info.yaw, info.pitch, crc32c(png)};
}

void check_options(const SynthFolderOptions& options) {
    if (options.count < 1 || options.count > kMaxImages) {
        fail_usage("rendered faces: the count must be 1 to " + std::to_string(kMaxImages));
    }
    if (options.views_per_identity < 1 || options.views_per_identity > 100'000) {
        fail_usage("rendered faces: views per identity must be 1 to 100000");
    }
    if (options.size < 16 || options.size > 1024)
        fail_usage("rendered faces: the size must be 16 to 1024 pixels");
}

}  // namespace

SynthFolderResult render_to_folder(const SynthFolderOptions& options, ThreadPool& pool, Progress& progress) {
    check_options(options);
    std::error_code error;
    std::filesystem::create_directories(options.folder, error);
    if (error) fail_work(options.folder.string() + ": cannot be created: " + error.message());
    Entries entries(static_cast<size_t>(options.count));
    if (std::filesystem::exists(manifest_path(options), error)) {
        read_manifest(options, entries);
    } else if (!std::filesystem::is_empty(options.folder, error) || error) {
        fail_usage(options.folder.string() +
                   ": not empty and without a manifest.json, choose another folder");
    }
    // From here on an interrupted run can be told from a folder of something else.
    if (!std::filesystem::exists(manifest_path(options), error)) write_manifest(options, entries);
    SynthFolderResult result;
    progress.start("rendering faces, images", options.count);
    for (int64_t begin = 0; begin < options.count; begin += kImagesPerCheckpoint) {
        const int64_t end = std::min(options.count, begin + kImagesPerCheckpoint);
        std::vector<uint8_t> rendered(static_cast<size_t>(end - begin), 0);
        pool.parallel_for(end - begin, [&](int64_t offset, int) {
            if (progress.stop_requested()) return;
            std::optional<Entry>& entry = entries[static_cast<size_t>(begin + offset)];
            if (!entry || !is_whole(options.folder / file_name(options, begin + offset), *entry)) {
                entry = render_one(options, begin + offset);
                rendered[static_cast<size_t>(offset)] = 1;
            }
            progress.advance(1);
        });
        const int64_t fresh = std::count(rendered.begin(), rendered.end(), uint8_t{1});
        result.rendered += fresh;
        if (fresh > 0) write_manifest(options, entries);
        if (progress.stop_requested()) fail_work("interrupted: run again with the same options to go on");
    }
    progress.finish();
    result.kept = options.count - result.rendered;
    return result;
}

}  // namespace quantface
