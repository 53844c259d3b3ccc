// FAISS behind IndexEngine: the only part of the program that it is linked to.
#pragma once

#include "gallery/index_engine.h"

namespace quantface {

const IndexModule& faiss_module();

}  // namespace quantface
