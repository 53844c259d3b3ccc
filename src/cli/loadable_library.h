// Parts of the program that are loaded when they are needed, because what they are linked to takes longer to
// load than most commands run: files in ../lib/quantface, seen from the program.
#pragma once

#include <string>

namespace quantface {

struct LoadableLibrary {
    std::string file;     // "quantface_training.so"
    std::string symbol;   // what it exports; begins with a pointer to its version as C string
    std::string what;     // "training"
    std::string missing;  // why the file may not be there: "it is built where libtorch is"
    std::string advice;   // what to do then
};

// The exported object; the library stays loaded. Throws Error(kUsage), one line, where it is not installed,
// Error(kFailed) where it cannot be loaded or is of another version. `who`: begins the message.
const void* load_library(const LoadableLibrary& library, const std::string& who);

}  // namespace quantface
