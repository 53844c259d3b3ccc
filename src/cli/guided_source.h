// --data guided: faces guided by the network that is quantized, made once into the user's cache and read from
// there.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "cli/model_loading.h"
#include "faces/image_source.h"
#include "graph/graph.h"

namespace quantface {

inline constexpr int64_t kGuidedCount = 2048;

// A full-precision network to guide by. Throws as load_model does, and Error(kBadInput) for a .qfm.
LoadedModel load_guiding_teacher(const std::string& path, const InputOptions& input);

// `count` faces from rendered ones of that seed, guided with the default recipe. They lie in
// the user's cache folder, guided/<16 digits of the teacher's SHA-256>-<8 of the settings'>;
// what is missing there is made first, with progress, and an interrupted run goes on batch by batch. The
// source holds the first `count` of them. Throws as train/guided_faces.h says, and Error(kUsage) where the
// training library is not installed or the count is not one of 2 to kMaxFolderImages.
std::unique_ptr<ImageSource> open_guided_source(const Graph& teacher, const std::string& teacher_sha256,
                                                int64_t count, uint64_t seed, ThreadPool& pool,
                                                Progress& progress);

}  // namespace quantface
