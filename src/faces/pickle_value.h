// The values of a Python pickle as plain data, their payloads left in the file.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "faces/byte_source.h"

namespace quantface {

// How the bytes of a bytes object are written in a pickle.
enum class PickleCoding : uint8_t {
    kVerbatim,  // as they are
    kUtf8,      // each byte a Unicode character below 256, in UTF-8 (Python 3's bytes in protocols 1 and 2)
    kStringEscape,   // the inside of a Python 2 string literal (Python 2's str in protocol 0)
    kUnicodeEscape,  // raw-unicode-escape (Python 3's bytes in protocol 0)
};

// A stretch of the file and how to read it.
struct PickleBytes {
    uint64_t offset = 0, length = 0;  // bytes, as stored
    PickleCoding coding = PickleCoding::kVerbatim;
};

// The bytes themselves. Throws Error(kBadInput) with the source's name where the escapes are broken, a
// character is 256 or above, or more than `max_stored_bytes` are stored.
std::vector<uint8_t> decode_pickle_bytes(const ByteSource& source, const PickleBytes& bytes,
                                         uint64_t max_stored_bytes);

// kArray is a NumPy array or scalar; kDtype and kFunction are its parts, of no use by themselves.
enum class PickleKind : uint8_t {
    kNone,
    kBool,
    kInt,
    kBytes,
    kText,
    kList,
    kTuple,
    kFunction,
    kDtype,
    kArray
};

// Names of Python objects that may occur. They are labels of data layouts; nothing is ever looked up or
// called.
enum class PickleFunction : uint8_t {
    kEncode,            // _codecs.encode(text, "latin1")
    kBytes,             // bytes()
    kBytearray,         // bytearray(bytes), bytearray(text, "latin-1")
    kNumpyArray,        // numpy.ndarray, only as an argument of kNumpyReconstruct
    kNumpyDtype,        // numpy.dtype("u1", False, True)
    kNumpyReconstruct,  // numpy.core.multiarray._reconstruct(numpy.ndarray, (0,), b"b"), then a state
    kNumpyScalar,       // numpy.core.multiarray.scalar(dtype, bytes)
    kNumpyFromBuffer,   // numpy.core.numeric._frombuffer(bytes, dtype, shape, order)
};

struct PickleDtype {
    char kind = 'u';     // 'b' bool, 'u' unsigned, 'i' signed
    int size_bytes = 1;  // of an element: 1, 2, 4 or 8
};

struct PickleArray {
    PickleDtype dtype;  // elements little-endian
    int rank = 0;       // axes
    uint64_t elements = 0;
    PickleBytes data;       // elements * dtype.size_bytes bytes once decoded
    bool complete = false;  // false between its creation and its state
};

// A value by its place in the Pickle that holds it.
using PickleRef = uint32_t;

// All values of one pickle. References may repeat and, in hostile files, form cycles: walk to a fixed depth
// only.
class Pickle {
  public:
    Pickle();

    PickleRef root() const { return root_; }
    void set_root(PickleRef root) { root_ = root; }

    PickleKind kind(PickleRef ref) const { return node(ref).kind; }
    int64_t integer(PickleRef ref) const;                   // kBool, kInt
    PickleBytes bytes(PickleRef ref) const;                 // kBytes, kText
    std::span<const PickleRef> items(PickleRef ref) const;  // kList, kTuple; valid until the next change
    PickleFunction function(PickleRef ref) const;           // kFunction
    PickleDtype dtype(PickleRef ref) const;                 // kDtype
    const PickleArray& array(PickleRef ref) const;          // kArray

    PickleRef none() const { return 0; }
    PickleRef boolean(bool value) const { return value ? 2 : 1; }
    PickleRef add_integer(int64_t value);
    PickleRef add_bytes(const PickleBytes& bytes);
    PickleRef add_text(const PickleBytes& bytes);
    PickleRef add_list();
    void append(PickleRef list, std::span<const PickleRef> items);
    PickleRef add_tuple(std::span<const PickleRef> items);
    PickleRef add_function(PickleFunction function);
    PickleRef add_dtype(const PickleDtype& dtype);
    PickleRef add_array(const PickleArray& array);
    void set_array(PickleRef ref, const PickleArray& array);

  private:
    // What `first` and `second` mean follows from the kind: an offset and a length, a number, or places in
    // the tables.
    struct Node {
        PickleKind kind;
        PickleCoding coding;
        uint64_t first, second;
    };
    const Node& node(PickleRef ref) const;
    PickleRef add(const Node& node);

    PickleRef root_ = 0;
    std::vector<Node> nodes_;
    std::vector<std::vector<PickleRef>> lists_;
    std::vector<PickleRef> tuple_items_;
    std::vector<PickleArray> arrays_;
};

}  // namespace quantface
