// C++ over quantface.h: handles that free themselves, and exceptions. Header-only, C++11; what functions do,
// their units and ranges are in quantface.h.
//
//     const quantface::Model model = quantface::Model::load("small.qfm");
//     quantface::Session session(model);
//     const std::vector<float> embedding = session.embed({pixels, 112, 112, 0});
#ifndef QUANTFACE_QUANTFACE_HPP
#define QUANTFACE_QUANTFACE_HPP

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "quantface/quantface.h"

namespace quantface {
// Names of its own in the linker, whatever else a program calls quantface::Error.
inline namespace cpp_v1 {

class Error : public std::runtime_error {
  public:
    explicit Error(const quantface_error& error) : std::runtime_error(error.text), status_(error.status) {}
    quantface_status status() const noexcept { return status_; }

  private:
    quantface_status status_;
};

using Image = quantface_image;

namespace detail {
inline void check(quantface_status status, const quantface_error& error) {
    if (status != QUANTFACE_OK) throw Error(error);
}
struct Free {
    void operator()(quantface_model* model) const noexcept { quantface_model_free(model); }
    void operator()(quantface_session* session) const noexcept { quantface_session_free(session); }
};
}  // namespace detail

// Immutable; any number of threads may use it. May be freed before its sessions.
class Model {
  public:
    static Model load(const std::string& path) {
        quantface_error error;
        quantface_model* model = nullptr;
        detail::check(quantface_model_load(path.c_str(), &model, &error), error);
        return Model(model);
    }
    static Model load_memory(const void* bytes, size_t size) {
        quantface_error error;
        quantface_model* model = nullptr;
        detail::check(quantface_model_load_memory(bytes, size, &model, &error), error);
        return Model(model);
    }

    size_t embedding_size() const { return static_cast<size_t>(quantface_model_embedding_size(get())); }
    int input_height() const { return quantface_model_input_height(get()); }
    int input_width() const { return quantface_model_input_width(get()); }
    bool is_bgr() const { return quantface_model_is_bgr(get()) != 0; }
    int min_weight_bits() const { return quantface_model_min_weight_bits(get()); }
    int max_weight_bits() const { return quantface_model_max_weight_bits(get()); }
    std::string name() const { return quantface_model_name(get()); }
    std::string instruction_set() const { return quantface_model_instruction_set(get()); }

    const quantface_model* get() const noexcept { return handle_.get(); }

  private:
    explicit Model(quantface_model* model) : handle_(model) {}
    std::unique_ptr<quantface_model, detail::Free> handle_;
};

// For one thread at a time.
class Session {
  public:
    explicit Session(const Model& model, int threads = 1, int threads_work = QUANTFACE_THROUGHPUT)
        : embedding_size_(model.embedding_size()) {
        quantface_session_options options = QUANTFACE_SESSION_OPTIONS_INIT;
        options.threads = threads;
        options.threads_work = threads_work;
        quantface_error error;
        quantface_session* session = nullptr;
        detail::check(quantface_session_create(model.get(), &options, &session, &error), error);
        handle_.reset(session);
    }

    // One after the other, embedding_size() numbers each.
    std::vector<float> embed(const Image* images, size_t count, bool normalize = true) {
        std::vector<float> embeddings(count * embedding_size_);
        quantface_error error;
        detail::check(quantface_session_embed(get(), images, count, normalize ? QUANTFACE_NORMALIZE : 0,
                                              embeddings.data(), embeddings.size(), &error),
                      error);
        return embeddings;
    }
    std::vector<float> embed(const std::vector<Image>& images, bool normalize = true) {
        return embed(images.data(), images.size(), normalize);
    }
    std::vector<float> embed(const Image& image, bool normalize = true) {
        return embed(&image, 1, normalize);
    }

    quantface_session* get() const noexcept { return handle_.get(); }

  private:
    std::unique_ptr<quantface_session, detail::Free> handle_;
    size_t embedding_size_;
};

// Throws std::invalid_argument where the embeddings differ in size.
inline float cosine(const std::vector<float>& a, const std::vector<float>& b) {
    if (a.size() != b.size()) throw std::invalid_argument("embeddings of different size");
    return quantface_cosine(a.data(), b.data(), a.size());
}

}  // namespace cpp_v1
}  // namespace quantface

#endif
