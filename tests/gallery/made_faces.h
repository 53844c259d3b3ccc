// Embeddings of made-up people, and galleries of them.
#pragma once

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "base/rng.h"
#include "eval/embeddings.h"
#include "gallery/gallery.h"

namespace quantface::test {

// Faces of one person have cosines of about `likeness` with each other, people are spread evenly.
class MadeFaces {
  public:
    MadeFaces(int dimension, double likeness, uint64_t seed = 1)
        : dimension_(dimension), likeness_(likeness), seed_(seed) {}

    std::vector<float> face(int64_t person, int64_t face) const {
        const auto size = static_cast<size_t>(dimension_);
        Rng centre(seed_, static_cast<uint64_t>(2 * person));
        Rng own(seed_ + 1 + static_cast<uint64_t>(face), static_cast<uint64_t>(2 * person + 1));
        std::vector<float> row(size);
        const double shared = std::sqrt(likeness_), rest = std::sqrt(1 - likeness_);
        for (float& number : row) number = static_cast<float>(shared * centre.normal() + rest * own.normal());
        normalize_embeddings(row, dimension_);
        return row;
    }

  private:
    int dimension_;
    double likeness_;
    uint64_t seed_;
};

inline GalleryNetwork made_network(int dimension) {
    return {std::string(64, 'a'), "made.onnx", dimension, "112 x 112", "aligned"};
}

inline Sha256 made_photo(int64_t person, int64_t face) {
    const int64_t key[2] = {person, face};
    return sha256_of({reinterpret_cast<const uint8_t*>(key), sizeof key});
}

// `people` with `faces` each, "person 000012" and "12/3.jpg".
inline void enroll_made(Gallery& gallery, const MadeFaces& made, int64_t people, int64_t faces) {
    std::vector<std::vector<float>> rows;
    std::vector<NewFace> batch;
    for (int64_t person = 0; person < people; ++person) {
        for (int64_t face = 0; face < faces; ++face) rows.push_back(made.face(person, face));
    }
    for (int64_t i = 0; i < people * faces; ++i) {
        const std::string number = std::to_string(i / faces);
        batch.push_back({"person " + std::string(6 - number.size(), '0') + number,
                         number + "/" + std::to_string(i % faces) + ".jpg", made_photo(i / faces, i % faces),
                         rows[static_cast<size_t>(i)]});
    }
    gallery.enroll(batch);
}

// A folder of its own for a test.
class MadeFolder {
  public:
    MadeFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "quantface_gallery_XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    ~MadeFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    MadeFolder(const MadeFolder&) = delete;
    MadeFolder& operator=(const MadeFolder&) = delete;
    std::filesystem::path file(const std::string& name) const { return path_ / name; }

  private:
    std::filesystem::path path_;
};

}  // namespace quantface::test
