// Image sources from folders, verification packs and noise.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "faces/image_source.h"

namespace quantface {

// The images below a folder that make_folder_source would give: their paths relative to it, with '/', in its
// order.
std::vector<std::string> list_images(const std::filesystem::path& folder);

// All three give images of height x width; stored images of another size are resized. height and width: 1 to
// 4096, else Error(kUsage).

// The JPEG, PNG, BMP, WebP, PGM and PPM files below a folder, by extension, in the order of their relative
// paths. Hidden files and folders are passed over, links to folders not followed. Throws Error(kBadInput)
// where the folder is missing or holds no image. Each subfolder right below it holds one person's images:
// identities count the subfolders in order; images right in the folder have none.
std::unique_ptr<ImageSource> make_folder_source(const std::filesystem::path& folder, int height, int width);

// The images of a verification pack, in its order (faces/bin_pack.h).
std::unique_ptr<ImageSource> make_bin_source(const std::filesystem::path& path, int height, int width);

// Endless; each byte of image i uniform in 0..255, from Rng(seed, i).
std::unique_ptr<ImageSource> make_noise_source(uint64_t seed, int height, int width);

}  // namespace quantface
