#include "cli/loadable_library.h"

#include <dlfcn.h>

#include <cstring>
#include <filesystem>

#include "base/error.h"
#include "cli/version.h"

namespace quantface {

// Never unloaded: libtorch, for one, does not take that well.
const void* load_library(const LoadableLibrary& library, const std::string& who) {
    namespace fs = std::filesystem;
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error);
    const fs::path file = program.parent_path().parent_path() / "lib" / "quantface" / library.file;
    if (error || !fs::exists(file, error)) {
        fail_usage(who + ": this program has no " + library.what + " (" + file.string() +
                   " is not there: " + library.missing + "); " + library.advice);
    }
    void* handle = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) fail_work(who + ": " + library.what + " cannot be loaded: " + ::dlerror());
    const void* exported = ::dlsym(handle, library.symbol.c_str());
    if (exported == nullptr ||
        std::strcmp(*static_cast<const char* const*>(exported), kProgramVersion) != 0) {
        fail_work(who + ": " + file.string() + " is of another version of this program");
    }
    return exported;
}

}  // namespace quantface
