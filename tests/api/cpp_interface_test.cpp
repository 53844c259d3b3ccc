// As a user of the library writes it: no header of the program itself but the one that makes a model.
#include <gtest/gtest.h>
#include <quantface/quantface.hpp>

namespace {

constexpr const char* kTinyModel = "tests/formats/tiny_version1.qfm";

TEST(CppInterface, LoadsAndEmbeds) {
    quantface::Model model = quantface::Model::load(kTinyModel);
    EXPECT_EQ(model.embedding_size(), 2u);
    EXPECT_EQ(model.input_height(), 2);
    EXPECT_EQ(model.input_width(), 2);
    EXPECT_FALSE(model.instruction_set().empty());
    const std::vector<uint8_t> pixels{10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120, 255, 254, 253};
    quantface::Session session(model);
    const std::vector<float> embedding = session.embed({pixels.data(), 2, 2, 0});
    ASSERT_EQ(embedding.size(), 2u);
    EXPECT_NEAR(quantface::cosine(embedding, embedding), 1, 1e-6);
    EXPECT_NEAR(embedding[0] * embedding[0] + embedding[1] * embedding[1], 1, 1e-6);

    quantface::Session together(model, 2, QUANTFACE_LATENCY);
    const quantface::Model moved = std::move(model);
    const std::vector<float> both = together.embed({{pixels.data(), 2, 2, 0}, {pixels.data() + 3, 2, 2, 0}});
    ASSERT_EQ(both.size(), 4u);
    EXPECT_EQ(std::vector<float>(both.begin(), both.begin() + 2), embedding);
    EXPECT_EQ(session.embed({pixels.data(), 2, 2, 0}), embedding);
}

TEST(CppInterface, Throws) {
    try {
        quantface::Model::load("none.qfm");
        FAIL();
    } catch (const quantface::Error& error) {
        EXPECT_EQ(error.status(), QUANTFACE_BAD_INPUT);
        EXPECT_STREQ(error.what(), "none.qfm: no such file");
    }
    EXPECT_THROW(quantface::Model::load_memory("no model", 8), quantface::Error);
    const quantface::Model model = quantface::Model::load(kTinyModel);
    EXPECT_THROW(quantface::Session(model, -1), quantface::Error);
    EXPECT_THROW(quantface::Session(model).embed({nullptr, 2, 2, 0}), quantface::Error);
    EXPECT_THROW(quantface::cosine({1}, {1, 2}), std::invalid_argument);
}

}  // namespace
