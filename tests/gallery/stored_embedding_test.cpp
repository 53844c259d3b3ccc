#include "gallery/stored_embedding.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "base/error.h"
#include "made_faces.h"

namespace quantface::test {
namespace {

std::vector<float> restored(FaceStore store, const std::vector<uint8_t>& stored, size_t size) {
    std::vector<float> numbers(size);
    restore_embedding(store, stored, "test", numbers);
    return numbers;
}

TEST(StoredEmbedding, FloatKeepsTheDirectionAndMakesTheLengthOne) {
    const std::vector<float> row = {3, 0, -4};
    const auto stored = store_embedding(FaceStore::kFloat, row);
    EXPECT_EQ(stored.size(), 12u);
    const auto numbers = restored(FaceStore::kFloat, stored, 3);
    EXPECT_FLOAT_EQ(numbers[0], 0.6f);
    EXPECT_EQ(numbers[1], 0);
    EXPECT_FLOAT_EQ(numbers[2], -0.8f);
}

TEST(StoredEmbedding, Int8ByHand) {
    // 127 / 4 = 31.75 levels a unit: 95.25 and -127; 0.0157.. * 31.75 = 0.5 rounds to the even level 0.
    const std::vector<float> row = {3, 2.0f / 127, -4};
    const auto stored = store_embedding(FaceStore::kInt8, row);
    ASSERT_EQ(stored.size(), 7u);
    EXPECT_EQ(static_cast<int8_t>(stored[4]), 95);
    EXPECT_EQ(static_cast<int8_t>(stored[5]), 0);
    EXPECT_EQ(static_cast<int8_t>(stored[6]), -127);
    float scale = 0;
    std::memcpy(&scale, stored.data(), sizeof scale);
    EXPECT_FLOAT_EQ(scale, static_cast<float>(1 / std::sqrt(95.0 * 95 + 127.0 * 127)));
}

TEST(StoredEmbedding, Int8IsCloseAndOfLengthOne) {
    for (const int dimension : {128, 512}) {
        const MadeFaces made(dimension, 0.5);
        double worst = 1;
        for (int64_t person = 0; person < 200; ++person) {
            const auto row = made.face(person, 0);
            const auto numbers =
                restored(FaceStore::kInt8, store_embedding(FaceStore::kInt8, row), row.size());
            worst = std::min(worst, cosine_similarity(row, numbers));
            double length = 0;
            for (const float number : numbers) length += double{number} * number;
            EXPECT_NEAR(length, 1, 1e-6);
        }
        EXPECT_GT(worst, 0.9998) << dimension;
        EXPECT_LT(worst, 1);
    }
}

TEST(StoredEmbedding, AnySizeOfNumbers) {
    for (const float unit : {1e-30f, 1e30f}) {
        const std::vector<float> row = {unit, -2 * unit};
        const auto numbers = restored(FaceStore::kInt8, store_embedding(FaceStore::kInt8, row), 2);
        EXPECT_GT(cosine_similarity(numbers, std::vector<float>{1, -2}), 0.9999);
    }
}

TEST(StoredEmbedding, NoDirectionIsRefused) {
    for (const FaceStore store : {FaceStore::kInt8, FaceStore::kFloat}) {
        EXPECT_THROW(store_embedding(store, std::vector<float>{0, 0}), Error);
        EXPECT_THROW(store_embedding(store, std::vector<float>{1, std::numeric_limits<float>::quiet_NaN()}),
                     Error);
    }
}

TEST(StoredEmbedding, DamageIsFound) {
    const std::vector<float> row = {3, 1, -4, 0.5f};
    const auto refused = [](FaceStore store, const std::vector<uint8_t>& stored) {
        try {
            restored(store, stored, 4);
        } catch (const Error& error) {
            return error.kind() == ErrorKind::kBadInput && std::string(error.what()).starts_with("test: ");
        }
        return false;
    };
    for (const FaceStore store : {FaceStore::kInt8, FaceStore::kFloat}) {
        const auto good = store_embedding(store, row);
        EXPECT_FALSE(refused(store, good));
        auto bad = good;
        bad.pop_back();
        EXPECT_TRUE(refused(store, bad));
        bad = good;
        const float nan = std::numeric_limits<float>::quiet_NaN();
        std::memcpy(bad.data(), &nan, sizeof nan);
        EXPECT_TRUE(refused(store, bad));
        EXPECT_TRUE(refused(store, std::vector<uint8_t>(good.size(), 0)));
    }
    auto bad = store_embedding(FaceStore::kInt8, row);
    bad[6] = 0x80;
    EXPECT_TRUE(refused(FaceStore::kInt8, bad));
}

}  // namespace
}  // namespace quantface::test
