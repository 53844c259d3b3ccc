// Verification packs from hostile bytes: the pickle reader, the pack's structure, the headers and chunks of
// images. Whatever the bytes, the only exception is quantface::Error, in one line.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string_view>

#include "base/error.h"
#include "faces/bin_pack.h"
#include "faces/image_header.h"
#include "faces/png_chunks.h"

namespace {

template <typename Work>
void expect_no_other_error(const Work& work) {
    try {
        work();
    } catch (const quantface::Error& error) {
        const std::string_view line = error.what();
        if (error.kind() != quantface::ErrorKind::kBadInput || line.find('\n') != line.npos) std::abort();
    }
}

void walk(const quantface::BinPack& pack) {
    if (pack.image_count() != 2 * pack.pair_count()) std::abort();
    for (int64_t pair = 0; pair < pack.pair_count(); ++pair) static_cast<void>(pack.same(pair));
    // Many images may share one large payload: a few are enough.
    for (int64_t index = 0; index < std::min<int64_t>(pack.image_count(), 32); ++index) {
        expect_no_other_error([&] {
            const auto bytes = pack.encoded_image(index);
            const auto header = quantface::read_image_header(bytes, "image");
            if (header.height < 1 || header.width < 1) std::abort();
        });
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::span<const uint8_t> bytes(data, size);
    expect_no_other_error(
        [&] { walk(quantface::BinPack::from_source(quantface::make_memory_source(bytes, "pack"))); });
    expect_no_other_error([&] { static_cast<void>(quantface::read_image_header(bytes, "image")); });
    // A filtered PNG image is whole, so that filtering changes it no further.
    if (const auto png = quantface::essential_png(bytes)) {
        if (png->size() > size || quantface::essential_png(*png) != png) std::abort();
    }
    return 0;
}
