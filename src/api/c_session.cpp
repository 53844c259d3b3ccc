// The C interface's functions on sessions and embeddings.
#include <quantface/quantface.h>

#include <cstddef>
#include <cstdlib>

#include "api/c_error.h"
#include "api/c_handles.h"
#include "api/unit_vectors.h"

namespace quantface {

namespace {

constexpr int32_t kMaxThreads = 1024;

// A caller compiled against an older header has fewer fields; those that it lacks keep their defaults.
quantface_session_options complete(const quantface_session_options* given) {
    quantface_session_options options = QUANTFACE_SESSION_OPTIONS_INIT;
    if (given == nullptr) return options;
    constexpr size_t kFirstVersion = offsetof(quantface_session_options, threads_work) + sizeof(int32_t);
    if (given->struct_size < kFirstVersion) fail_usage("the session options' struct_size is not set");
    options.threads = given->threads;
    options.threads_work = given->threads_work;
    if (options.threads < 0 || options.threads > kMaxThreads) {
        fail_usage("a session has 1 to " + std::to_string(kMaxThreads) +
                   " threads, or 0 for one for each core; not " + std::to_string(options.threads));
    }
    if (options.threads_work != QUANTFACE_THROUGHPUT && options.threads_work != QUANTFACE_LATENCY) {
        fail_usage("threads_work is neither QUANTFACE_THROUGHPUT nor QUANTFACE_LATENCY");
    }
    return options;
}

PixelsView checked_view(const quantface_image& image, const InputSpec& spec, size_t index) {
    const auto name = [index] { return "image " + std::to_string(index) + ": "; };
    if (image.rgb == nullptr) fail_usage(name() + "its pixels are null");
    if (image.height < spec.height || image.width < spec.width) {
        fail_bad_input(name() + std::to_string(image.width) + "x" + std::to_string(image.height) +
                       " pixels are less than the network's input of " + std::to_string(spec.width) + "x" +
                       std::to_string(spec.height) + "; give aligned faces of at least that size");
    }
    const int64_t row_bytes = int64_t{3} * image.width, stride = image.row_stride_bytes;
    if (stride != 0 && stride < row_bytes && stride > -row_bytes) {
        fail_usage(name() + "a row stride of " + std::to_string(stride) + " bytes is less than a row of " +
                   std::to_string(row_bytes));
    }
    return {image.rgb, image.height, image.width, stride};
}

void embed(quantface_session& session, std::span<const quantface_image> images, uint32_t flags,
           std::span<float> embeddings) {
    const Embedder& embedder = *session.inference.network().embedder;
    if ((flags & ~uint32_t{QUANTFACE_NORMALIZE}) != 0) fail_usage("an unknown flag");
    const auto size = static_cast<size_t>(embedder.embedding_size());
    if (embeddings.size() / size < images.size()) {
        fail_usage("room for " + std::to_string(embeddings.size()) + " numbers, but " +
                   std::to_string(images.size()) + " embeddings have " + std::to_string(size) + " each");
    }
    embeddings = embeddings.first(images.size() * size);
    session.views.clear();
    for (size_t index = 0; index < images.size(); ++index) {
        session.views.push_back(checked_view(images[index], embedder.input_spec(), index));
    }
    session.inference.embed(session.views, embeddings);
    if ((flags & QUANTFACE_NORMALIZE) == 0) return;
    for (size_t index = 0; index < images.size(); ++index) normalize(embeddings.subspan(index * size, size));
}

// Holds a session for the time of a call.
class BusySession {
  public:
    explicit BusySession(quantface_session& session) : busy_(session.busy) {
        if (busy_.test_and_set(std::memory_order_acquire)) {
            fail_usage("the session is in use by another thread; give each thread a session of its own");
        }
    }
    ~BusySession() { busy_.clear(std::memory_order_release); }
    BusySession(const BusySession&) = delete;
    BusySession& operator=(const BusySession&) = delete;

  private:
    std::atomic_flag& busy_;
};

}  // namespace

}  // namespace quantface

using namespace quantface;

quantface_status quantface_session_create(const quantface_model* model,
                                          const quantface_session_options* options,
                                          quantface_session** session, quantface_error* error) {
    if (session != nullptr) *session = nullptr;
    return run_guarded(error, [&] {
        if (model == nullptr || session == nullptr) fail_usage("model and session must not be null");
        const quantface_session_options complete_options = complete(options);
        const auto work = complete_options.threads_work == QUANTFACE_LATENCY ? ThreadsWork::kLatency
                                                                             : ThreadsWork::kThroughput;
        *session = new quantface_session{{model->network, complete_options.threads, work}, {}, {}};
    });
}

void quantface_session_free(quantface_session* session) {
    delete session;
}

quantface_status quantface_session_embed(quantface_session* session, const quantface_image* images,
                                         size_t count, uint32_t flags, float* embeddings,
                                         size_t embeddings_size, quantface_error* error) {
    return run_guarded(error, [&] {
        if (session == nullptr) fail_usage("session must not be null");
        if (count == 0) return;
        if (images == nullptr || embeddings == nullptr) fail_usage("images and embeddings must not be null");
        const BusySession busy(*session);
        embed(*session, {images, count}, flags, {embeddings, embeddings_size});
    });
}

float quantface_cosine(const float* a, const float* b, size_t size) {
    return cosine({a, size}, {b, size});
}
