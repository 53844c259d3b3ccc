// The library that the program loads for indexes.
#include "gallery/faiss_engine.h"

extern "C" const quantface::IndexModule* quantface_index_module() {
    return &quantface::faiss_module();
}
