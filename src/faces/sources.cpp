#include "faces/sources.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/rng.h"
#include "faces/bin_pack.h"

namespace quantface {

namespace {

namespace fs = std::filesystem;

void check_size(int height, int width) {
    constexpr int kMaxSide = 4096;
    if (height < 1 || width < 1 || height > kMaxSide || width > kMaxSide) {
        fail_usage("images of " + std::to_string(height) + " x " + std::to_string(width) +
                   " pixels asked for; sides go from 1 to " + std::to_string(kMaxSide));
    }
}

bool has_image_extension(const fs::path& path) {
    constexpr std::array<std::string_view, 7> kExtensions = {".jpg",  ".jpeg", ".png", ".bmp",
                                                             ".webp", ".pgm",  ".ppm"};
    std::string extension = path.extension().string();
    for (char& c : extension) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end();
}

// The number of each path's first folder, in order. Sorted paths have the images of a folder in a row.
std::vector<std::optional<int64_t>> identities_of(const std::vector<std::string>& sorted_paths) {
    std::vector<std::optional<int64_t>> identities;
    std::string_view folder;
    int64_t number = -1;
    for (const std::string_view path : sorted_paths) {
        const size_t slash = path.find('/');
        if (slash == std::string_view::npos) {
            identities.push_back(std::nullopt);
            continue;
        }
        if (number < 0 || path.substr(0, slash) != folder) ++number;
        folder = path.substr(0, slash);
        identities.push_back(number);
    }
    return identities;
}

class FolderSource final : public ImageSource {
  public:
    FolderSource(const fs::path& folder, int height, int width)
        : folder_(folder),
          height_(height),
          width_(width),
          paths_(list_images(folder)),
          identities_(identities_of(paths_)) {}

    std::optional<int64_t> size() const override { return static_cast<int64_t>(paths_.size()); }

    Image image(int64_t index) const override {
        QF_CHECK(index >= 0 && index < static_cast<int64_t>(paths_.size()));
        return resized(read_image(folder_ / paths_[static_cast<size_t>(index)]), height_, width_);
    }

    std::optional<int64_t> identity(int64_t index) const override {
        QF_CHECK(index >= 0 && index < static_cast<int64_t>(identities_.size()));
        return identities_[static_cast<size_t>(index)];
    }

    std::string description() const override {
        // "faces/" and "faces" have the same name; "." and ".." get the name of what they stand for.
        std::error_code error;
        fs::path whole = fs::canonical(folder_, error);
        if (error) whole = folder_;
        return "folder " + whole.filename().string() + ", " + std::to_string(paths_.size()) + " images";
    }

  private:
    fs::path folder_;
    int height_, width_;
    std::vector<std::string> paths_;
    std::vector<std::optional<int64_t>> identities_;
};

class BinSource final : public ImageSource {
  public:
    BinSource(const fs::path& path, int height, int width)
        : pack_(BinPack::open(path)), height_(height), width_(width) {}

    std::optional<int64_t> size() const override { return pack_.image_count(); }
    Image image(int64_t index) const override { return resized(pack_.image(index), height_, width_); }
    std::string description() const override {
        return "pack " + pack_.file_name() + ", " + std::to_string(pack_.image_count()) + " images";
    }

  private:
    BinPack pack_;
    int height_, width_;
};

class NoiseSource final : public ImageSource {
  public:
    NoiseSource(uint64_t seed, int height, int width) : seed_(seed), height_(height), width_(width) {}

    std::optional<int64_t> size() const override { return std::nullopt; }

    Image image(int64_t index) const override {
        QF_CHECK(index >= 0);
        Rng rng(seed_, static_cast<uint64_t>(index));
        Image image{height_, width_, {}};
        image.rgb.resize(static_cast<size_t>(height_) * static_cast<size_t>(width_) * 3);
        uint64_t bits = 0;
        for (size_t i = 0; i < image.rgb.size(); ++i) {
            bits = i % 8 == 0 ? rng.next_u64() : bits >> 8;
            image.rgb[i] = static_cast<uint8_t>(bits);
        }
        return image;
    }

    std::string description() const override { return "uniform noise, seed " + std::to_string(seed_); }

  private:
    uint64_t seed_;
    int height_, width_;
};

}  // namespace

std::vector<std::string> list_images(const fs::path& folder) {
    std::error_code error;
    fs::recursive_directory_iterator entry(folder, error);
    if (error) fail_bad_input(folder.string() + ": cannot be listed: " + error.message());
    std::vector<std::string> paths;
    while (entry != fs::recursive_directory_iterator()) {
        const std::string name = entry->path().filename().string();
        const bool hidden = name.starts_with('.');
        if (hidden) entry.disable_recursion_pending();
        std::error_code ignored;  // a dangling link is no image
        if (!hidden && has_image_extension(entry->path()) && entry->is_regular_file(ignored)) {
            paths.push_back(entry->path().lexically_relative(folder).generic_string());
        }
        entry.increment(error);
        if (error) fail_bad_input(folder.string() + ": cannot be listed: " + error.message());
    }
    if (paths.empty()) {
        fail_bad_input(folder.string() + ": no image in this folder (JPEG, PNG, BMP, WebP, PGM, PPM)");
    }
    // By their bytes, so that every machine sees the same order.
    std::sort(paths.begin(), paths.end());
    return paths;
}

std::unique_ptr<ImageSource> make_folder_source(const fs::path& folder, int height, int width) {
    check_size(height, width);
    return std::make_unique<FolderSource>(folder, height, width);
}

std::unique_ptr<ImageSource> make_bin_source(const fs::path& path, int height, int width) {
    check_size(height, width);
    return std::make_unique<BinSource>(path, height, width);
}

std::unique_ptr<ImageSource> make_noise_source(uint64_t seed, int height, int width) {
    check_size(height, width);
    return std::make_unique<NoiseSource>(seed, height, width);
}

}  // namespace quantface
