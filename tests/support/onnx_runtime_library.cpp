#include "support/onnx_runtime_library.h"

#include <dlfcn.h>

#include <cstdint>
#include <cstdlib>
#include <vector>

#include "base/error.h"

namespace quantface {

namespace fs = std::filesystem;

namespace {

// The beginning of OrtApi (onnxruntime_c_api.h), whose order is promised to stay; what is not called is a
// gap.
using Status = void*;
struct OrtApiStart {
    void* create_status;
    void* get_error_code;
    const char* (*get_error_message)(Status);
    Status (*create_env)(int severity, const char* name, void** env);
    void* gap_1[3];
    Status (*create_session)(void* env, const char* path, void* options, void** session);
    void* gap_2[2];
    Status (*create_session_options)(void** options);
    Status (*set_optimized_model_file_path)(void* options, const char* path);
    void* gap_3[11];
    Status (*set_session_graph_optimization_level)(void* options, int level);
};
struct OrtApiBase {
    const OrtApiStart* (*get_api)(uint32_t version);
    const char* (*get_version_string)();
};

constexpr uint32_t kApiVersion = 1;
constexpr int kErrorsOnly = 3;
constexpr int kExtended = 2;

// As tests/peer/onnxruntime_embed.mjs looks for the package.
fs::path find_library() {
    const char* given = std::getenv("QUANTFACE_ORT_NODE_MODULES");
    const char* cache = std::getenv("XDG_CACHE_HOME");
    const char* home = std::getenv("HOME");
    const fs::path user = cache && *cache ? fs::path(cache) : fs::path(home ? home : ".") / ".cache";
    for (const fs::path& place :
         {fs::path(given ? given : ""), fs::path("node_modules"), user / "quantface" / "node_modules"}) {
        const fs::path bin = place / "onnxruntime-node" / "bin";
        std::error_code absent;
        for (const auto& version : fs::directory_iterator(bin, absent)) {
#ifdef __x86_64__
            const fs::path library = version.path() / "linux" / "x64" / "libonnxruntime.so.1";
#else
            const fs::path library = version.path() / "linux" / "arm64" / "libonnxruntime.so.1";
#endif
            if (fs::exists(library, absent)) return library;
        }
    }
    return {};
}

}  // namespace

std::string optimize_with_onnx_runtime(const fs::path& model, const fs::path& optimized) {
    const fs::path path = find_library();
    if (path.empty()) return "the npm package onnxruntime-node is absent";
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return std::string("cannot load ONNX Runtime: ") + dlerror();
    const auto get_base = reinterpret_cast<const OrtApiBase* (*)()>(dlsym(library, "OrtGetApiBase"));
    if (get_base == nullptr) return path.string() + " is no ONNX Runtime";
    const OrtApiStart* api = get_base()->get_api(kApiVersion);
    const auto check = [&](Status status) {
        if (status != nullptr)
            fail_work(model.string() + ": ONNX Runtime: " + api->get_error_message(status));
    };
    // Kept, not released: a test's process ends soon.
    static auto* kept = new std::vector<void*>;
    void *env = nullptr, *options = nullptr, *session = nullptr;
    check(api->create_env(kErrorsOnly, "quantface", &env));
    check(api->create_session_options(&options));
    check(api->set_session_graph_optimization_level(options, kExtended));
    check(api->set_optimized_model_file_path(options, optimized.c_str()));
    check(api->create_session(env, model.c_str(), options, &session));
    kept->insert(kept->end(), {env, options, session});
    return {};
}

}  // namespace quantface
