#include "cli/index_library.h"

#include <dlfcn.h>
#include <stdlib.h>

#include <cstring>
#include <filesystem>

#include "base/error.h"
#include "cli/version.h"

namespace quantface {

const IndexModule& load_index_library() {
    namespace fs = std::filesystem;
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error);
    const fs::path file = program.parent_path().parent_path() / "lib" / "quantface" / "quantface_index.so";
    if (error || !fs::exists(file, error)) {
        fail_usage("this program has no indexes (" + file.string() +
                   " is not there: it is built where FAISS is); search without --index");
    }
    // Read by OpenMP when it is loaded: its threads wait for each other many times a millisecond, and where
    // they spin, other processes on the same cores stop them for whole time slices.
    ::setenv("OMP_WAIT_POLICY", "passive", 0);
    void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) fail_work(std::string("indexes cannot be loaded: ") + ::dlerror());
    using Symbol = const IndexModule* (*)();
    const auto symbol = reinterpret_cast<Symbol>(::dlsym(library, kIndexModuleSymbol));
    const IndexModule* module = symbol != nullptr ? symbol() : nullptr;
    if (module == nullptr || std::strcmp(module->version, kProgramVersion) != 0) {
        fail_work(file.string() + " is of another version of this program");
    }
    return *module;
}

}  // namespace quantface
