// A folder of face images as PNG files, one subfolder per identity, with a manifest that says what they were
// made with: written image by image, in any order, and taken up again where it stopped.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "faces/image.h"

namespace quantface {

// Smallest and largest number of images that a folder is asked for.
inline constexpr int64_t kMaxFolderImages = 100'000'000;

struct FaceFolderSpec {
    std::filesystem::path folder;
    int64_t count = 0;               // images wanted, 1 to kMaxFolderImages
    int64_t views_per_identity = 2;  // images of each person, in its subfolder; 1 to 100000
    std::string contents;            // what the folder holds, for messages: "rendered faces"
    // What must be the same for the folder to be gone on with: name and JSON value, as they stand in the
    // manifest, e.g. {"seed", "4"} or {"source", "\"folder faces\""}.
    std::vector<std::pair<std::string, std::string>> settings;
    // Names of numbers that the manifest holds of each image, with one decimal: {"yaw", "pitch"}.
    std::vector<std::string> image_numbers;
};

// Files are folder/000012/000012_1.png and so on: identity and view of image 25 with two views each. The
// manifest, folder/manifest.json, holds the settings, views_per_identity, count, and per image the file,
// identity, view, the image's numbers and the CRC-32C of the file.
class FaceFolder {
  public:
    // Creates the folder, or takes up what its manifest lists; a larger count extends it and a smaller one
    // loses nothing. Throws Error: kUsage for counts out of range, a folder of other settings or one that
    // holds something else; kBadInput where the manifest cannot be read; kFailed where the disk refuses.
    explicit FaceFolder(FaceFolderSpec spec);

    // Whether the image is listed and its file as it was written. Thread-safe for different images, as write
    // is.
    bool is_whole(int64_t index) const;
    // numbers: one for each name of image_numbers.
    void write(int64_t index, const Image& image, std::vector<float> numbers);
    // Records what was written; until then an abrupt end loses it.
    void save_manifest() const;

  private:
    struct Entry {
        std::vector<float> numbers;
        uint32_t checksum = 0;
    };
    std::string file_name(int64_t index) const;
    std::filesystem::path manifest_path() const { return spec_.folder / "manifest.json"; }
    void read_manifest();

    FaceFolderSpec spec_;
    std::vector<std::optional<Entry>> entries_;  // one per image, empty where it is not there yet
};

}  // namespace quantface
