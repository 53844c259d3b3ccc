// Verification packs: the .bin files of InsightFace (LFW, CFP-FP, AgeDB-30, CALFW, CPLFW). A Python pickle of
// a pair: a list of 2N encoded images, and N flags that say whether images 2i and 2i+1 show the same person.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "faces/byte_source.h"
#include "faces/image.h"
#include "faces/pickle_value.h"

namespace quantface {

// Images stay in the file and are decoded on request, so a pack of a gigabyte opens in little memory. All
// const functions are thread-safe.
class BinPack {
  public:
    // Checks the whole structure, but decodes no image. Throws Error(kBadInput) naming the file, and the
    // image or flag that is wrong, where it is not such a pack. Images may be bytes, bytearrays or
    // one-dimensional NumPy arrays of u8; flags Python or NumPy booleans or the integers 0 and 1, one by one
    // or as one NumPy array.
    static BinPack open(const std::filesystem::path& path);
    static BinPack from_source(std::shared_ptr<const ByteSource> source);

    // The file's name without its folder.
    std::string file_name() const;
    int64_t pair_count() const { return static_cast<int64_t>(same_.size()); }
    int64_t image_count() const { return static_cast<int64_t>(images_.size()); }
    bool same(int64_t pair) const;
    const std::vector<bool>& same_flags() const { return same_; }

    // The image as stored (JPEG, PNG, ...). index in [0, image_count()).
    std::vector<uint8_t> encoded_image(int64_t index) const;
    // Throws Error(kBadInput) naming the file and the image where it cannot be decoded.
    Image image(int64_t index) const;

  private:
    struct StoredImage {
        PickleBytes bytes;
        uint64_t decoded_bytes = kAnySize;  // what a NumPy array's shape says
    };
    static constexpr uint64_t kAnySize = UINT64_MAX;

    BinPack() = default;
    void read_images(const Pickle& pickle, PickleRef list);
    void read_flags(const Pickle& pickle, PickleRef flags);
    std::string image_name(int64_t index) const;

    std::shared_ptr<const ByteSource> source_;
    std::vector<StoredImage> images_;
    std::vector<bool> same_;
};

}  // namespace quantface
