// Keeps the large blocks that libtorch frees and hands them out again: a training step asks for the same
// sizes every time, and fresh pages from the operating system cost more than the arithmetic done in them.
#pragma once

#include <cstdint>

namespace quantface {

// Becomes libtorch's allocator for CPU tensors, once for the process.
void install_caching_allocator();

// Bytes held now for large blocks, in use or kept; 0 before the allocator was installed.
uint64_t caching_allocator_bytes();

}  // namespace quantface
