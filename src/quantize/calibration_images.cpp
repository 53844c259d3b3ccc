#include "quantize/calibration_images.h"

#include <algorithm>

#include "base/error.h"
#include "runtime/embedder.h"

namespace quantface {

CalibrationImages load_calibration_images(const ImageSource& source, const InputSpec& spec, int64_t first,
                                          int64_t count, ThreadPool& pool, Progress& progress) {
    if (const auto size = source.size()) count = std::clamp<int64_t>(*size - first, 0, count);
    CalibrationImages images;
    images.network_input.resize(count);
    images.pixels.resize(count);
    progress.start("preparing images", count);
    const size_t size = size_t{3} * spec.height * spec.width;
    pool.parallel_for(count, [&](int64_t index, int) {
        if (progress.stop_requested()) fail_work("interrupted");
        const Image image = source.image(first + index);
        const PixelsView view{image.rgb.data(), image.height, image.width};
        images.network_input[index].resize(size);
        to_network_input(view, spec, images.network_input[index]);
        images.pixels[index].resize(size);
        to_network_pixels(view, spec, images.pixels[index]);
        progress.advance(1);
    });
    progress.finish();
    return images;
}

CalibrationImages first_images(const CalibrationImages& images, int64_t count) {
    const auto part = static_cast<ptrdiff_t>(std::min<int64_t>(count, std::ssize(images.network_input)));
    return {{images.network_input.begin(), images.network_input.begin() + part},
            {images.pixels.begin(), images.pixels.begin() + part}};
}

}  // namespace quantface
