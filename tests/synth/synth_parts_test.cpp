// The renderer's parts against what they must obey.
#include <gtest/gtest.h>

#include <cmath>

#include "synth/built_in/head_shape.h"
#include "synth/curve.h"
#include "synth/lighting.h"
#include "synth/noise.h"
#include "synth/rasterizer.h"
#include "synth/sensor.h"
#include "synth/skin_colour.h"

namespace quantface {
namespace {

TEST(Curve, PassesThroughItsKnotsAndNeverOvershoots) {
    const Curve<4> curve({{{0, 1}, {1, 5}, {2, 5}, {6, 2}}});
    EXPECT_FLOAT_EQ(curve(0), 1);
    EXPECT_FLOAT_EQ(curve(1), 5);
    EXPECT_FLOAT_EQ(curve(6), 2);
    EXPECT_FLOAT_EQ(curve(-9), 1);
    EXPECT_FLOAT_EQ(curve(99), 2);
    for (float at = 0; at < 6; at += 0.01f) {
        EXPECT_GE(curve(at), 1 - 1e-5f);
        EXPECT_LE(curve(at), 5 + 1e-5f);
    }
    for (float at = 1; at <= 2; at += 0.1f) EXPECT_NEAR(curve(at), 5, 1e-5f);
}

TEST(Noise, StaysInRangeAndIsContinuous) {
    for (float x = -20; x < 20; x += 0.037f) {
        const Vec3 p{x, 0.7f * x, 3 - x};
        EXPECT_LE(std::abs(noise3(p, 5)), 1.0f);
        EXPECT_LT(std::abs(noise3(p + Vec3{1e-3f, 0, 0}, 5) - noise3(p, 5)), 0.02f);
        EXPECT_LE(std::abs(noise2(x, -x, 5)), 1.0f);
    }
}

TEST(Rasterizer, DrawsTheNearerTriangleAndItsWeights) {
    // Two triangles over the same samples, the second nearer.
    const std::vector<Triangle> triangles = {{{0, 1, 2}, Material::kSkin}, {{3, 4, 5}, Material::kHair}};
    const std::vector<Vec3> corners = {{0, 0, 9}, {8, 0, 9}, {0, 8, 9}, {0, 0, 4}, {0, 8, 4}, {8, 0, 4}};
    FragmentBuffer buffer(8, 8);
    rasterize(triangles, corners, buffer);
    const Fragment& f = buffer.at(1, 2);
    EXPECT_EQ(f.triangle, 1u);
    EXPECT_FLOAT_EQ(f.depth, 4);
    EXPECT_NEAR(f.weight_b, 2.5f / 8, 1e-5f);
    EXPECT_NEAR(f.weight_c, 1.5f / 8, 1e-5f);
    EXPECT_EQ(buffer.at(7, 7).triangle, kNoTriangle);
}

TEST(Rasterizer, SkipsPointsThatAreNotNumbersOrFarOutside) {
    const std::vector<Triangle> triangles = {{{0, 1, 2}, Material::kSkin}};
    FragmentBuffer buffer(4, 4);
    rasterize(triangles, std::vector<Vec3>{{NAN, 0, 1}, {4, 0, 1}, {0, 4, 1}}, buffer);
    rasterize(triangles, std::vector<Vec3>{{-1e30f, 0, 1}, {1e30f, 0, 1}, {0, 1e30f, 1}}, buffer);
    for (const Fragment& f : buffer.fragments) EXPECT_EQ(f.triangle, kNoTriangle);
}

TEST(HeadShape, IsFiniteAndFaceLikeForManyPeople) {
    for (uint64_t identity = 0; identity < 200; ++identity) {
        const FaceTraits face = sample_face_traits(9, identity);
        const ViewTraits view = sample_view_traits(9, identity, 0, face);
        const HeadShape head(face, view.expression);
        const auto marks = head.landmarks();
        for (const Vec3& mark : marks) EXPECT_TRUE(std::isfinite(mark.x + mark.y + mark.z));
        EXPECT_LT(marks[0].x, -15);
        EXPECT_GT(marks[1].x, 15);
        EXPECT_LT(marks[2].y, marks[0].y - 10) << "the nose's tip is below the eyes";
        EXPECT_LT(marks[3].y, marks[2].y - 5) << "the mouth is below the nose's tip, identity " << identity;
        EXPECT_GT(marks[2].z, marks[0].z + 5) << "the nose stands out, identity " << identity;
        for (float y = -220; y < face.shape.crown_height; y += 7.3f) {
            const HeadShape::Row row = head.row(y);
            for (float angle = -3.1f; angle < 3.1f; angle += 0.11f) {
                const Vec3 p = head.warp(head.point(row, angle));
                ASSERT_TRUE(std::isfinite(p.x + p.y + p.z)) << y << " " << angle;
                ASSERT_LT(std::abs(p.x), 140);
                ASSERT_LT(p.z, 90);
            }
        }
    }
}

TEST(SkinMaterial, DarkensWithMelaninAndReddensWithBlood) {
    const Vec3 pale = skin_colour(0.05f, 0.4f, 0.1f), dark = skin_colour(0.9f, 0.4f, 0.1f);
    EXPECT_GT(luminance(pale), 3 * luminance(dark));
    const Vec3 flushed = skin_colour(0.05f, 1.2f, 0.1f);
    EXPECT_GT(flushed.x / flushed.y, pale.x / pale.y);
}

TEST(ShadowMap, AWallShadesWhatIsBehindIt) {
    // A square wall at z = 50, a lamp straight ahead.
    const std::vector<Triangle> triangles = {{{0, 1, 2}, Material::kSkin}, {{2, 1, 3}, Material::kSkin}};
    const std::vector<Vec3> wall = {{-40, -40, 50}, {40, -40, 50}, {-40, 40, 50}, {40, 40, 50}};
    const ShadowMap map({0, 0, 1}, triangles, wall);
    EXPECT_FLOAT_EQ(map.visibility({0, 0, -20}, {0, 0, 1}, 1), 0);
    EXPECT_FLOAT_EQ(map.visibility({0, 0, 50}, {0, 0, 1}, 1), 1) << "the wall does not shade itself";
    EXPECT_FLOAT_EQ(map.visibility({90, 0, -20}, {0, 0, 1}, 1), 1);
    const float edge = map.visibility({40, 0, -20}, {0, 0, 1}, 3);
    EXPECT_GT(edge, 0.1f);
    EXPECT_LT(edge, 0.9f);
}

FloatImage textured_picture() {
    FloatImage picture{48, std::vector<Vec3>(48 * 48)};
    for (int y = 0; y < 48; ++y) {
        for (int x = 0; x < 48; ++x) {
            const float v = 0.5f + 0.4f * noise2(static_cast<float>(x) / 3, static_cast<float>(y) / 3, 1);
            picture.at(x, y) = {v, v, v};
        }
    }
    return picture;
}

double mean_loss(int quality) {
    const FloatImage before = textured_picture();
    FloatImage after = before;
    compress_like_jpeg(after, quality, 3, 5);
    double loss = 0;
    for (size_t i = 0; i < before.pixels.size(); ++i)
        loss += std::abs(after.pixels[i].x - before.pixels[i].x);
    return loss / static_cast<double>(before.pixels.size());
}

TEST(JpegLoss, GrowsAsQualityFalls) {
    EXPECT_LT(mean_loss(100), 0.004);
    EXPECT_LT(mean_loss(100), mean_loss(80));
    EXPECT_LT(mean_loss(80), mean_loss(30));
    EXPECT_LT(mean_loss(30), mean_loss(5));
    EXPECT_LT(mean_loss(5), 0.3);
}

TEST(Sensor, WithoutEffectsOnlyRounds) {
    SensorTraits sensor;
    sensor.noise = 0;
    const FloatImage picture = textured_picture();
    const Image image = expose(picture, sensor);
    for (size_t i = 0; i < picture.pixels.size(); ++i) {
        EXPECT_NEAR(image.rgb[3 * i], 255 * picture.pixels[i].x, 0.51);
    }
}

TEST(Sensor, GreyPicturesHaveEqualChannels) {
    SensorTraits sensor;
    sensor.grey = true;
    sensor.jpeg_quality = 50;
    const Image image = expose(textured_picture(), sensor);
    for (size_t i = 0; i < image.rgb.size(); i += 3) {
        EXPECT_EQ(image.rgb[i], image.rgb[i + 1]);
        EXPECT_EQ(image.rgb[i], image.rgb[i + 2]);
    }
}

TEST(Develop, IsMonotonous) {
    SensorTraits sensor;
    float previous = -1;
    for (float light = 0; light < 4; light += 0.01f) {
        const Vec3 value = Development(sensor)({light, light, light});
        EXPECT_GE(value.y, previous);
        previous = value.y;
    }
    EXPECT_GT(previous, 0.95f);
}

}  // namespace
}  // namespace quantface
