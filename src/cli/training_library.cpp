#include "cli/training_library.h"

#include <dlfcn.h>

#include <cstring>
#include <filesystem>

#include "base/error.h"

namespace quantface {

const TrainingModule& training_library(const std::string& command, const std::string& advice) {
    namespace fs = std::filesystem;
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error);
    const fs::path file = program.parent_path().parent_path() / "lib" / "quantface" / "quantface_training.so";
    if (error || !fs::exists(file, error)) {
        fail_usage(command + ": this program has no training (" + file.string() +
                   " is not there: it is built where libtorch is)" + advice);
    }
    // Never unloaded: libtorch does not take that well.
    void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) fail_work(command + ": training cannot be loaded: " + ::dlerror());
    const auto* module = static_cast<const TrainingModule*>(::dlsym(library, kTrainingModuleSymbol));
    if (module == nullptr || std::strcmp(module->version, kTrainingModuleVersion) != 0)
        fail_work(command + ": " + file.string() + " is of another version of this program");
    return *module;
}

}  // namespace quantface
