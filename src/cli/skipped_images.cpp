#include "cli/skipped_images.h"

#include <fmt/format.h>

#include <cstdio>

#include "base/error.h"
#include "cli/photos.h"
#include "cli/text_table.h"

namespace quantface {

bool SkippedImages::attempt(int64_t index, const std::function<void()>& work) {
    try {
        work();
        return true;
    } catch (const DetectorError&) {
        throw;
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::kBadInput) throw;
        const std::lock_guard lock(mutex_);
        lines_[index] = error.what();
        return false;
    }
}

Json SkippedImages::json(const std::vector<InputImage>& images) const {
    Json list = Json::array();
    for (const auto& [index, line] : lines_) {
        list.push_back({{"image", images[static_cast<size_t>(index)].name}, {"reason", line}});
    }
    return list;
}

void SkippedImages::report(int64_t images) const {
    std::vector<std::string> lines;
    for (const auto& [index, line] : lines_) lines.push_back(line);
    report_skipped(lines, images);
}

void report_skipped(const std::vector<std::string>& lines, int64_t images) {
    if (lines.empty()) return;
    if (images == 1) fail_bad_input(lines[0]);
    for (std::string line : lines) {
        for (char& c : line) {
            if (static_cast<unsigned char>(c) < 0x20) c = ' ';
        }
        fmt::print(stderr, "quantface: {}\n", line);
    }
    fail_bad_input(fmt::format("{} of {} images skipped", format_count(static_cast<int64_t>(lines.size())),
                               format_count(images)));
}

}  // namespace quantface
