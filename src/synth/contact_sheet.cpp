#include "synth/contact_sheet.h"

#include <algorithm>
#include <vector>

#include "base/error.h"

namespace quantface {

namespace {

constexpr int64_t kColumns = 8;

}  // namespace

Image contact_sheet(const ImageSource& source, int64_t count, ThreadPool& pool, Progress& progress) {
    count = std::min(count, source.size().value_or(count));
    QF_CHECK(count > 0);
    std::vector<Image> images(static_cast<size_t>(count));
    progress.start("contact sheet, images", count);
    pool.parallel_for(count, [&](int64_t index, int) {
        if (progress.stop_requested()) return;
        images[static_cast<size_t>(index)] = source.image(index);
        progress.advance(1);
    });
    progress.finish();
    if (progress.stop_requested()) fail_work("interrupted");
    const int height = images[0].height, width = images[0].width;
    const auto columns = static_cast<int>(std::min(count, kColumns));
    const auto rows = static_cast<int>((count + columns - 1) / columns);
    Image sheet{rows * height, columns * width, {}};
    const auto line = static_cast<size_t>(sheet.width) * 3;
    sheet.rgb.assign(line * static_cast<size_t>(sheet.height), 255);
    for (int64_t i = 0; i < count; ++i) {
        const Image& image = images[static_cast<size_t>(i)];
        QF_CHECK(image.height == height && image.width == width);
        const auto top = static_cast<size_t>(i / columns * height),
                   left = static_cast<size_t>(i % columns * width);
        for (size_t y = 0; y < static_cast<size_t>(height); ++y) {
            std::copy_n(image.rgb.begin() + static_cast<ptrdiff_t>(y * static_cast<size_t>(width) * 3),
                        width * 3, sheet.rgb.begin() + static_cast<ptrdiff_t>((top + y) * line + left * 3));
        }
    }
    return sheet;
}

}  // namespace quantface
