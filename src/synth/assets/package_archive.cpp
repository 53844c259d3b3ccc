#include "synth/assets/package_archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <memory>

#include "base/error.h"

namespace quantface {

namespace {

constexpr size_t kMaxBytes = size_t{1} << 30;

struct ArchiveCloser {
    void operator()(archive* handle) const { archive_read_free(handle); }
};

}  // namespace

std::map<std::string, std::vector<uint8_t>> read_package_archive(
    std::span<const uint8_t> bytes, const std::string& name,
    const std::function<bool(const std::string&)>& wanted) {
    const std::unique_ptr<archive, ArchiveCloser> reader(archive_read_new());
    QF_CHECK(reader != nullptr);
    archive_read_support_filter_gzip(reader.get());
    archive_read_support_format_tar(reader.get());
    auto refuse = [&]() {
        const char* reason = archive_error_string(reader.get());
        fail_bad_input(name + ": not a whole package archive (.tgz): " +
                       (reason != nullptr ? reason : "unknown reason"));
    };
    if (archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK) refuse();
    std::map<std::string, std::vector<uint8_t>> files;
    size_t total = 0;
    for (;;) {
        archive_entry* entry = nullptr;
        const int status = archive_read_next_header(reader.get(), &entry);
        if (status == ARCHIVE_EOF) break;
        if (status != ARCHIVE_OK) refuse();
        const char* path = archive_entry_pathname(entry);
        if (path == nullptr || archive_entry_filetype(entry) != AE_IFREG || !wanted(path)) continue;
        const int64_t size = archive_entry_size(entry);
        total += static_cast<size_t>(size);
        if (size < 0 || total > kMaxBytes) fail_bad_input(name + ": package archive of more than 1 GB");
        std::vector<uint8_t>& file = files[path];
        file.resize(static_cast<size_t>(size));
        if (archive_read_data(reader.get(), file.data(), file.size()) != size) refuse();
    }
    return files;
}

}  // namespace quantface
