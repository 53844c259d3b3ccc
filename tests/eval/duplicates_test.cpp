#include "eval/duplicates.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/rng.h"
#include "eval/embeddings.h"

namespace quantface::test {
namespace {

// Images in memory.
class ListSource final : public ImageSource {
  public:
    explicit ListSource(std::vector<Image> images) : images_(std::move(images)) {}
    std::optional<int64_t> size() const override { return static_cast<int64_t>(images_.size()); }
    Image image(int64_t index) const override { return images_.at(static_cast<size_t>(index)); }
    std::string description() const override { return "list"; }

  private:
    std::vector<Image> images_;
};

Image random_image(uint64_t seed) {
    Rng rng(seed);
    Image image{20, 24, std::vector<uint8_t>(20 * 24 * 3)};
    for (uint8_t& byte : image.rgb) byte = static_cast<uint8_t>(50 + rng.below(150));
    return image;
}

Image brighter(Image image, int levels) {
    for (uint8_t& byte : image.rgb) byte = static_cast<uint8_t>(byte + levels);
    return image;
}

// All embeddings alike but for those of `apart`, which stand alone.
std::vector<Duplicate> find(const std::vector<Image>& images, const std::vector<size_t>& apart,
                            const DuplicateLimits& limits) {
    const ListSource source(images);
    std::vector<Fingerprint> prints;
    const size_t size = images.size() + 1;
    std::vector<float> rows;
    for (size_t i = 0; i < images.size(); ++i) {
        prints.push_back(fingerprint_of(images[i]));
        std::vector<float> row(size, 0.0f);
        row[std::count(apart.begin(), apart.end(), i) ? i + 1 : 0] = 1;
        rows.insert(rows.end(), row.begin(), row.end());
    }
    ThreadPool pool(2);
    SilentProgress progress;
    PairScanOptions options;
    options.close_cosine = limits.cosine;
    options.is_candidate = [&](int64_t a, int64_t b) {
        return may_be_duplicates(prints[static_cast<size_t>(a)], prints[static_cast<size_t>(b)], limits);
    };
    const PairScan pairs = scan_pairs(rows, static_cast<int64_t>(size), options, pool, progress);
    return find_duplicates(source, prints, pairs.close, limits, pool, progress);
}

TEST(Duplicates, IdenticalAndNearlyIdenticalImagesAreFound) {
    const Image a = random_image(1), b = random_image(2);
    // 0 a, 1 b, 2 a again, 3 a three levels brighter, 4 b nine levels brighter.
    const std::vector<Duplicate> found = find({a, b, a, brighter(a, 3), brighter(b, 9)}, {}, {0.9, 8});
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].image, 2);
    EXPECT_EQ(found[0].earlier, 0);
    EXPECT_TRUE(found[0].identical);
    EXPECT_EQ(found[0].pixel_difference, 0);
    EXPECT_EQ(found[1].image, 3);
    EXPECT_EQ(found[1].earlier, 0);
    EXPECT_FALSE(found[1].identical);
    EXPECT_EQ(found[1].pixel_difference, 3);
    EXPECT_NEAR(found[1].cosine, 1, 1e-6);
    EXPECT_EQ(find({a, b, a, brighter(a, 3), brighter(b, 9)}, {}, {0.9, 9}).size(), 3u);
}

TEST(Duplicates, EmbeddingsThatDifferAreNoDuplicatesUnlessPixelsAreTheSame) {
    const Image a = random_image(1);
    const std::vector<Duplicate> found = find({a, brighter(a, 2), a}, {1, 2}, {0.9, 8});
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].image, 2);
    EXPECT_TRUE(found[0].identical);
}

TEST(Duplicates, ASetWithoutAnyHasNone) {
    EXPECT_TRUE(find({random_image(1), random_image(2), random_image(3)}, {}, {0.5, 8}).empty());
}

TEST(Duplicates, OneImageManyTimesIsListedOnceEach) {
    const std::vector<Duplicate> found = find(std::vector<Image>(50, random_image(4)), {}, {0.9, 8});
    ASSERT_EQ(found.size(), 49u);
    for (const Duplicate& duplicate : found) EXPECT_EQ(duplicate.earlier, 0);
}

}  // namespace
}  // namespace quantface::test
