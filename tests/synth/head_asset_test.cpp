// The baked head model as a file: what is written is read, and damage is refused in words.
#include "synth/assets/head_asset.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/rng.h"
#include "small_head.h"
#include "synth/assets/package_archive.h"
#include "synth/assets/threejs_mesh.h"
#include "synth/head/head_model.h"

namespace quantface {
namespace {

TEST(HeadAsset, IsReadAsItWasWritten) {
    const auto asset = make_small_head();
    const auto read = read_head_asset(write_head_asset(*asset), "test");
    ASSERT_EQ(read->points.size(), asset->points.size());
    for (size_t i = 0; i < asset->points.size(); ++i) EXPECT_EQ(read->points[i].z, asset->points[i].z);
    EXPECT_EQ(read->triangles, asset->triangles);
    EXPECT_EQ(read->landmarks, asset->landmarks);
    EXPECT_EQ(read->skins, asset->skins);
    ASSERT_EQ(read->targets.size(), 2u);
    EXPECT_EQ(read->targets[0].name, "nose/nose-hump-morehump");
    EXPECT_NEAR(read->targets[0].deltas[0].z, 12, 0.05f);
    ASSERT_EQ(read->attachments.size(), 2u);
    EXPECT_EQ(read->attachments[1].kind, AttachmentKind::kHair);
    EXPECT_EQ(read->attachments[1].anchors, asset->attachments[1].anchors);
    EXPECT_EQ(read->textures[3].rgba, asset->textures[3].rgba) << "colour and opacity";
    EXPECT_EQ(read->textures[0].rgba, asset->textures[0].rgba);
    EXPECT_EQ(write_head_asset(*read), write_head_asset(*asset));
}

TEST(HeadAsset, DamageIsRefusedOrHarmless) {
    const std::vector<uint8_t> good = write_head_asset(*make_small_head());
    auto expect_refused = [](const std::vector<uint8_t>& bytes) {
        try {
            read_head_asset(bytes, "damaged.qfha");
            ADD_FAILURE() << bytes.size() << " bytes were taken";
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
            EXPECT_NE(std::string(error.what()).find("damaged.qfha"), std::string::npos);
        }
    };
    expect_refused({});
    expect_refused({1, 2, 3, 4, 5, 6, 7, 8, 9});
    for (size_t length = 0; length < good.size(); length += 1 + good.size() / 60)
        expect_refused({good.begin(), good.begin() + static_cast<ptrdiff_t>(length)});
    // A changed byte may go unnoticed (a coordinate), but what is read can always be drawn from.
    Rng rng(3, 0);
    for (int i = 0; i < 400; ++i) {
        std::vector<uint8_t> bytes = good;
        for (int k = 0; k < 3; ++k) bytes[rng.below(bytes.size())] = static_cast<uint8_t>(rng.below(256));
        try {
            const HeadModel model(read_head_asset(bytes, "damaged.qfha"));
            EXPECT_FALSE(model.skins().empty());
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
        }
    }
}

TEST(HeadModel, PairsTargetsThatExcludeEachOther) {
    const HeadModel model(make_small_head());
    ASSERT_EQ(model.details().size(), 1u);
    EXPECT_EQ(model.details()[0].targets.size(), 2u);
    EXPECT_TRUE(model.details()[0].mates.empty());
    EXPECT_EQ(model.attachments(AttachmentKind::kHair).size(), 1u);
    EXPECT_TRUE(model.attachments(AttachmentKind::kHat).empty());
}

TEST(HeadModel, SkinsAreRelativeToTheirCheeks) {
    const auto asset = make_small_head();
    const HeadModel model(asset);
    for (const SkinMap& skin : model.skins()) {
        Vec3 sum;
        for (size_t i = 0; i < asset->corner_points.size(); ++i) {
            if (asset->masks[i][static_cast<size_t>(HeadMask::kCheeks)] > 0)
                sum += skin.at(asset->corner_uvs[i]);
        }
        EXPECT_NEAR(sum.x, 0, 1e-2f);
        EXPECT_NEAR(sum.y, 0, 1e-2f);
    }
    EXPECT_TRUE(model.skins()[0].female);
    EXPECT_TRUE(model.skins()[1].dark);
    EXPECT_GT(model.skins()[1].age, 60);
}

TEST(ThreejsMesh, ReadsFacesAnchorsAndTurnsTheTextureUpright) {
    const std::string text = R"({"vertices": [0,0,0, 1,0,0, 1,1,0, 0,1,0], "uvs": [[0,0, 1,0.25, 1,1, 0,1]],
        "materials": [{"DbgName": "body"}], "faces": [11,0,1,2,3,0,0,1,2,3, 2,0,1,2,0],
        "ref_vIdxs": [[0,1,2],[1,2,3],[2,3,0],[3,0,1]],
        "weights": [[1,0,0],[1,0,0],[1,0,0],[0.5,0.5,0]],
        "offsets": [[0,0,0],[0,0,0],[0,0,0],[0,0,2]]})";
    auto read = [](const std::string& json) {
        return read_threejs_mesh({reinterpret_cast<const uint8_t*>(json.data()), json.size()}, "mesh.json");
    };
    const ThreejsMesh mesh = read(text);
    ASSERT_EQ(mesh.faces.size(), 2u);
    EXPECT_EQ(mesh.faces[0].corners, 4);
    EXPECT_EQ(mesh.faces[0].uvs[2], 2);
    EXPECT_EQ(mesh.faces[1].corners, 3);
    EXPECT_FLOAT_EQ(mesh.uvs[1].v, 0.75f);
    EXPECT_EQ(mesh.anchors[3][2], 1);
    EXPECT_EQ(mesh.offsets[3].z, 2);
    for (const char* bad : {"", "[]", "{\"vertices\": 3}",
                            "{\"vertices\": [0,0,0], \"uvs\": [[]], \"materials\": [], "
                            "\"faces\": [0,0,0,1]}"}) {
        EXPECT_THROW(read(bad), Error) << bad;
    }
}

TEST(PackageArchive, RefusesWhatIsNone) {
    const std::vector<uint8_t> noise(1000, 7);
    auto all = [](const std::string&) { return true; };
    EXPECT_THROW(read_package_archive(noise, "noise.tgz", all), Error);
}

}  // namespace
}  // namespace quantface
