// The C interface and its C++ wrapper, against the executor behind them.
#include <gtest/gtest.h>
#include <unistd.h>
#include <quantface/quantface.hpp>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <thread>

#include "formats/qfm.h"
#include "kernels/kernel_set.h"
#include "runtime/integer_executor.h"
#include "runtime/random_models.h"

namespace quantface {
namespace {

class InterfaceTest : public testing::Test {
  protected:
    InterfaceTest() : internal_(random_network(11, 8)), bytes_(encode_qfm(internal_)) {
        const InputSpec& spec = internal_.input_spec;
        Rng rng(5);
        for (int image = 0; image < 7; ++image) {
            std::vector<uint8_t>& pixels = images_.emplace_back(size_t{3} * spec.height * spec.width);
            for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(rng.below(256));
        }
    }

    quantface_image view(size_t index) const {
        return {images_[index].data(), internal_.input_spec.height, internal_.input_spec.width, 0};
    }
    std::vector<quantface_image> views() const {
        std::vector<quantface_image> all;
        for (size_t index = 0; index < images_.size(); ++index) all.push_back(view(index));
        return all;
    }
    // All images' embeddings by the executor, not normalised.
    std::vector<float> expected() const {
        const IntegerExecutor executor(internal_);
        const auto workspace = executor.make_workspace();
        const auto size = static_cast<size_t>(internal_.embedding_size());
        std::vector<float> all(size * images_.size());
        for (size_t index = 0; index < images_.size(); ++index) {
            std::vector<uint8_t> pixels = images_[index];
            if (internal_.input_spec.color_order == ColorOrder::kBgr) {
                for (size_t at = 0; at < pixels.size(); at += 3) std::swap(pixels[at], pixels[at + 2]);
            }
            executor.run(pixels, std::span(all).subspan(index * size, size), *workspace);
        }
        return all;
    }

