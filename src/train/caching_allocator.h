// Keeps the large blocks that libtorch frees and hands them out again: a training step asks for the same
// sizes every time, and fresh pages from the operating system cost more than the arithmetic done in them.
#pragma once

namespace quantface {

// Becomes libtorch's allocator for CPU tensors, once for the process.
void install_caching_allocator();

}  // namespace quantface
