#include "faces/pickle_objects.h"

#include <algorithm>
#include <string_view>

#include "base/error.h"

namespace quantface {

namespace {

struct FunctionRow {
    std::string_view module, name;
    PickleFunction function;
};

// NumPy 2 renamed numpy.core to numpy._core; Python 3 renamed __builtin__ to builtins.
constexpr FunctionRow kFunctions[] = {
    {"_codecs", "encode", PickleFunction::kEncode},
    {"__builtin__", "bytes", PickleFunction::kBytes},
    {"builtins", "bytes", PickleFunction::kBytes},
    {"__builtin__", "bytearray", PickleFunction::kBytearray},
    {"builtins", "bytearray", PickleFunction::kBytearray},
    {"numpy", "ndarray", PickleFunction::kNumpyArray},
    {"numpy", "dtype", PickleFunction::kNumpyDtype},
    {"numpy.core.multiarray", "_reconstruct", PickleFunction::kNumpyReconstruct},
    {"numpy._core.multiarray", "_reconstruct", PickleFunction::kNumpyReconstruct},
    {"numpy.core.multiarray", "scalar", PickleFunction::kNumpyScalar},
    {"numpy._core.multiarray", "scalar", PickleFunction::kNumpyScalar},
    {"numpy.core.numeric", "_frombuffer", PickleFunction::kNumpyFromBuffer},
    {"numpy._core.numeric", "_frombuffer", PickleFunction::kNumpyFromBuffer},
};

constexpr uint64_t kMaxNameBytes = 128;
constexpr int kMaxRank = 32;  // NumPy's own limit

// For error messages: hostile names may hold anything.
std::string printable(std::string text) {
    for (char& c : text) {
        if (c < 0x20 || c > 0x7e) c = '?';
    }
    return text;
}

}  // namespace

void PickleObjects::fail(const std::string& what) const {
    fail_bad_input(source_.name() + ": not a verification pack that can be read: " + what);
}

std::string PickleObjects::name_of(const PickleBytes& bytes) const {
    const auto name = decode_pickle_bytes(source_, bytes, kMaxNameBytes);
    return {name.begin(), name.end()};
}

std::string PickleObjects::name_of(PickleRef ref) const {
    const PickleKind kind = pickle_.kind(ref);
    expect(kind == PickleKind::kText || kind == PickleKind::kBytes, "a name is no text");
    return name_of(pickle_.bytes(ref));
}

PickleRef PickleObjects::global(const PickleBytes& module, const PickleBytes& name) {
    const std::string module_text = name_of(module), name_text = name_of(name);
    for (const auto& row : kFunctions) {
        if (row.module == module_text && row.name == name_text) return pickle_.add_function(row.function);
    }
    fail("it asks for the Python object '" + printable(module_text + "." + name_text) +
         "', which image packs do not need; do not open this file in Python");
}

PickleRef PickleObjects::reduce(PickleRef function, PickleRef arguments_ref) {
    expect(pickle_.kind(function) == PickleKind::kFunction, "a call of what is no function");
    expect(pickle_.kind(arguments_ref) == PickleKind::kTuple, "a call without arguments");
    // A copy: adding values moves the table that the span points into. No call here takes more than four.
    const auto given = pickle_.items(arguments_ref);
    expect(given.size() <= 4, "a call with too many arguments");
    const std::vector<PickleRef> arguments(given.begin(), given.end());

    switch (pickle_.function(function)) {
        case PickleFunction::kEncode:
            expect(arguments.size() == 2, "_codecs.encode with odd arguments");
            return reduce_text(arguments);
        case PickleFunction::kBytes:
            expect(arguments.empty(), "bytes() with arguments");
            return pickle_.add_bytes({});
        case PickleFunction::kBytearray:
            if (arguments.empty()) return pickle_.add_bytes({});
            if (arguments.size() == 2) return reduce_text(arguments);
            expect(arguments.size() == 1 && pickle_.kind(arguments[0]) == PickleKind::kBytes,
                   "bytearray with odd arguments");
            return arguments[0];
        case PickleFunction::kNumpyArray:
            fail("a call of numpy.ndarray");
        case PickleFunction::kNumpyDtype:
            return reduce_dtype(arguments);
        case PickleFunction::kNumpyReconstruct: {
            const bool plain = arguments.size() == 3 && pickle_.kind(arguments[0]) == PickleKind::kFunction &&
                               pickle_.function(arguments[0]) == PickleFunction::kNumpyArray;
            expect(plain, "a NumPy array of an unknown class");
            return pickle_.add_array({});
        }
        case PickleFunction::kNumpyScalar:
            return reduce_scalar(arguments);
        case PickleFunction::kNumpyFromBuffer:
            return reduce_from_buffer(arguments);
    }
    QF_CHECK(false);
    return 0;
}

PickleRef PickleObjects::reduce_text(std::span<const PickleRef> arguments) {
    expect(pickle_.kind(arguments[0]) == PickleKind::kText, "bytes made of what is no text");
    const std::string encoding = name_of(arguments[1]);
    expect(encoding == "latin1" || encoding == "latin-1", "bytes in an encoding other than latin1");
    return pickle_.add_bytes(pickle_.bytes(arguments[0]));
}

PickleRef PickleObjects::reduce_dtype(std::span<const PickleRef> arguments) {
    expect(!arguments.empty(), "a NumPy dtype without a name");
    std::string name = name_of(arguments[0]);
    if (!name.empty() && (name[0] == '|' || name[0] == '<')) name.erase(0, 1);
    const bool known =
        name == "b1" || ((name.size() == 2 && (name[0] == 'u' || name[0] == 'i')) &&
                         (name[1] == '1' || name[1] == '2' || name[1] == '4' || name[1] == '8'));
    if (!known)
        fail("a NumPy array of dtype '" + printable(name) + "' (images are u1, flags bool or integer)");
    return pickle_.add_dtype({name[0], name[1] - '0'});
}

PickleRef PickleObjects::reduce_scalar(std::span<const PickleRef> arguments) {
    expect(arguments.size() == 2 && pickle_.kind(arguments[0]) == PickleKind::kDtype &&
               pickle_.kind(arguments[1]) == PickleKind::kBytes,
           "a NumPy scalar with odd arguments");
    PickleArray scalar;
    scalar.dtype = pickle_.dtype(arguments[0]);
    scalar.elements = 1;
    scalar.data = pickle_.bytes(arguments[1]);
    scalar.complete = true;
    expect(scalar.data.length >= static_cast<uint64_t>(scalar.dtype.size_bytes),
           "a NumPy scalar without a value");
    return pickle_.add_array(scalar);
}

PickleRef PickleObjects::reduce_from_buffer(std::span<const PickleRef> arguments) {
    expect(arguments.size() == 4, "a NumPy array with odd arguments");
    return pickle_.add_array(make_array(arguments[2], arguments[1], arguments[0]));
}

PickleArray PickleObjects::make_array(PickleRef shape, PickleRef dtype, PickleRef data) const {
    expect(pickle_.kind(shape) == PickleKind::kTuple && pickle_.kind(dtype) == PickleKind::kDtype &&
               pickle_.kind(data) == PickleKind::kBytes,
           "a NumPy array with an odd state");
    PickleArray array;
    array.dtype = pickle_.dtype(dtype);
    array.data = pickle_.bytes(data);
    array.complete = true;
    const auto axes = pickle_.items(shape);
    expect(axes.size() <= kMaxRank, "a NumPy array with too many axes");
    array.rank = static_cast<int>(axes.size());

    const auto element_bytes = static_cast<uint64_t>(array.dtype.size_bytes);
    array.elements = 1;
    for (const PickleRef axis : axes) {
        expect(pickle_.kind(axis) == PickleKind::kInt && pickle_.integer(axis) >= 0,
               "a NumPy array of odd shape");
        const auto extent = static_cast<uint64_t>(pickle_.integer(axis));
        // No coding stores fewer bytes than it stands for, so the stored length bounds the product.
        expect(extent == 0 || array.elements <= array.data.length / element_bytes / extent,
               "a NumPy array larger than its data");
        array.elements *= extent;
    }
    const uint64_t bytes = array.elements * element_bytes;
    const bool verbatim = array.data.coding == PickleCoding::kVerbatim;
    expect(verbatim ? array.data.length == bytes : array.data.length >= bytes,
           "a NumPy array whose shape and data disagree");
    return array;
}

void PickleObjects::build(PickleRef object, PickleRef state_ref) {
    expect(pickle_.kind(state_ref) == PickleKind::kTuple, "an object with an odd state");
    auto state = pickle_.items(state_ref);
    if (pickle_.kind(object) == PickleKind::kDtype) {
        // (version, byte order, ...)
        expect(state.size() >= 2, "a NumPy dtype with an odd state");
        const std::string order = name_of(state[1]);
        const bool readable = order == "|" || order == "<" || pickle_.dtype(object).size_bytes == 1;
        expect(readable, "a NumPy array of big-endian numbers");
        return;
    }
    expect(pickle_.kind(object) == PickleKind::kArray && !pickle_.array(object).complete,
           "a state for what takes none");
    // (version, shape, dtype, Fortran order, data); early versions of NumPy left out the version.
    if (state.size() == 5) state = state.subspan(1);
    expect(state.size() == 4, "a NumPy array with an odd state");
    pickle_.set_array(object, make_array(state[0], state[1], state[3]));
}

}  // namespace quantface
