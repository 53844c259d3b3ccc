// The few Python and NumPy objects that a verification pack may hold, recognised by name and read as data.
#pragma once

#include <string>

#include "faces/pickle_value.h"

namespace quantface {

class PickleObjects {
  public:
    PickleObjects(const ByteSource& source, Pickle& pickle) : source_(source), pickle_(pickle) {}

    // The names of a GLOBAL or STACK_GLOBAL instruction. Throws Error(kBadInput) for any name but those of
    // PickleFunction.
    PickleRef global(const PickleBytes& module, const PickleBytes& name);
    // What `function` applied to the tuple `arguments` stands for.
    PickleRef reduce(PickleRef function, PickleRef arguments);
    // Gives a NumPy array or dtype its state.
    void build(PickleRef object, PickleRef state);

  private:
    [[noreturn]] void fail(const std::string& what) const;
    void expect(bool condition, const char* what) const {
        if (!condition) fail(what);
    }
    // A short name held by a text or bytes value.
    std::string name_of(const PickleBytes& bytes) const;
    std::string name_of(PickleRef ref) const;
    PickleRef reduce_text(std::span<const PickleRef> arguments);
    PickleRef reduce_dtype(std::span<const PickleRef> arguments);
    PickleRef reduce_scalar(std::span<const PickleRef> arguments);
    PickleRef reduce_from_buffer(std::span<const PickleRef> arguments);
    PickleArray make_array(PickleRef shape, PickleRef dtype, PickleRef data) const;

    const ByteSource& source_;
    Pickle& pickle_;
};

}  // namespace quantface
