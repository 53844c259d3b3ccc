// Rendered faces as a folder of PNG files, one subfolder per identity, with a manifest.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/progress.h"
#include "base/thread_pool.h"

namespace quantface {

class HeadModel;

struct SynthFolderOptions {
    std::filesystem::path folder;
    int64_t count = 1000;            // images
    int64_t views_per_identity = 2;  // images of each person, in its subfolder
    uint64_t seed = 1;
    int size = 112;                         // pixels
    std::shared_ptr<const HeadModel> head;  // null: the built-in one
};

struct SynthFolderResult {
    int64_t rendered = 0;  // images rendered in this run
    int64_t kept = 0;      // whole images that were already there
};

// Writes folder/000012/000012_1.png and so on, and folder/manifest.json: version, seed, size,
// views_per_identity, count, and per image the file, identity, view, yaw and pitch in degrees, CRC-32C of the
// file.
//
// Started again on the same folder it keeps the files that the manifest lists and that are whole, and renders
// the rest; a larger count extends the folder. A folder of another seed, size, version or views_per_identity
// is Error(kUsage), a manifest that cannot be read Error(kBadInput). When progress asks to stop, what is done
// is recorded in the manifest and Error(kFailed) "interrupted" is thrown.
SynthFolderResult render_to_folder(const SynthFolderOptions& options, ThreadPool& pool, Progress& progress);

}  // namespace quantface
