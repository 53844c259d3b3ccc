#include "faces/ijb_layout.h"

#include <gtest/gtest.h>

#include "support/real_material.h"
#include "support/scratch_folder.h"
#include "test_pack.h"

namespace quantface::test {
namespace {

class IjbLayouts : public testing::Test {
  protected:
    void SetUp() override {
        std::filesystem::create_directories(folder_ / "loose_crop");
        meta("ijbx_face_tid_mid.txt", "1.jpg 5 1\n2.jpg 5 2\n3.jpg 9 7\n");
        meta("ijbx_name_5pts_score.txt", kPoints);
        meta("ijbx_template_pair_label.txt", "5 9 0\n5 5 1\n");
    }
    void meta(const std::string& name, const std::string& text) { folder_.write("meta/" + name, text); }
    void expect_refused(const std::string& reason) {
        const std::string message = refusal([&] { read_ijb_layout(folder_.path()); });
        EXPECT_NE(message.find(reason), std::string::npos) << message << "\nexpected: " << reason;
    }

    static constexpr const char* kPoints =
        "1.jpg 1 2 3 4 5 6 7 8 9 10 0.5\n2.jpg 1 2 3 4 5 6 7 8 9 10 0.25\n3.jpg 1.5 2 3 4 5 6 7 8 9 10 "
        "1e-1\n";
    TemporaryFolder folder_;
};

TEST_F(IjbLayouts, IsReadWhole) {
    EXPECT_TRUE(is_ijb_layout(folder_.path()));
    EXPECT_FALSE(is_ijb_layout(folder_ / "loose_crop"));
    const IjbLayout layout = read_ijb_layout(folder_.path());
    ASSERT_EQ(layout.images.size(), 3u);
    EXPECT_EQ(layout.images[1].name, "2.jpg");
    EXPECT_EQ(layout.images[1].template_id, 5);
    EXPECT_EQ(layout.images[1].medium, 2);
    EXPECT_EQ(layout.images[2].landmarks[0][0], 1.5f);
    EXPECT_EQ(layout.images[2].landmarks[4][1], 10.0f);
    EXPECT_EQ(layout.images[2].score, 0.1f);
    ASSERT_EQ(layout.pairs.size(), 2u);
    EXPECT_EQ(layout.pairs[0].b, 9);
    EXPECT_FALSE(layout.pairs[0].same);
    EXPECT_TRUE(layout.gallery.empty());
}

TEST_F(IjbLayouts, IdentificationFilesWhereTheyAre) {
    meta("ijbx_1N_gallery_G1.csv", "TEMPLATE_ID,SUBJECT_ID,FILENAME\n5,100,a.jpg\n5,100,b.jpg\n");
    meta("ijbx_1N_probe_mixed.csv", "TEMPLATE_ID,SUBJECT_ID,FILENAME\n9,100,a.jpg\n");
    const IjbLayout layout = read_ijb_layout(folder_.path());
    ASSERT_EQ(layout.gallery.size(), 1u);
    EXPECT_EQ(layout.gallery[0].subject, 100);
    ASSERT_EQ(layout.probes.size(), 1u);
    EXPECT_EQ(layout.probes[0].template_id, 9);
    meta("ijbx_1N_probe_mixed.csv", "TEMPLATE_ID,SUBJECT_ID\n8,100\n");
    expect_refused("template 8 has no image");
}

TEST_F(IjbLayouts, WhatIsWrongIsSaidWithItsLine) {
    meta("ijbx_name_5pts_score.txt", "1.jpg 1 2 3 4 5 6 7 8 9 10 0.5\n3.jpg 1 2 3 4 5 6 7 8 9 10 1\n");
    expect_refused("line 2: image 3.jpg");
    meta("ijbx_name_5pts_score.txt", "1.jpg 1 2 3 4 5 6 7 8 9 10 0.5\n");
    expect_refused("1 images");
    meta("ijbx_name_5pts_score.txt", "1.jpg 1 2 3 4 nan 6 7 8 9 10 0.5\n");
    expect_refused("'nan'");
    meta("ijbx_name_5pts_score.txt", "1.jpg 1 2 3\n");
    expect_refused("too few fields");
    meta("ijbx_name_5pts_score.txt", kPoints);
    meta("ijbx_template_pair_label.txt", "5 9 0\n5 10 1\n");
    expect_refused("template 10 has no image");
    meta("ijbx_template_pair_label.txt", "5 9 2\n");
    expect_refused("1 or 0");
    meta("ijbx_template_pair_label.txt", "");
    expect_refused("no pair");
    meta("ijbx_face_tid_mid.txt", "../1.jpg 5 1\n");
    expect_refused("leaves the folder");
    meta("ijbx_face_tid_mid.txt", "1.jpg 5 1 1\n");
    expect_refused("more fields");
    meta("ijby_face_tid_mid.txt", "1.jpg 5 1\n");
    expect_refused("more than one");
    std::filesystem::remove_all(folder_ / "loose_crop");
    expect_refused("no such folder");
}

TEST(RealIjbLayout, IsRead) {
    const std::filesystem::path folder = shared_folder() / "data" / "lfw_ijb";
    if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no ../shared";
    const IjbLayout layout = read_ijb_layout(folder);
    EXPECT_EQ(layout.images.size(), 2202u);
    EXPECT_EQ(layout.pairs.size(), 40314u);
}

}  // namespace
}  // namespace quantface::test
