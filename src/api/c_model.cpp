// The C interface's functions on models.
#include <quantface/quantface.h>

#include "api/c_error.h"
#include "api/c_handles.h"
#include "base/mapped_file.h"
#include "formats/qfm.h"

namespace quantface {
namespace {

quantface_model* make_model(std::span<const uint8_t> bytes, const std::string& file_name) {
    return new quantface_model{std::make_shared<const Network>(decode_qfm(bytes, file_name))};
}

}  // namespace
}  // namespace quantface

using namespace quantface;

const char* quantface_version(void) {
    return QUANTFACE_VERSION;
}

quantface_status quantface_model_load(const char* path, quantface_model** model, quantface_error* error) {
    if (model != nullptr) *model = nullptr;
    return run_guarded(error, [&] {
        if (path == nullptr || model == nullptr) fail_usage("path and model must not be null");
        const MappedFile file(path);
        *model = make_model(file.bytes(), path);
    });
}

quantface_status quantface_model_load_memory(const void* bytes, size_t size, quantface_model** model,
                                             quantface_error* error) {
    if (model != nullptr) *model = nullptr;
    return run_guarded(error, [&] {
        if (bytes == nullptr || model == nullptr) fail_usage("bytes and model must not be null");
        *model = make_model({static_cast<const uint8_t*>(bytes), size}, "model in memory");
    });
}

void quantface_model_free(quantface_model* model) {
    delete model;
}

int32_t quantface_model_embedding_size(const quantface_model* model) {
    return model->network->embedder->embedding_size();
}

int32_t quantface_model_input_height(const quantface_model* model) {
    return model->network->embedder->input_spec().height;
}

int32_t quantface_model_input_width(const quantface_model* model) {
    return model->network->embedder->input_spec().width;
}

int32_t quantface_model_is_bgr(const quantface_model* model) {
    return model->network->embedder->input_spec().color_order == ColorOrder::kBgr ? 1 : 0;
}

int32_t quantface_model_min_weight_bits(const quantface_model* model) {
    return model->network->min_weight_bits;
}

int32_t quantface_model_max_weight_bits(const quantface_model* model) {
    return model->network->max_weight_bits;
}

const char* quantface_model_name(const quantface_model* model) {
    return model->network->name.c_str();
}

const char* quantface_model_instruction_set(const quantface_model* model) {
    return model->network->instruction_set;
}
