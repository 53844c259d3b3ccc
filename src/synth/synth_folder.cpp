#include "synth/synth_folder.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "synth/face_folder.h"
#include "synth/face_renderer.h"

namespace quantface {

namespace {

// Raised whenever the same seed would give other images.
constexpr int kRendererVersion = 2;
// Images between two writings of the manifest: what an abrupt end can cost.
constexpr int64_t kImagesPerCheckpoint = 2048;

FaceFolderSpec folder_spec(const SynthFolderOptions& options) {
    return {options.folder,
            options.count,
            options.views_per_identity,
            "rendered faces",
            {{"version", std::to_string(kRendererVersion)},
             {"seed", std::to_string(options.seed)},
             {"size", std::to_string(options.size)},
             {"head", options.head == nullptr ? "\"built-in\"" : "\"model\""}},
            {"yaw", "pitch"}};
}

void render_one(const SynthFolderOptions& options, int64_t index, FaceFolder& folder) {
    FaceRenderOptions render;
    render.size = options.size;
    render.head = options.head;
    FaceRenderInfo info;
    const Image image = render_face(options.seed, static_cast<uint64_t>(index / options.views_per_identity),
                                    static_cast<uint64_t>(index % options.views_per_identity), render, &info);
    folder.write(index, image, {info.yaw, info.pitch});
}

}  // namespace

SynthFolderResult render_to_folder(const SynthFolderOptions& options, ThreadPool& pool, Progress& progress) {
    if (options.size < 16 || options.size > 1024)
        fail_usage("rendered faces: the size must be 16 to 1024 pixels");
    FaceFolder folder(folder_spec(options));
    SynthFolderResult result;
    progress.start("rendering faces, images", options.count);
    for (int64_t begin = 0; begin < options.count; begin += kImagesPerCheckpoint) {
        const int64_t end = std::min(options.count, begin + kImagesPerCheckpoint);
        std::vector<uint8_t> rendered(static_cast<size_t>(end - begin), 0);
        pool.parallel_for(end - begin, [&](int64_t offset, int) {
            if (progress.stop_requested()) return;
            if (!folder.is_whole(begin + offset)) {
                render_one(options, begin + offset, folder);
                rendered[static_cast<size_t>(offset)] = 1;
            }
            progress.advance(1);
        });
        const int64_t fresh = std::count(rendered.begin(), rendered.end(), uint8_t{1});
        result.rendered += fresh;
        if (fresh > 0) folder.save_manifest();
        if (progress.stop_requested()) fail_work("interrupted: run again with the same options to go on");
    }
    progress.finish();
    result.kept = options.count - result.rendered;
    return result;
}

}  // namespace quantface
