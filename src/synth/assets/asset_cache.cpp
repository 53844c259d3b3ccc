#include "synth/assets/asset_cache.h"

#include <cstdlib>
#include <mutex>

#include "base/file.h"

namespace quantface {

std::filesystem::path user_cache_folder() {
    auto variable = [](const char* name) {
        const char* value = std::getenv(name);
        return std::filesystem::path(value == nullptr ? "" : value);
    };
    if (const auto own = variable("QUANTFACE_CACHE"); !own.empty()) return own;
    if (const auto shared = variable("XDG_CACHE_HOME"); !shared.empty()) return shared / "quantface";
    if (const auto home = variable("HOME"); !home.empty()) return home / ".cache" / "quantface";
    return {};
}

std::filesystem::path head_asset_path() {
    const std::filesystem::path folder = user_cache_folder();
    return folder.empty() ? folder : folder / ("head-" + std::to_string(kHeadAssetVersion) + ".qfha");
}

std::shared_ptr<const HeadAsset> cached_head_asset() {
    static std::mutex mutex;
    static std::shared_ptr<const HeadAsset> asset;
    const std::lock_guard lock(mutex);
    if (asset != nullptr) return asset;
    const std::filesystem::path path = head_asset_path();
    std::error_code ignored;
    if (path.empty() || !std::filesystem::exists(path, ignored)) return nullptr;
    asset = read_head_asset(read_file(path, uint64_t{1} << 28), path.string());
    return asset;
}

}  // namespace quantface
