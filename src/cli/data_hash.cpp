#include "cli/data_hash.h"

#include "base/error.h"
#include "base/mapped_file.h"
#include "cli/sha256.h"

namespace quantface {

namespace {

constexpr uint64_t kMostBytes = uint64_t{1} << 40;

std::string hash_file(const std::filesystem::path& path) {
    try {
        return sha256_hex(MappedFile(path, kMostBytes).bytes());
    } catch (const Error&) {
        return "missing";
    }
}

}  // namespace

std::string hash_data_files(const std::vector<Benchmark::DataFile>& files, ThreadPool& pool,
                            Progress& progress) {
    if (files.size() == 1) return hash_file(files[0].path);
    std::vector<std::string> hashes(files.size());
    const auto count = static_cast<int64_t>(files.size());
    progress.start("hashing the data, files", count);
    pool.parallel_for(count, [&](int64_t index, int) {
        if (progress.stop_requested()) fail_work("interrupted");
        hashes[static_cast<size_t>(index)] = hash_file(files[static_cast<size_t>(index)].path);
        progress.advance(1);
    });
    progress.finish();
    std::string lines;
    for (size_t i = 0; i < files.size(); ++i) lines += hashes[i] + "  " + files[i].name + "\n";
    return sha256_hex_of_text(lines);
}

}  // namespace quantface
