#include "cli/image_inputs.h"

#include <fmt/format.h>

#include <memory>

#include "faces/bin_pack.h"
#include "faces/sources.h"

namespace quantface {

namespace fs = std::filesystem;

std::vector<InputImage> expand_inputs(const std::vector<std::string>& inputs) {
    std::vector<InputImage> images;
    for (const std::string& input : inputs) {
        const fs::path path = input;
        std::error_code ignored;  // what cannot be looked at is reported by the reader
        if (fs::is_directory(path, ignored)) {
            for (const std::string& name : list_images(path)) {
                images.push_back({(path / name).generic_string(), name,
                                  [file = path / name] { return read_image(file); }});
            }
        } else if (path.extension() == ".bin") {
            const auto pack = std::make_shared<const BinPack>(BinPack::open(path));
            for (int64_t i = 0; i < pack->image_count(); ++i) {
                images.push_back({fmt::format("{}#{}", input, i), fmt::format("{:06}.png", i),
                                  [pack, i] { return pack->image(i); }});
            }
        } else {
            images.push_back({input, path.filename(), [path] { return read_image(path); }});
        }
    }
    return images;
}

}  // namespace quantface
