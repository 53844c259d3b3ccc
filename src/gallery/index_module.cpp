// The library that the program loads for indexes.
#include "gallery/faiss_engine.h"

extern "C" const quantface::IndexModule quantface_index_module = {
    QUANTFACE_VERSION, &quantface::create_faiss_index, &quantface::read_faiss_index};
