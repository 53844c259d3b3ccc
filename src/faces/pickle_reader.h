// Reads a Python pickle (protocols 0 to 5) as plain data. Python's own reader runs whatever code a pickle
// names; this one knows bytes, text, numbers, lists, tuples and NumPy arrays, calls nothing, and refuses
// everything else. Source of the opcodes: CPython, Lib/pickletools.py.
#pragma once

#include "faces/pickle_value.h"

namespace quantface {

// Instructions that one pickle may have. An encoded image takes two as bytes and about twenty as a NumPy
// array, so 400,000 images fit in any case; the largest pack in use has 14,000. The limit bounds the memory
// that a hostile file can take to 0.7 GB, whatever its size.
constexpr uint64_t kMaxPickleInstructions = uint64_t{8} << 20;

// Payloads stay in the file: memory grows with the number of values, not with their size. Nesting costs no
// stack. Throws Error(kBadInput), one line with the source's name and the offset, where the pickle is
// truncated, malformed, too large or holds anything but the values of PickleKind. Bytes after its end are
// ignored, as Python does.
Pickle read_pickle(const ByteSource& source);

}  // namespace quantface
