#include "cli/index_library.h"

#include <stdlib.h>

#include "cli/loadable_library.h"

namespace quantface {

const IndexModule& load_index_library() {
    // Read by OpenMP when it is loaded: its threads wait for each other many times a millisecond, and where
    // they spin, other processes on the same cores stop them for whole time slices.
    ::setenv("OMP_WAIT_POLICY", "passive", 0);
    return *static_cast<const IndexModule*>(
        load_library({"quantface_index.so", kIndexModuleSymbol, "indexes", "it is built where FAISS is",
                      "search without --index"},
                     "indexes"));
}

}  // namespace quantface
