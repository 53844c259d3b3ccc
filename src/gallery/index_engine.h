// Approximate search in memory, as a library made for it does it (faiss_engine.cpp). The library and the BLAS
// it needs take long to load, so the program loads them where an index is asked for: IndexModule is what both
// sides agree on.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/progress.h"

namespace quantface {

//   kHnsw    a graph of near neighbours over all embeddings in float32 (Malkov, Yashunin 2016)
//   kIvf     embeddings in float32, in lists by the nearest of some centres; the nearest lists are looked
//   through kIvfPq   the same with embeddings of a quarter of a byte a number (product quantization; Jegou,
//   Douze,
//            Schmid 2011)
enum class IndexKind : uint32_t { kHnsw = 1, kIvf = 2, kIvfPq = 3 };

std::string index_kind_name(IndexKind kind);  // "hnsw", "ivf", "ivfpq"
// Throws Error(kUsage) where it is none of them.
IndexKind index_kind_of(const std::string& name);

// Rows of unit length, numbered from 0 as they are added; near is what has a large inner product.
class IndexEngine {
  public:
    virtual ~IndexEngine() = default;

    // How many rows it wants to learn from before any is added; 0: none.
    virtual int64_t training_rows() const = 0;
    virtual void train(std::span<const float> rows, const Progress& progress) = 0;
    virtual void add(std::span<const float> rows) = 0;
    virtual int64_t row_count() const = 0;

    // (queries, candidates) numbers of rows, the nearest first, -1 where it found no more.
    virtual void search(std::span<const float> queries, int64_t candidates,
                        std::span<int64_t> rows) const = 0;

    using Sink = std::function<void(std::span<const uint8_t> bytes)>;
    virtual void write(const Sink& sink) const = 0;
};

struct IndexModule {
    const char* version;  // both sides are compiled from the same source
    // For about `rows` rows. Throws Error(kUsage) where they are too few for the kind.
    std::unique_ptr<IndexEngine> (*create)(IndexKind kind, int dimension, int64_t rows, int threads);
    // What write() wrote. Not proof against hostile bytes: they must have been checked. `source` fills the
    // bytes it is given or throws. Throws Error(kBadInput) "WHERE: ..." where it is another kind of index.
    using Source = std::function<void(std::span<uint8_t> bytes)>;
    std::unique_ptr<IndexEngine> (*read)(IndexKind kind, int dimension, int64_t rows, const Source& source,
                                         const std::string& where, int threads);
};

// The symbol of the library's IndexModule.
inline constexpr const char* kIndexModuleSymbol = "quantface_index_module";

}  // namespace quantface