    IntegerModel internal_;
    std::vector<uint8_t> bytes_;
    std::vector<std::vector<uint8_t>> images_;
};

TEST_F(InterfaceTest, TellsWhatTheModelIs) {
    const Model model = Model::load_memory(bytes_.data(), bytes_.size());
    EXPECT_EQ(model.embedding_size(), static_cast<size_t>(internal_.embedding_size()));
    EXPECT_EQ(model.input_height(), internal_.input_spec.height);
    EXPECT_EQ(model.input_width(), internal_.input_spec.width);
    EXPECT_EQ(model.is_bgr(), internal_.input_spec.color_order == ColorOrder::kBgr);
    EXPECT_GE(model.min_weight_bits(), 2);
    EXPECT_LE(model.max_weight_bits(), 8);
    EXPECT_EQ(model.name(), internal_.name);
    EXPECT_STREQ(quantface_instruction_set(), chosen_kernel_set().name);
    EXPECT_STRNE(quantface_version(), "");
}

TEST_F(InterfaceTest, EmbedsAsTheExecutorDoesWhateverTheThreads) {
    const Model model = Model::load_memory(bytes_.data(), bytes_.size());
    const std::vector<float> reference = expected();
    for (const int threads : {1, 2, 3}) {
        for (const int work : {QUANTFACE_THROUGHPUT, QUANTFACE_LATENCY}) {
            Session session(model, threads, work);
            EXPECT_EQ(session.embed(views(), false), reference) << threads;
            EXPECT_EQ(session.embed(view(0), false),
                      std::vector<float>(reference.begin(), reference.begin() + model.embedding_size()));
            EXPECT_TRUE(session.embed(std::vector<quantface_image>()).empty());
        }
    }
}

TEST_F(InterfaceTest, SessionsOfOneModelRunAtOnce) {
    std::optional<Model> model = Model::load_memory(bytes_.data(), bytes_.size());
    std::vector<Session> sessions;
    for (int index = 0; index < 4; ++index) sessions.emplace_back(*model);
    model.reset();  // sessions keep what they need
    std::vector<std::vector<float>> found(sessions.size());
    std::vector<std::thread> threads;
    for (size_t index = 0; index < sessions.size(); ++index) {
        threads.emplace_back([&, index] {
            for (int round = 0; round < 20; ++round) found[index] = sessions[index].embed(views(), false);
        });
    }
    for (std::thread& thread : threads) thread.join();
    for (const auto& one : found) EXPECT_EQ(one, expected());
}

TEST_F(InterfaceTest, TakesRowsApartAndImagesStoredFromTheBottom) {
    const Model model = Model::load_memory(bytes_.data(), bytes_.size());
    Session session(model);
    const std::vector<float> reference = session.embed(view(0), false);
    const int height = internal_.input_spec.height, width = internal_.input_spec.width;
    const ptrdiff_t row = 3 * width, stride = row + 13;
    std::vector<uint8_t> apart(static_cast<size_t>(stride * height), 77), upside_down(apart);
    for (int y = 0; y < height; ++y) {
        const auto from = images_[0].begin() + y * row;
        std::copy(from, from + row, apart.begin() + y * stride);
        std::copy(from, from + row, upside_down.begin() + (height - 1 - y) * stride);
    }
    EXPECT_EQ(session.embed({apart.data(), height, width, stride}, false), reference);
    EXPECT_EQ(session.embed({upside_down.data() + (height - 1) * stride, height, width, -stride}, false),
              reference);
}

TEST_F(InterfaceTest, NormalisesAndCompares) {
    const Model model = Model::load_memory(bytes_.data(), bytes_.size());
    Session session(model);
    const std::vector<float> raw = session.embed(view(0), false), unit = session.embed(view(0));
    double norm = 0;
    for (const float number : unit) norm += static_cast<double>(number) * number;
    EXPECT_NEAR(norm, 1, 1e-5);
    EXPECT_NEAR(cosine(raw, unit), 1, 1e-6);
    EXPECT_LT(cosine(raw, session.embed(view(1))), 1);
    EXPECT_EQ(quantface_cosine(std::vector<float>(4).data(), std::vector<float>(4, 1.0f).data(), 4), 0);
}

TEST_F(InterfaceTest, LoadsAFile) {
    const auto path =
        std::filesystem::temp_directory_path() / ("quantface_api_" + std::to_string(::getpid()) + ".qfm");
    write_qfm(path, internal_);
    const Model model = Model::load(path.string());
    std::filesystem::remove(path);
    Session session(model);
    EXPECT_EQ(session.embed(views(), false), expected());
}

TEST_F(InterfaceTest, BadInputIsAStatusAndALine) {
    quantface_error error;
    quantface_model* model = reinterpret_cast<quantface_model*>(this);
    EXPECT_EQ(quantface_model_load("/no/such/file.qfm", &model, &error), QUANTFACE_BAD_INPUT);
    EXPECT_EQ(model, nullptr);
    EXPECT_NE(std::string(error.text).find("/no/such/file.qfm"), std::string::npos);
    EXPECT_EQ(quantface_model_load("/no/such/file.qfm", &model, nullptr), QUANTFACE_BAD_INPUT);
    for (size_t size = 0; size < bytes_.size(); size += 1 + bytes_.size() / 50) {
        EXPECT_EQ(quantface_model_load_memory(bytes_.data(), size, &model, &error), QUANTFACE_BAD_INPUT)
            << size;
        EXPECT_EQ(std::string(error.text).find('\n'), std::string::npos);
    }
    std::vector<uint8_t> damaged = bytes_;
    damaged[damaged.size() / 2] ^= 4;
    EXPECT_EQ(quantface_model_load_memory(damaged.data(), damaged.size(), &model, &error),
              QUANTFACE_BAD_INPUT);
    EXPECT_EQ(quantface_model_load(nullptr, &model, &error), QUANTFACE_USAGE);
    EXPECT_EQ(quantface_model_load("x", nullptr, &error), QUANTFACE_USAGE);
    quantface_model_free(nullptr);
    quantface_session_free(nullptr);
}

TEST_F(InterfaceTest, ArgumentsThatMakeNoSenseAreRefused) {
    const Model model = Model::load_memory(bytes_.data(), bytes_.size());
    Session session(model);
    quantface_error error;
    std::vector<float> room(model.embedding_size());
    const auto embed = [&](quantface_image image, size_t count, uint32_t flags, size_t size) {
        return quantface_session_embed(session.get(), &image, count, flags, room.data(), size, &error);
    };
    EXPECT_EQ(embed(view(0), 1, 0, room.size()), QUANTFACE_OK);
    EXPECT_STREQ(error.text, "");
    EXPECT_EQ(embed(view(0), 1, 0, room.size() - 1), QUANTFACE_USAGE);
    EXPECT_EQ(embed(view(0), 1, 2, room.size()), QUANTFACE_USAGE);
    EXPECT_EQ(embed(view(0), SIZE_MAX / 2, 0, room.size()), QUANTFACE_USAGE);
    quantface_image bad = view(0);
    bad.rgb = nullptr;
    EXPECT_EQ(embed(bad, 1, 0, room.size()), QUANTFACE_USAGE);
    bad = view(0);
    bad.width -= 1;
    EXPECT_EQ(embed(bad, 1, 0, room.size()), QUANTFACE_BAD_INPUT);
    EXPECT_NE(std::string(error.text).find("image 0"), std::string::npos);
    bad = view(0);
    bad.row_stride_bytes = 3 * bad.width - 1;
    EXPECT_EQ(embed(bad, 1, 0, room.size()), QUANTFACE_USAGE);
    EXPECT_EQ(quantface_session_embed(nullptr, &bad, 1, 0, room.data(), room.size(), &error),
              QUANTFACE_USAGE);

    quantface_session* other = nullptr;
    quantface_session_options options = QUANTFACE_SESSION_OPTIONS_INIT;
    options.threads = -1;
    EXPECT_EQ(quantface_session_create(model.get(), &options, &other, &error), QUANTFACE_USAGE);
    options = QUANTFACE_SESSION_OPTIONS_INIT;
    options.threads_work = 7;
    EXPECT_EQ(quantface_session_create(model.get(), &options, &other, &error), QUANTFACE_USAGE);
    options = QUANTFACE_SESSION_OPTIONS_INIT;
    options.struct_size = 0;
    EXPECT_EQ(quantface_session_create(model.get(), &options, &other, &error), QUANTFACE_USAGE);
    EXPECT_EQ(other, nullptr);
    EXPECT_THROW(Session(model, 100000), quantface::cpp_v1::Error);
}

TEST_F(InterfaceTest, AnInstructionSetThatIsNotThereIsRefused) {
    ASSERT_EQ(setenv("QUANTFACE_ISA", "mmx", 1), 0);
    quantface_error error;
    quantface_model* model = nullptr;
    EXPECT_EQ(quantface_model_load_memory(bytes_.data(), bytes_.size(), &model, &error), QUANTFACE_USAGE);
    EXPECT_STREQ(quantface_instruction_set(), "");
    ASSERT_EQ(unsetenv("QUANTFACE_ISA"), 0);
    EXPECT_EQ(quantface_model_load_memory(bytes_.data(), bytes_.size(), &model, &error), QUANTFACE_OK);
    quantface_model_free(model);
}

}  // namespace
}  // namespace quantface
