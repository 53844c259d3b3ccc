#include "faces/sources.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "base/file.h"
#include "test_pack.h"

namespace quantface::test {
namespace {

namespace fs = std::filesystem;

class FolderSourceTest : public testing::Test {
  protected:
    FolderSourceTest()
        : folder_(fs::temp_directory_path() / ("quantface_sources_" + std::to_string(::getpid()))) {
        fs::remove_all(folder_);
        fs::create_directories(folder_);
    }
    ~FolderSourceTest() override { fs::remove_all(folder_); }

    void put(const std::string& name, int height, int width, uint8_t level) {
        fs::create_directories((folder_ / name).parent_path());
        write_file_atomically(folder_ / name, small_png(height, width, level));
    }

    fs::path folder_;
};

TEST_F(FolderSourceTest, ListsSortedRecursivelyAndResizes) {
    put("b.png", 4, 4, 20);
    put("a/z.PNG", 8, 8, 10);
    put("a/deep/x.png", 4, 4, 5);
    put("c.jpeg", 4, 4, 30);  // the content decides, the name only lists
    put(".hidden/x.png", 4, 4, 99);
    put("._b.png", 4, 4, 99);
    write_file_atomically(folder_ / "notes.txt", std::string("no image"));
    fs::create_directory_symlink(folder_, folder_ / "loop");
    const auto source = make_folder_source(folder_, 4, 4);
    ASSERT_EQ(source->size(), 4);
    const std::array<uint8_t, 4> levels = {5, 10, 20, 30};
    for (int64_t index = 0; index < 4; ++index) {
        const Image image = source->image(index);
        EXPECT_EQ(image.height, 4);
        EXPECT_EQ(image.width, 4);
        EXPECT_EQ(image.rgb[0], levels[static_cast<size_t>(index)]);
    }
    EXPECT_EQ(source->description(), "folder " + folder_.filename().string() + ", 4 images");
    EXPECT_EQ(make_folder_source(folder_.string() + "/", 4, 4)->description(), source->description());
}

TEST_F(FolderSourceTest, SubfoldersAreIdentities) {
    // In the order of their bytes: "a-b/" stands before "a/", "b.png" between the folders.
    for (const char* name : {"a-b/1.png", "a/1.png", "a/deep/2.png", "b.png", "c/1.png", "c/2.png"}) {
        put(name, 4, 4, 1);
    }
    const auto source = make_folder_source(folder_, 4, 4);
    const std::array<std::optional<int64_t>, 6> identities = {0, 1, 1, std::nullopt, 2, 2};
    for (int64_t index = 0; index < 6; ++index) {
        EXPECT_EQ(source->identity(index), identities[static_cast<size_t>(index)]) << index;
    }
    EXPECT_EQ(make_noise_source(1, 4, 4)->identity(0), std::nullopt);
}

TEST_F(FolderSourceTest, BrokenImageIsNamedWhenAskedFor) {
    put("a.png", 4, 4, 1);
    write_file_atomically(folder_ / "b.png", std::string("no image"));
    const auto source = make_folder_source(folder_, 4, 4);
    EXPECT_NO_THROW(source->image(0));
    EXPECT_NE(refusal([&] { source->image(1); }).find("b.png: not an image"), std::string::npos);
}

TEST_F(FolderSourceTest, EmptyAndMissingFoldersAreRefused) {
    EXPECT_NE(refusal([&] { make_folder_source(folder_, 4, 4); }).find("no image in this folder"),
              std::string::npos);
    EXPECT_NE(refusal([&] { make_folder_source(folder_ / "none", 4, 4); }).find("cannot be listed"),
              std::string::npos);
}

TEST(BinSource, GivesThePacksImagesResized) {
    const auto source = make_bin_source("fuzz/corpus/bin_pack/bytes_protocol_4", 3, 5);
    EXPECT_EQ(source->size(), 4);
    EXPECT_EQ(source->description(), "pack bytes_protocol_4, 4 images");
    EXPECT_EQ(source->image(3).height, 3);
    EXPECT_EQ(source->image(3).width, 5);
}

TEST(NoiseSource, DependsOnSeedAndIndexOnlyAndIsUniform) {
    const auto source = make_noise_source(3, 112, 96);
    EXPECT_EQ(source->size(), std::nullopt);
    EXPECT_EQ(source->description(), "uniform noise, seed 3");
    const Image later = source->image(1000000007), first = source->image(0);
    EXPECT_EQ(later.height, 112);
    EXPECT_EQ(later.width, 96);
    EXPECT_EQ(later.rgb, make_noise_source(3, 112, 96)->image(1000000007).rgb);
    EXPECT_NE(later.rgb, first.rgb);
    EXPECT_NE(first.rgb, make_noise_source(4, 112, 96)->image(0).rgb);
    // 32,256 bytes, 126 a value expected, standard deviation 11.2: chi-square with 255 degrees stays below
    // 360.
    std::array<double, 256> counts{};
    for (const uint8_t value : first.rgb) ++counts[value];
    double chi_square = 0;
    for (const double count : counts) chi_square += (count - 126) * (count - 126) / 126;
    EXPECT_LT(chi_square, 360);
    EXPECT_GT(chi_square, 160);
}

TEST(Sources, SizesOutOfRangeAreWrongUsage) {
    for (const int side : {0, -1, 5000}) {
        try {
            make_noise_source(1, side, 10);
            ADD_FAILURE();
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::kUsage);
        }
    }
}

}  // namespace
}  // namespace quantface::test
