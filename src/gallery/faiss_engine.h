// FAISS behind IndexEngine: the only part of the program that it is linked to.
#pragma once

#include "gallery/index_engine.h"

namespace quantface {

// IndexModule's functions.
std::unique_ptr<IndexEngine> create_faiss_index(IndexKind kind, int dimension, int64_t rows, int threads);
std::unique_ptr<IndexEngine> read_faiss_index(IndexKind kind, int dimension, int64_t rows,
                                              const IndexModule::Source& source, const std::string& where,
                                              int threads);

// For programs that FAISS is linked to.
inline const IndexModule& faiss_module() {
    static const IndexModule module{QUANTFACE_VERSION, &create_faiss_index, &read_faiss_index};
    return module;
}

}  // namespace quantface
