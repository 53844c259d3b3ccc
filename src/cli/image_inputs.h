// INPUT... on the command line: images, folders of them, verification packs.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "faces/image.h"

namespace quantface {

struct InputImage {
    std::string name;             // for messages: the path, or PACK#NUMBER
    std::filesystem::path place;  // below its folder or pack; a file's name where it was named itself
    std::function<Image()> read;  // throws Error(kBadInput) naming the image
};

// In the order given; a folder's in the order of their paths. Throws Error(kBadInput) where a folder holds no
// image or a pack is none. An image that is missing fails when it is read.
std::vector<InputImage> expand_inputs(const std::vector<std::string>& inputs);

}  // namespace quantface
