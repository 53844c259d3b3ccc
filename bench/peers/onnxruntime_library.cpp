#include "onnxruntime_library.h"

#include <dlfcn.h>

#include <cstdlib>

#include "base/error.h"

namespace quantface::peers {

namespace {

namespace fs = std::filesystem;

// Places in the table OrtApi (onnxruntime_c_api.h). All but those that release give a status, null where all
// is well.
enum Place {
    kGetErrorMessage = 2,
    kCreateEnv = 3,
    kCreateSession = 7,
    kRun = 9,
    kCreateSessionOptions = 10,
    kSetGraphOptimizationLevel = 23,
    kSetIntraOpThreads = 24,
    kSetInterOpThreads = 25,
    kSessionGetInputTypeInfo = 33,
    kSessionGetInputName = 36,
    kSessionGetOutputName = 37,
    kCreateTensorWithData = 49,
    kCastTypeInfoToTensorInfo = 55,
    kGetTensorElementType = 60,
    kGetDimensionsCount = 61,
    kGetDimensions = 62,
    kCreateCpuMemoryInfo = 69,
    kGetAllocator = 78,
    kReleaseValue = 96,
};

// Of the C interface's enumerations.
constexpr int kWarnings = 2, kOptimizeAll = 99, kFloat = 1, kUint8 = 2, kArenaAllocator = 1,
              kDefaultMemory = 0;
constexpr uint32_t kTableVersion = 11;  // any that has those places

struct TableBase {
    void* const* (*get_table)(uint32_t version);
};

}  // namespace

OnnxRuntimeLibrary::OnnxRuntimeLibrary(const fs::path& library, const fs::path& model, int threads) {
    void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!handle) fail_work(library.string() + ": " + dlerror());
    const auto get_base = reinterpret_cast<const TableBase* (*)()>(dlsym(handle, "OrtGetApiBase"));
    if (get_base) table_ = get_base()->get_table(kTableVersion);
    if (!table_) fail_work(library.string() + ": not the C interface of ONNX Runtime");
    open_session(model, threads);
    make_input();
}

template <typename... Arguments>
void OnnxRuntimeLibrary::call(int place, Arguments... arguments) {
    void* status = function<void* (*)(Arguments...)>(place)(arguments...);
    if (status) fail_work(function<const char* (*)(void*)>(kGetErrorMessage)(status));
}

void OnnxRuntimeLibrary::open_session(const fs::path& model, int threads) {
    void *options = nullptr, *allocator = nullptr;
    call(kCreateEnv, kWarnings, "quantface", &environment_);
    call(kCreateSessionOptions, &options);
    call(kSetGraphOptimizationLevel, options, kOptimizeAll);
    call(kSetIntraOpThreads, options, threads);
    call(kSetInterOpThreads, options, 1);
    call(kCreateSession, environment_, model.c_str(), options, &session_);
    call(kGetAllocator, &allocator);
    call(kSessionGetInputName, session_, size_t{0}, allocator, &input_name_);
    call(kSessionGetOutputName, session_, size_t{0}, allocator, &output_name_);
}

void OnnxRuntimeLibrary::make_input() {
    void *type_info = nullptr, *tensor_info = nullptr, *memory = nullptr;
    int type = 0;
    size_t rank = 0;
    call(kSessionGetInputTypeInfo, session_, size_t{0}, &type_info);
    call(kCastTypeInfoToTensorInfo, type_info, &tensor_info);
    call(kGetTensorElementType, tensor_info, &type);
    call(kGetDimensionsCount, tensor_info, &rank);
    std::vector<int64_t> shape(rank);
    call(kGetDimensions, tensor_info, shape.data(), rank);
    size_t size = 1;
    for (int64_t& extent : shape) {
        if (extent < 1) extent = 1;  // any: the batch
        size *= static_cast<size_t>(extent);
    }
    for (size_t i = 0; i < size; ++i) byte_pixels_.push_back(static_cast<uint8_t>((i * 2654435761u) >> 24));
    pixels_.assign(byte_pixels_.begin(), byte_pixels_.end());
    call(kCreateCpuMemoryInfo, kArenaAllocator, kDefaultMemory, &memory);
    if (type == kUint8) {
        call(kCreateTensorWithData, memory, static_cast<void*>(byte_pixels_.data()), size, shape.data(), rank,
             kUint8, &input_);
    } else {
        call(kCreateTensorWithData, memory, static_cast<void*>(pixels_.data()), size * sizeof(float),
             shape.data(), rank, kFloat, &input_);
    }
}

void OnnxRuntimeLibrary::run() {
    void* output = nullptr;
    call(kRun, session_, nullptr, &input_name_, &input_, size_t{1}, &output_name_, size_t{1}, &output);
    function<void (*)(void*)>(kReleaseValue)(output);
}

fs::path find_onnxruntime_library() {
    const auto variable = [](const char* name) {
        return fs::path(std::getenv(name) ? std::getenv(name) : "");
    };
    const fs::path cache =
        variable("XDG_CACHE_HOME").empty() ? variable("HOME") / ".cache" : variable("XDG_CACHE_HOME");
    for (const fs::path& place : {variable("QUANTFACE_ORT_NODE_MODULES"), fs::path("node_modules"),
                                  cache / "quantface" / "node_modules"}) {
        const fs::path library = place / "onnxruntime-node/bin/napi-v3/linux/x64/libonnxruntime.so.1";
        if (!place.empty() && fs::exists(library)) return library;
    }
    return {};
}

}  // namespace quantface::peers
