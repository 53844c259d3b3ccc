#include <gtest/gtest.h>
#include <quantface/quantface.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/rng.h"
#include "formats/qfm.h"
#include "runtime/embedder.h"
#include "sample_integer_model.h"

namespace {

using quantface::encode_qfm;
using quantface::IntegerModel;
using quantface::sample_model;
using quantface::tiny_model;

struct FreeHandle {
    void operator()(quantface_model* model) const { quantface_model_free(model); }
    void operator()(quantface_session* session) const { quantface_session_free(session); }
};
using ModelHandle = std::unique_ptr<quantface_model, FreeHandle>;
using SessionHandle = std::unique_ptr<quantface_session, FreeHandle>;

ModelHandle load(const IntegerModel& model) {
    const std::vector<uint8_t> bytes = encode_qfm(model);
    quantface_model* handle = nullptr;
    quantface_error error;
    EXPECT_EQ(quantface_model_load_memory(bytes.data(), bytes.size(), &handle, &error), QUANTFACE_OK)
        << error.text;
    return ModelHandle(handle);
}

SessionHandle open_session(const ModelHandle& model, int threads = 1, int work = QUANTFACE_THROUGHPUT) {
    quantface_session_options options = QUANTFACE_SESSION_OPTIONS_INIT;
    options.threads = threads;
    options.threads_work = work;
    quantface_session* handle = nullptr;
    quantface_error error;
    EXPECT_EQ(quantface_session_create(model.get(), &options, &handle, &error), QUANTFACE_OK) << error.text;
    return SessionHandle(handle);
}

std::vector<uint8_t> random_pixels(size_t size, uint64_t seed) {
    quantface::Rng rng(seed);
    std::vector<uint8_t> pixels(size);
    for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(rng.below(256));
    return pixels;
}

std::vector<float> embed(const SessionHandle& session, const std::vector<quantface_image>& images,
                         size_t embedding_size, uint32_t flags = 0) {
    std::vector<float> embeddings(images.size() * embedding_size);
    quantface_error error;
    EXPECT_EQ(quantface_session_embed(session.get(), images.data(), images.size(), flags, embeddings.data(),
                                      embeddings.size(), &error),
              QUANTFACE_OK)
        << error.text;
    return embeddings;
}

// What the engine itself gives, with the scalar reference.
std::vector<float> reference(const IntegerModel& model, const quantface_image& image) {
    std::vector<float> embedding(static_cast<size_t>(model.embedding_size()));
    quantface::ThreadPool pool(1);
    const quantface::PixelsView view{image.rgb, image.height, image.width, image.row_stride_bytes};
    quantface::make_embedder(model, quantface::KernelChoice::kScalarReference)
        ->embed({&view, 1}, embedding, pool);
    return embedding;
}

TEST(CInterface, TellsAboutTheModel) {
    IntegerModel model = sample_model(5, 8);
    model.name = "a network";
    const ModelHandle handle = load(model);
    EXPECT_EQ(quantface_model_embedding_size(handle.get()), 10);
    EXPECT_EQ(quantface_model_input_height(handle.get()), 8);
    EXPECT_EQ(quantface_model_input_width(handle.get()), 8);
    EXPECT_EQ(quantface_model_is_bgr(handle.get()),
              model.input_spec.color_order == quantface::ColorOrder::kBgr);
    EXPECT_LE(quantface_model_min_weight_bits(handle.get()), quantface_model_max_weight_bits(handle.get()));
    EXPECT_EQ(quantface_model_min_weight_bits(handle.get()), 5);
    EXPECT_STREQ(quantface_model_name(handle.get()), "a network");
    EXPECT_STRNE(quantface_model_instruction_set(handle.get()), "");
    EXPECT_STREQ(quantface_version(), "0.1.0");
}

TEST(CInterface, EmbedsAsTheEngineDoes) {
    for (const auto order : {quantface::ColorOrder::kRgb, quantface::ColorOrder::kBgr}) {
        IntegerModel model = sample_model(8, 8);
        model.input_spec.color_order = order;
        const SessionHandle session = open_session(load(model));  // and the model is freed at once
        const auto pixels = random_pixels(3 * 8 * 8, 1);
        const quantface_image image{pixels.data(), 8, 8, 0};
        EXPECT_EQ(embed(session, {image}, 10), reference(model, image));
    }
}

TEST(CInterface, CropsAroundTheCentreAndFollowsStrides) {
    const IntegerModel model = sample_model(8, 8);
    const SessionHandle session = open_session(load(model));
    constexpr int kHeight = 11, kWidth = 13, kStride = 3 * kWidth + 5;
    const auto pixels = random_pixels(kStride * kHeight, 2);
    std::vector<uint8_t> crop, upside_down(pixels.size());
    for (int row = 0; row < 8; ++row) {
        const auto start = pixels.begin() + (row + 1) * kStride + 3 * 2;
        crop.insert(crop.end(), start, start + 24);
    }
    for (int row = 0; row < kHeight; ++row) {
        std::memcpy(&upside_down[static_cast<size_t>((kHeight - 1 - row) * kStride)], &pixels[row * kStride],
                    3 * kWidth);
    }
    const auto wanted = embed(session, {{crop.data(), 8, 8, 0}}, 10);
    EXPECT_EQ(embed(session, {{crop.data(), 8, 8, 24}}, 10), wanted);
    EXPECT_EQ(embed(session, {{pixels.data(), kHeight, kWidth, kStride}}, 10), wanted);
    const uint8_t* top = upside_down.data() + (kHeight - 1) * kStride;
    EXPECT_EQ(embed(session, {{top, kHeight, kWidth, -kStride}}, 10), wanted);
}

TEST(CInterface, ThreadsChangeNothing) {
    const IntegerModel model = sample_model(6, 6);
    const ModelHandle handle = load(model);
    std::vector<std::vector<uint8_t>> pixels;
    std::vector<quantface_image> images;
    for (uint64_t seed = 0; seed < 9; ++seed) {
        pixels.push_back(random_pixels(3 * 8 * 8, seed));
        images.push_back({pixels.back().data(), 8, 8, 0});
    }
    const auto wanted = embed(open_session(handle), images, 10);
    for (const int work : {QUANTFACE_THROUGHPUT, QUANTFACE_LATENCY}) {
        for (const int threads : {0, 1, 2, 5}) {
            const SessionHandle session = open_session(handle, threads, work);
            for (int run = 0; run < 3; ++run)
                EXPECT_EQ(embed(session, images, 10), wanted) << work << threads;
            EXPECT_EQ(embed(session, {images[0]}, 10),
                      std::vector<float>(wanted.begin(), wanted.begin() + 10));
        }
    }
}

TEST(CInterface, SessionsOfOneModelRunAtOnce) {
    const ModelHandle handle = load(sample_model(8, 8));
    const auto pixels = random_pixels(3 * 8 * 8, 3);
    const quantface_image image{pixels.data(), 8, 8, 0};
    const auto wanted = embed(open_session(handle), {image}, 10);
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 3; ++thread) {
        threads.emplace_back([&] {
            const SessionHandle session = open_session(handle);
            for (int run = 0; run < 50; ++run) ASSERT_EQ(embed(session, {image}, 10), wanted);
        });
    }
    for (auto& thread : threads) thread.join();
}

