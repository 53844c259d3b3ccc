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
    if (lines_.empty()) return;
    if (images == 1) fail_bad_input(lines_.begin()->second);
    for (const auto& [index, line] : lines_) {
        std::string one_line = line;
        for (char& c : one_line) {
            if (static_cast<unsigned char>(c) < 0x20) c = ' ';
        }
        fmt::print(stderr, "quantface: {}\n", one_line);
    }
    fail_bad_input(fmt::format("{} of {} images skipped", format_count(static_cast<int64_t>(lines_.size())),
                               format_count(images)));
}

}  // namespace quantface
