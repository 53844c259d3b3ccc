// Loading lib/quantface/quantface_index.so, the only part of the program that FAISS is linked to.
#pragma once

#include "gallery/index_engine.h"

namespace quantface {

// Throws Error(kUsage) where the library is not installed, Error(kFailed) where it cannot be loaded or is of
// another version.
const IndexModule& load_index_library();

}  // namespace quantface