// Two threads on one session: each call gives the right numbers or is refused.
TEST(CInterface, ASessionInUseIsRefused) {
    const ModelHandle handle = load(sample_model(8, 8));
    const SessionHandle session = open_session(handle);
    const auto pixels = random_pixels(3 * 8 * 8, 3);
    const std::vector<quantface_image> images(20, {pixels.data(), 8, 8, 0});
    const auto wanted = embed(session, images, 10);
    std::atomic<int> done = 0;
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 2; ++thread) {
        threads.emplace_back([&] {
            std::vector<float> embeddings(wanted.size());
            for (int run = 0; run < 50; ++run) {
                quantface_error error;
                const quantface_status status =
                    quantface_session_embed(session.get(), images.data(), images.size(), 0, embeddings.data(),
                                            embeddings.size(), &error);
                if (status == QUANTFACE_OK) {
                    ASSERT_EQ(embeddings, wanted);
                    ++done;
                } else {
                    ASSERT_EQ(status, QUANTFACE_USAGE);
                    ASSERT_NE(std::string(error.text).find("in use"), std::string::npos);
                }
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_GT(done, 0);
}

TEST(CInterface, Normalizes) {
    const SessionHandle session = open_session(load(sample_model(8, 8)));
    const auto pixels = random_pixels(2 * 3 * 8 * 8, 4);
    const std::vector<quantface_image> images{{pixels.data(), 8, 8, 0}, {pixels.data() + 3 * 8 * 8, 8, 8, 0}};
    const auto raw = embed(session, images, 10), unit = embed(session, images, 10, QUANTFACE_NORMALIZE);
    for (size_t image = 0; image < 2; ++image) {
        double length = 0;
        for (size_t index = 0; index < 10; ++index) length += std::pow(double{unit[10 * image + index]}, 2);
        EXPECT_NEAR(length, 1, 1e-6);
        EXPECT_NEAR(quantface_cosine(&raw[10 * image], &unit[10 * image], 10), 1, 1e-6);
    }
}

TEST(CInterface, Cosine) {
    const float a[] = {3, 4}, b[] = {-4, 3}, none[] = {0, 0}, large[] = {3e38f, 3e38f},
                small[] = {1e-38f, 1e-38f};
    EXPECT_EQ(quantface_cosine(a, a, 2), 1);
    EXPECT_EQ(quantface_cosine(a, b, 2), 0);
    EXPECT_EQ(quantface_cosine(a, none, 2), 0);
    EXPECT_NEAR(quantface_cosine(large, small, 2), 1, 1e-6);
    EXPECT_EQ(quantface_cosine(a, a, 0), 0);
}

TEST(CInterface, RefusesArgumentsThatMakeNoSense) {
    quantface_error error;
    quantface_model* no_model = reinterpret_cast<quantface_model*>(1);
    EXPECT_EQ(quantface_model_load(nullptr, &no_model, &error), QUANTFACE_USAGE);
    EXPECT_EQ(no_model, nullptr);
    EXPECT_EQ(quantface_model_load("x", nullptr, &error), QUANTFACE_USAGE);
    EXPECT_EQ(quantface_model_load_memory(nullptr, 0, &no_model, nullptr), QUANTFACE_USAGE);

    const ModelHandle model = load(sample_model(8, 8));
    quantface_session* no_session = reinterpret_cast<quantface_session*>(1);
    EXPECT_EQ(quantface_session_create(nullptr, nullptr, &no_session, &error), QUANTFACE_USAGE);
    EXPECT_EQ(no_session, nullptr);
    constexpr size_t kSize = sizeof(quantface_session_options);
    for (const quantface_session_options& options :
         {quantface_session_options{0, 1, 0}, quantface_session_options{kSize, -1, 0},
          quantface_session_options{kSize, 1025, 0}, quantface_session_options{kSize, 1, 2}}) {
        EXPECT_EQ(quantface_session_create(model.get(), &options, &no_session, &error), QUANTFACE_USAGE);
        EXPECT_STRNE(error.text, "");
        EXPECT_EQ(error.status, QUANTFACE_USAGE);
    }

    const SessionHandle session = open_session(model);
    const auto pixels = random_pixels(3 * 8 * 8, 5);
    std::vector<float> room(10);
    const auto status_of = [&](const quantface_image& image, uint32_t flags, size_t size) {
        return quantface_session_embed(session.get(), &image, 1, flags, room.data(), size, &error);
    };
    EXPECT_EQ(status_of({pixels.data(), 8, 8, 0}, 0, 10), QUANTFACE_OK);
    EXPECT_STREQ(error.text, "");
    EXPECT_EQ(status_of({pixels.data(), 8, 8, 0}, 0, 9), QUANTFACE_USAGE);
    EXPECT_EQ(status_of({pixels.data(), 8, 8, 0}, 2, 10), QUANTFACE_USAGE);
    EXPECT_EQ(status_of({nullptr, 8, 8, 0}, 0, 10), QUANTFACE_USAGE);
    EXPECT_EQ(status_of({pixels.data(), 8, 8, 23}, 0, 10), QUANTFACE_USAGE);
    EXPECT_EQ(status_of({pixels.data(), 8, 8, -23}, 0, 10), QUANTFACE_USAGE);
    EXPECT_EQ(status_of({pixels.data(), 8, 7, 0}, 0, 10), QUANTFACE_BAD_INPUT);
    EXPECT_EQ(status_of({pixels.data(), -8, 8, 0}, 0, 10), QUANTFACE_BAD_INPUT);
    EXPECT_NE(std::string(error.text).find("image 0"), std::string::npos);
    EXPECT_EQ(quantface_session_embed(session.get(), nullptr, 0, 0, nullptr, 0, nullptr), QUANTFACE_OK);
    EXPECT_EQ(quantface_session_embed(session.get(), nullptr, 1, 0, room.data(), 10, nullptr),
              QUANTFACE_USAGE);
    EXPECT_EQ(quantface_session_embed(nullptr, nullptr, 0, 0, nullptr, 0, nullptr), QUANTFACE_USAGE);
    quantface_model_free(nullptr);
    quantface_session_free(nullptr);
}

TEST(CInterface, RefusesFilesInOneLine) {
    const std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("quantface_api_test" + std::to_string(::getpid()));
    const auto refusal = [&](const std::vector<uint8_t>& bytes) {
        std::ofstream(path, std::ios::binary)
            .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
        quantface_error error;
        quantface_model* model = nullptr;
        const quantface_status status = quantface_model_load(path.c_str(), &model, &error);
        quantface_model_free(model);
        if (status == QUANTFACE_OK) return std::string();
        EXPECT_EQ(status, QUANTFACE_BAD_INPUT);
        EXPECT_EQ(model, nullptr);
        EXPECT_EQ(std::string(error.text).find('\n'), std::string::npos);
        return std::string(error.text);
    };
    const std::vector<uint8_t> whole = encode_qfm(tiny_model());
    EXPECT_EQ(refusal(whole), "");
    EXPECT_NE(refusal({}), "");
    for (size_t length = 0; length < whole.size(); length += 7) {
        EXPECT_NE(refusal({whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length)}), "");
    }
    for (size_t position = 0; position < whole.size(); position += 5) {
        std::vector<uint8_t> damaged = whole;
        damaged[position] ^= 0x10;
        EXPECT_NE(refusal(damaged), "");
    }
    std::filesystem::remove(path);
    quantface_error error;
    quantface_model* model = nullptr;
    EXPECT_EQ(quantface_model_load(path.c_str(), &model, &error), QUANTFACE_BAD_INPUT);
    EXPECT_EQ(error.text, path.string() + ": no such file");
}

// A text longer than there is room for is cut between characters.
TEST(CInterface, LongErrorsAreCut) {
    std::string name(300, 'x');
    for (int repeat = 0; repeat < 200; ++repeat) name += "ü";
    quantface_error error;
    quantface_model* model = nullptr;
    for (size_t shift = 0; shift < 2; ++shift) {
        const std::string path = name.substr(shift);
        EXPECT_EQ(quantface_model_load(path.c_str(), &model, &error), QUANTFACE_BAD_INPUT);
        const std::string text = error.text;
        EXPECT_EQ(text, path.substr(0, text.size()));
        EXPECT_GE(text.size(), sizeof(error.text) - 2);
        EXPECT_EQ((text.size() - (300 - shift)) % 2, 0u);
    }
}

TEST(CInterface, ABufferNeedsNoAlignment) {
    std::vector<uint8_t> bytes = encode_qfm(sample_model(3, 4));
    bytes.insert(bytes.begin(), 1);
    quantface_model* model = nullptr;
    EXPECT_EQ(quantface_model_load_memory(bytes.data() + 1, bytes.size() - 1, &model, nullptr), QUANTFACE_OK);
    quantface_model_free(model);
}

}  // namespace
