#include "runtime/embedder.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/error.h"
#include "base/rng.h"
#include "random_models.h"
#include "runtime/float_executor.h"
#include "small_graphs.h"

namespace quantface {
namespace {

struct TestImage {
    int height, width;
    std::vector<uint8_t> rgb;

    TestImage(int rows, int columns, uint64_t seed) : height(rows), width(columns) {
        Rng rng(seed);
        rgb.resize(static_cast<size_t>(rows) * columns * 3);
        for (uint8_t& level : rgb) level = static_cast<uint8_t>(rng.below(256));
    }
    PixelsView view() const { return {rgb.data(), height, width}; }
    uint8_t at(int y, int x, int channel) const {
        return rgb[(static_cast<size_t>(y) * width + x) * 3 + channel];
    }
};

InputSpec spec_of(int height, int width, ColorOrder order = ColorOrder::kRgb) {
    InputSpec spec;
    spec.height = height;
    spec.width = width;
    spec.color_order = order;
    return spec;
}

TEST(NetworkInputTest, NarrowNetworksSeeColumns8To103) {
    const TestImage image(112, 112, 1);
    const InputSpec spec = spec_of(112, 96);
    std::vector<uint8_t> pixels(112 * 96 * 3);
    to_network_pixels(image.view(), spec, pixels);
    std::vector<float> numbers(pixels.size());
    to_network_input(image.view(), spec, numbers);
    for (int y = 0; y < 112; ++y) {
        for (int x = 0; x < 96; ++x) {
            for (int channel = 0; channel < 3; ++channel) {
                const uint8_t wanted = image.at(y, x + 8, channel);
                ASSERT_EQ(pixels[(y * 96 + x) * 3 + channel], wanted);
                ASSERT_EQ(numbers[(channel * 112 + y) * 96 + x],
                          (static_cast<float>(wanted) - 127.5f) / 127.5f);
            }
        }
    }
}

TEST(NetworkInputTest, CropsBothWaysAndRoundsTheOffsetDown) {
    const TestImage image(11, 10, 2);
    std::vector<uint8_t> pixels(4 * 5 * 3);
    to_network_pixels(image.view(), spec_of(4, 5), pixels);
    EXPECT_EQ(pixels[0], image.at(3, 2, 0));
    EXPECT_EQ(pixels.back(), image.at(6, 6, 2));
}

TEST(NetworkInputTest, BlueFirstNetworksGetTheirOwnMeanAndDeviation) {
    const TestImage image(2, 3, 3);
    InputSpec spec = spec_of(2, 3, ColorOrder::kBgr);
    spec.mean = {10, 20, 30};  // blue, green, red
    spec.std = {2, 4, 8};
    std::vector<float> numbers(18);
    to_network_input(image.view(), spec, numbers);
    std::vector<uint8_t> pixels(18);
    to_network_pixels(image.view(), spec, pixels);
    for (int y = 0; y < 2; ++y) {
        for (int x = 0; x < 3; ++x) {
            const int blue = image.at(y, x, 2), green = image.at(y, x, 1), red = image.at(y, x, 0);
            const int pixel = y * 3 + x;
            EXPECT_EQ(numbers[pixel], static_cast<float>(blue - 10) / 2);
            EXPECT_EQ(numbers[6 + pixel], static_cast<float>(green - 20) / 4);
            EXPECT_EQ(numbers[12 + pixel], static_cast<float>(red - 30) / 8);
            EXPECT_EQ(pixels[pixel * 3], blue);
            EXPECT_EQ(pixels[pixel * 3 + 1], green);
            EXPECT_EQ(pixels[pixel * 3 + 2], red);
        }
    }
}

TEST(NetworkInputTest, SmallImagesAreBadInput) {
    for (const auto& [height, width] : {std::pair{111, 112}, {112, 111}}) {
        const TestImage image(height, width, 4);
        std::vector<float> numbers(112 * 112 * 3);
        try {
            to_network_input(image.view(), spec_of(112, 112), numbers);
            FAIL() << "accepted";
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
            EXPECT_NE(std::string(error.what()).find("112x112"), std::string::npos) << error.what();
        }
    }
}

// Embeddings of many images, whatever the pool, are those of the images one by one.
void expect_pools_agree(const Embedder& embedder) {
    const InputSpec& spec = embedder.input_spec();
    std::vector<TestImage> images;
    std::vector<PixelsView> views;
    for (int i = 0; i < 9; ++i) images.emplace_back(spec.height + i % 3, spec.width + i % 2, i);
    for (const TestImage& image : images) views.push_back(image.view());
    const auto size = static_cast<size_t>(embedder.embedding_size());
    std::vector<float> alone(views.size() * size), together(views.size() * size);
    ThreadPool single(1), several(3);
    for (size_t i = 0; i < views.size(); ++i) {
        embedder.embed(std::span(views).subspan(i, 1), std::span(alone).subspan(i * size, size), single);
    }
    embedder.embed(views, together, several);
    EXPECT_EQ(alone, together);
    EXPECT_NE(std::vector(alone.begin(), alone.begin() + size),
              std::vector(alone.begin() + size, alone.begin() + 2 * size));
    embedder.embed({}, {}, several);

    // Two callers at once, each with a pool of its own.
    std::vector<float> first(alone.size()), second(alone.size());
    std::thread other([&] {
        ThreadPool pool(2);
        embedder.embed(views, second, pool);
    });
    embedder.embed(views, first, several);
    other.join();
    EXPECT_EQ(first, alone);
    EXPECT_EQ(second, alone);
}

void expect_survives_a_bad_image(const Embedder& embedder) {
    const InputSpec& spec = embedder.input_spec();
    const TestImage good(spec.height, spec.width, 1), bad(spec.height - 1, spec.width, 1);
    const std::vector<PixelsView> views{good.view(), bad.view(), good.view()};
    const auto size = static_cast<size_t>(embedder.embedding_size());
    std::vector<float> embeddings(3 * size), before(size), after(size);
    ThreadPool pool(2);
    embedder.embed(std::span(views).first(1), before, pool);
    EXPECT_THROW(embedder.embed(views, embeddings, pool), Error);
    embedder.embed(std::span(views).first(1), after, pool);
    EXPECT_EQ(before, after);
}

TEST(EmbedderTest, FloatGraph) {
    const Graph graph = small_mobile_face_net(1);
    const auto embedder = make_embedder(graph);
    EXPECT_EQ(embedder->embedding_size(), graph.embedding_size());
    expect_pools_agree(*embedder);
    expect_survives_a_bad_image(*embedder);

    const TestImage image(graph.input_spec.height, graph.input_spec.width, 5);
    std::vector<float> input(image.rgb.size()), direct(embedder->embedding_size()), embedded(direct.size());
    to_network_input(image.view(), graph.input_spec, input);
    const FloatExecutor executor(graph);
    executor.run(input, direct, *executor.make_workspace());
    ThreadPool pool(1);
    const PixelsView view = image.view();
    embedder->embed({&view, 1}, embedded, pool);
    EXPECT_EQ(direct, embedded);
}

TEST(EmbedderTest, IntegerModel) {
    const IntegerModel model = random_network(11, 8);  // one that tells images apart
    const auto embedder = make_embedder(model);
    EXPECT_EQ(embedder->embedding_size(), model.embedding_size());
    expect_pools_agree(*embedder);
    expect_survives_a_bad_image(*embedder);

    const TestImage image(model.input_spec.height, model.input_spec.width, 5);
    std::vector<float> fast(model.embedding_size()), reference(fast.size());
    ThreadPool pool(1);
    const PixelsView view = image.view();
    embedder->embed({&view, 1}, fast, pool);
    make_embedder(model, KernelChoice::kScalarReference)->embed({&view, 1}, reference, pool);
    EXPECT_EQ(fast, reference);
}

}  // namespace
}  // namespace quantface
