// TorchScript generators as sources of faces: small ones, scripted here.
#include <gtest/gtest.h>
#include <torch/script.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/rng.h"
#include "faces/face_detector.h"
#include "faces/sources.h"
#include "support/real_material.h"
#include "train/generator_source.h"

namespace quantface {
namespace {

namespace fs = std::filesystem;

// One colour for each picture, from eight latent numbers.
constexpr const char* kColours = R"(
    def forward(self, z):
        x = torch.tanh(z.matmul(self.weight.t()))
        return x.reshape(-1, 3, 1, 1).expand(-1, 3, 112, 112)
)";

class Generator : public testing::Test {
  protected:
    Generator() : folder_(fs::temp_directory_path() / ("quantface_generator_" + std::to_string(::getpid()))) {
        fs::create_directories(folder_);
    }
    ~Generator() override { fs::remove_all(folder_); }

    static torch::jit::Module colours() {
        torch::jit::Module module("generator");
        at::Tensor weight = at::empty({3, 8});
        for (int64_t i = 0; i < 24; ++i) weight.data_ptr<float>()[i] = std::sin(static_cast<float>(i + 1));
        module.register_parameter("weight", weight, false);
        return module;
    }

    fs::path save(const torch::jit::Module& module) const {
        const fs::path path = folder_ / "g.pt";
        module.save(path.string());
        return path;
    }

    fs::path save_code(const char* code) const {
        torch::jit::Module module = colours();
        module.define(code);
        return save(module);
    }

    static std::unique_ptr<ImageSource> open(const fs::path& path, std::vector<std::string> options = {},
                                             int side = 112) {
        options.push_back("device=cpu");
        return make_generator_source(path, parse_generator_options(options, 1), side);
    }

    // The one line with which opening it, or its first image, is refused.
    static std::string refusal(const fs::path& path, const std::vector<std::string>& options = {},
                               ErrorKind kind = ErrorKind::kBadInput) {
        try {
            open(path, options)->image(0);
        } catch (const Error& error) {
            const std::string text = error.what();
            EXPECT_EQ(error.kind(), kind) << text;
            EXPECT_EQ(text.find('\n'), std::string::npos) << text;
            EXPECT_LT(text.size(), 500u) << text;
            return text;
        }
        ADD_FAILURE() << "accepted";
        return "";
    }

    void expect_refused(const char* code, const std::string& hint,
                        const std::vector<std::string>& options = {}) const {
        const std::string text = refusal(save_code(code), options);
        EXPECT_NE(text.find(hint), std::string::npos) << text;
        EXPECT_NE(text.find("g.pt"), std::string::npos) << text;
    }

    fs::path folder_;
};

// What kColours gives for standard normal latents.
std::array<uint8_t, 3> colour_of(uint64_t seed, uint64_t index, double truncation = 1) {
    Rng rng(seed, index);
    std::array<double, 3> sums{};
    for (size_t i = 0; i < 8; ++i) {
        const double z = static_cast<float>(rng.normal() * truncation);
        for (size_t c = 0; c < 3; ++c) sums[c] += z * std::sin(static_cast<double>(8 * c + i + 1));
    }
    std::array<uint8_t, 3> colour;
    for (size_t c = 0; c < 3; ++c) {
        colour[c] = static_cast<uint8_t>(std::lround((std::tanh(sums[c]) + 1) * 127.5));
    }
    return colour;
}

void expect_colour(const Image& image, const std::array<uint8_t, 3>& colour) {
    ASSERT_EQ(image.rgb.size(), static_cast<size_t>(image.height * image.width * 3));
    for (size_t c = 0; c < 3; ++c) {
        EXPECT_NEAR(image.rgb[c], colour[c], 1);
        EXPECT_NEAR(image.rgb[image.rgb.size() - 3 + c], colour[c], 1);
    }
}

TEST_F(Generator, ImagesFollowFromSeedAndIndex) {
    const fs::path path = save_code(kColours);
    const auto source = open(path, {"seed=5"});
    EXPECT_FALSE(source->size());
    EXPECT_TRUE(source->description().starts_with("generator g.pt (crc32c ")) << source->description();
    EXPECT_TRUE(source->description().ends_with("), seed 5, aligned")) << source->description();
    EXPECT_EQ(source->identity(3), 3);
    for (const int64_t index : {0, 1, 7, 1000, 3, 123456789}) {
        const Image image = source->image(index);
        EXPECT_EQ(image.height, 112);
        EXPECT_EQ(image.width, 112);
        expect_colour(image, colour_of(5, static_cast<uint64_t>(index)));
    }
    expect_colour(open(path)->image(2), colour_of(1, 2));
    EXPECT_EQ(open(path, {}, 64)->image(0).height, 64);
}

TEST_F(Generator, BatchesOrderAndThreadsChangeNothing) {
    const fs::path path = save_code(kColours);
    const auto one = open(path, {"batch=1"}), many = open(path, {"batch=16"}), shared = open(path);
    std::vector<std::vector<uint8_t>> seen(200);
    std::vector<std::thread> threads;
    for (size_t t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (size_t i = t; i < seen.size(); i += 4) {
                seen[seen.size() - 1 - i] = shared->image(static_cast<int64_t>(seen.size() - 1 - i)).rgb;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    for (size_t i = 0; i < seen.size(); ++i) {
        const auto index = static_cast<int64_t>(i);
        EXPECT_NEAR(one->image(index).rgb[0], seen[i][0], 1);
        EXPECT_NEAR(many->image(index).rgb[0], seen[i][0], 1);
        EXPECT_EQ(shared->image(index).rgb, seen[i]);
    }
}

TEST_F(Generator, TheFirstTensorOfWhateverComesIsThePicture) {
    for (const char* code : {R"(
    def forward(self, z):
        x = torch.tanh(z.matmul(self.weight.t())).reshape(-1, 3, 1, 1).expand(-1, 3, 112, 112)
        return (x, z)
)",
                             R"(
    def forward(self, z):
        x = torch.tanh(z.matmul(self.weight.t())).reshape(-1, 3, 1, 1).expand(-1, 3, 112, 112)
        return [x, x + 1]
)",
                             R"(
    def forward(self, z):
        x = torch.tanh(z.matmul(self.weight.t())).reshape(-1, 3, 1, 1).expand(-1, 3, 112, 112)
        return {"sample": x}
)",
                             R"(
    def forward(self, z):
        x = torch.tanh(z.matmul(self.weight.t()))
        return x.reshape(-1, 1, 1, 3).expand(-1, 112, 112, 3)
)"}) {
        expect_colour(open(save_code(code))->image(3), colour_of(1, 3));
    }
}

TEST_F(Generator, FindsTheRangeOfItsNumbers) {
    const std::string begin = R"(
    def forward(self, z):
        x = torch.tanh(z.matmul(self.weight.t())).reshape(-1, 3, 1, 1).expand(-1, 3, 112, 112)
)";
    for (const char* end :
         {"        return x", "        return (x + 1) / 2", "        return (x + 1) * 127.5",
          "        return ((x + 1) * 127.5).round().byte()", "        return x.double()",
          "        return x.half()"}) {
        expect_colour(open(save_code((begin + end + "\n").c_str()))->image(1), colour_of(1, 1));
    }
    // Told, it is believed.
    const Image image = open(save_code(kColours), {"range=0..255"})->image(0);
    for (const uint8_t level : image.rgb) ASSERT_LE(level, 1);
}

TEST_F(Generator, AsksTheModuleForTheSizeOfItsLatents) {
    // No weights to guess from.
    const std::string forward = R"(
    def forward(self, z):
        return torch.tanh(z.sum([2, 3])[:, :3]).reshape(-1, 3, 1, 1).expand(-1, 3, 112, 112)
)";
    const auto first_level = [&](const torch::jit::Module& module, std::vector<std::string> options = {}) {
        return open(save(module), std::move(options))->image(0).rgb[0];
    };
    const auto level_of = [](int64_t numbers_a_channel) {
        Rng rng(1, 0);
        double sum = 0;
        for (int64_t i = 0; i < numbers_a_channel; ++i) sum += static_cast<float>(rng.normal());
        return (std::tanh(sum) + 1) * 127.5;
    };
    torch::jit::Module with_attribute("g");
    with_attribute.register_attribute("z_dim", c10::IntType::get(), int64_t{6});
    with_attribute.define(forward);  // takes 6 x 1 x 1 only
    EXPECT_NEAR(first_level(with_attribute), level_of(1), 1);
    torch::jit::Module with_list("g");
    with_list.register_attribute("latent_shape", c10::ListType::ofInts(), std::vector<int64_t>{4, 2, 2});
    with_list.define(forward);
    EXPECT_NEAR(first_level(with_list), level_of(4), 1);
    torch::jit::Module with_buffer("g");
    with_buffer.register_buffer("input_shape", at::tensor(std::vector<int64_t>{4, 2, 3}, at::kLong));
    with_buffer.define(forward);
    EXPECT_NEAR(first_level(with_buffer), level_of(6), 1);
    torch::jit::Module with_method("g");
    with_method.define(forward + R"(
    def latent_dim(self):
        return 5
)");
    EXPECT_NEAR(first_level(with_method), level_of(1), 1);
    torch::jit::Module with_convolution("g");
    with_convolution.register_parameter("weight", at::ones({7, 3, 16, 16}), false);
    with_convolution.define(R"(
    def forward(self, z):
        return torch.tanh(torch.conv_transpose2d(z, self.weight))
)");
    const auto source = open(save(with_convolution), {"geometry=full"});
    EXPECT_NE(source->image(0).rgb, source->image(1).rgb);
    torch::jit::Module silent("g");
    silent.define(forward);
    EXPECT_NE(refusal(save(silent)).find("give latent="), std::string::npos);
    EXPECT_NEAR(first_level(silent, {"latent=3x5x1"}), level_of(5), 1);
    EXPECT_NE(refusal(save(silent), {"latent=3"}).find("g.pt: fails on latents of 2 x 3: "),
              std::string::npos);
}

TEST_F(Generator, TruncatesLatents) {
    const fs::path path = save_code(kColours);
    expect_colour(open(path, {"truncation=0"})->image(1), colour_of(1, 1, 0));
    EXPECT_NE(open(path, {"truncation=0.5"})->description().find("truncation 0.5"), std::string::npos);
    // One that truncates by itself gets the number, and latents as they are.
    const fs::path own = save_code(R"(
    def forward(self, z, truncation_psi: float = 1.0):
        x = torch.tanh(z.matmul(self.weight.t())) * truncation_psi
        return x.reshape(-1, 3, 1, 1).expand(-1, 3, 112, 112)
)");
    expect_colour(open(own)->image(1), colour_of(1, 1));
    std::array<uint8_t, 3> expected = colour_of(1, 1);
    for (uint8_t& level : expected) level = static_cast<uint8_t>(std::lround((level - 127.5) * 0.5 + 127.5));
    expect_colour(open(own, {"truncation=0.5", "range=-1..1"})->image(1), expected);
}

TEST_F(Generator, GivesLabelsToConditionalGenerators) {
    const std::string code = R"(
    def forward(self, z, labels):
        x = torch.zeros([z.size(0), 3], dtype=z.dtype) + labels.reshape(-1, 1)
        return x.reshape(-1, 3, 1, 1).expand(-1, 3, 112, 112)
)";
    torch::jit::Module module = colours();
    module.define(code);
    EXPECT_NE(refusal(save(module)).find("give classes="), std::string::npos);
    const auto source = open(save(module), {"classes=5", "range=0..255"});
    std::array<int, 5> counts{};
    for (int64_t i = 0; i < 100; ++i) {
        const uint8_t label = source->image(i).rgb[0];
        ASSERT_LT(label, 5);
        ++counts[label];
    }
    for (const int count : counts) EXPECT_GT(count, 5);
    EXPECT_EQ(source->identity(0), std::nullopt);
    torch::jit::Module knows = colours();
    knows.register_attribute("num_classes", c10::IntType::get(), int64_t{1});
    knows.define(code);
    EXPECT_EQ(open(save(knows), {"range=0..255"})->image(0).rgb[0], 0);
    // StyleGAN2-ADA's manner: rows of c_dim numbers, maybe none.
    for (const int64_t columns : {0, 3}) {
        torch::jit::Module style = colours();
        style.register_attribute("c_dim", c10::IntType::get(), columns);
        style.define(R"(
    def forward(self, z, c, truncation_psi: float = 1.0, noise_mode: str = "const"):
        assert c.size(1) == self.c_dim
        x = torch.tanh(z.matmul(self.weight.t())) + c.sum() * 0
        return x.reshape(-1, 3, 1, 1).expand(-1, 3, 112, 112)
)");
        expect_colour(open(save(style))->image(1), colour_of(1, 1));
    }
}

TEST_F(Generator, NoiseOfItsOwnIsRepeatable) {
    const fs::path path = save_code(R"(
    def forward(self, z):
        return torch.tanh(torch.randn([z.size(0), 3, 112, 112]) + z.sum() * 0)
)");
    const auto source = open(path), again = open(path);
    const Image third = again->image(3);
    EXPECT_NE(source->image(0).rgb, source->image(1).rgb);
    EXPECT_EQ(source->image(3).rgb, third.rgb);
    EXPECT_NE(open(path, {"seed=2"})->image(3).rgb, third.rgb);
}

// Levels that tell the place: red from left to right, green from top to bottom.
constexpr const char* kRamps = R"(
    def forward(self, z):
        ramp = (torch.arange(512, dtype=z.dtype) + 0.5) / 512
        red = ramp.reshape(1, 512).expand(512, 512)
        x = torch.stack([red, red.t(), torch.zeros([512, 512])])
        return x.reshape(1, 3, 512, 512).expand(z.size(0), -1, -1, -1)
)";

// The picture's place that the template's landmark shows.
std::array<double, 2> shown(const Image& image, size_t landmark) {
    const auto x = static_cast<size_t>(std::lround(kArcFaceTemplate[landmark][0]));
    const auto y = static_cast<size_t>(std::lround(kArcFaceTemplate[landmark][1]));
    const uint8_t* pixel = image.rgb.data() + 3 * (y * 112 + x);
    return {pixel[0] / 255.0, pixel[1] / 255.0};
}

TEST_F(Generator, CutsTheFaceOutByTheGeometry) {
    const fs::path path = save_code(kRamps);
    for (const std::vector<std::string>& options : {std::vector<std::string>{}, {"geometry=ffhq"}}) {
        const Image face = open(path, options)->image(0);
        for (size_t i = 0; i < 5; ++i) {
            EXPECT_NEAR(shown(face, i)[0], ffhq_landmarks()[i][0], 0.01);
            EXPECT_NEAR(shown(face, i)[1], ffhq_landmarks()[i][1], 0.01);
        }
    }
    const Image given = open(path, {"points=.3/.2/.5/.2/.4/.31/.32/.43/.48/.43"})->image(0);
    EXPECT_NEAR(shown(given, 0)[0], 0.3, 0.02);
    EXPECT_NEAR(shown(given, 1)[0], 0.5, 0.02);
    EXPECT_NEAR(shown(given, 3)[1], 0.43, 0.02);
    for (const char* whole : {"geometry=full", "geometry=arcface"}) {
        EXPECT_NEAR(shown(open(path, {whole})->image(0), 0)[0], (kArcFaceTemplate[0][0] + 0.5) / 112, 0.01);
    }
    EXPECT_NE(open(path)->description().find("FFHQ crop"), std::string::npos);
    const fs::path small = save_code(R"(
    def forward(self, z):
        return torch.tanh(z[:, :3]).reshape(-1, 3, 1, 1).expand(-1, 3, 64, 64)
)");
    EXPECT_NE(refusal(small, {}, ErrorKind::kUsage).find("give geometry="), std::string::npos);
    const fs::path tall = save_code(R"(
    def forward(self, z):
        return torch.tanh(z[:, :3]).reshape(-1, 3, 1, 1).expand(-1, 3, 112, 96)
)");
    EXPECT_NE(refusal(tall, {"geometry=arcface"}, ErrorKind::kUsage).find("no squares"), std::string::npos);
}

TEST_F(Generator, DetectsAndAligns) {
    const fs::path yunet = shared_folder() / "models" / "yunet_s_640_640.onnx";
    const fs::path portraits = shared_folder() / "data" / "portraits_cc0";
    if (!fs::exists(yunet) || !fs::exists(portraits)) GTEST_SKIP() << "no YuNet or no portraits here";
    const std::string detector = "detector=" + yunet.string();
    // A picture by heart, another without a face unless the first latent is large.
    const Image portrait = read_image(portraits / list_images(portraits)[0]);
    at::Tensor pixels = at::empty({portrait.height, portrait.width, 3}, at::kByte);
    std::memcpy(pixels.data_ptr<uint8_t>(), portrait.rgb.data(), portrait.rgb.size());
    torch::jit::Module module = colours();
    module.register_buffer("picture", pixels);
    module.define(R"(
    def forward(self, z):
        faces = (z[:, 0] > 0.5).byte().reshape(-1, 1, 1, 1)
        return (self.picture * faces + 50 * (1 - faces)) + (self.weight.sum() * 0).byte()
)");
    const auto source = open(save(module), {detector});
    EXPECT_NE(source->description().find("detected by yunet_s_640_640.onnx"), std::string::npos);
    const std::vector<DetectedFace> faces = FaceDetector::open(yunet).faces(portrait);
    ASSERT_FALSE(faces.empty());
    const Image expected =
        aligned_face(portrait, largest_face(faces)->landmarks, 112, WarpSampling::kShrinkFirst);
    int with_face = 0, without = 0;
    for (int64_t i = 0; i < 40; ++i) {
        Rng rng(1, static_cast<uint64_t>(i));
        bool any = false;
        for (int attempt = 0; attempt < 4 && !any; ++attempt) {
            any = rng.normal() > 0.5;
            for (int rest = 1; rest < 8; ++rest) rng.normal();
        }
        const Image image = source->image(i);
        if (any) {
            EXPECT_EQ(image.rgb, expected.rgb) << i;
        } else {
            EXPECT_EQ(image.rgb, std::vector<uint8_t>(112 * 112 * 3, 50)) << i;
        }
        ++(any ? with_face : without);
    }
    EXPECT_GT(with_face, 20);
    EXPECT_GT(without, 0);
}

TEST_F(Generator, RefusesFilesThatAreNoGenerators) {
    EXPECT_NE(refusal(folder_ / "missing.pt").find("missing.pt"), std::string::npos);
    const fs::path text = folder_ / "text.pt";
    write_file_atomically(text, std::string("no module\n"));
    EXPECT_NE(refusal(text).find("text.pt: is no TorchScript module"), std::string::npos);
    const fs::path whole = save_code(kColours);
    std::vector<uint8_t> bytes = read_file(whole);
    for (const size_t divisor : {2, 3, 10}) {
        write_file_atomically(text, std::span<const uint8_t>(bytes).first(bytes.size() / divisor));
        EXPECT_NE(refusal(text).find("text.pt: is no TorchScript module"), std::string::npos);
    }
    EXPECT_NE(refusal(whole, {"method=sample"}).find("has no method 'sample'"), std::string::npos);
    const std::string no_detector = "detector=" + text.string();
    EXPECT_NE(refusal(whole, {no_detector}).find("text.pt"), std::string::npos);
}

TEST_F(Generator, RefusesWhatGivesNoPictures) {
    expect_refused(R"(
    def forward(self, z):
        return z.matmul(self.weight.t())
)",
                   "latents", {"latent=8"});
    expect_refused(R"(
    def forward(self, z):
        return z.matmul(self.weight.t()).reshape(-1, 3, 1, 1).expand(-1, 3, 8, 8)
)",
                   "gives 2 x 3 x 8 x 8 numbers", {"latent=8"});
    expect_refused(R"(
    def forward(self, z):
        return z.sum().reshape(1, 1, 1, 1).expand(1, 3, 112, 112)
)",
                   "gives 1 x 3 x 112 x 112 numbers for 2 latents", {"latent=8"});
    expect_refused(R"(
    def forward(self, z):
        return z.sum().log().reshape(1, 1, 1, 1).expand(z.size(0), 3, 112, 112) * float("nan")
)",
                   "not finite", {"latent=8"});
    expect_refused(R"(
    def forward(self, z):
        assert z.size(0) == 0, "the weather is bad"
        return z
)",
                   "fails on latents of 2 x 8: the weather is bad", {"latent=8"});
    expect_refused(R"(
    def forward(self, z):
        return "a picture"
)",
                   "gives no tensor", {"latent=8"});
    expect_refused(R"(
    def forward(self, count: int):
        return torch.zeros([count, 3, 112, 112])
)",
                   "takes no tensor of latents");
    expect_refused(R"(
    def forward(self, z, mood):
        return z + mood
)",
                   "asks for 'mood'");
}

TEST_F(Generator, NotFiniteNumbersLaterAreRefusedThen) {
    const auto source = open(save_code(R"(
    def forward(self, z):
        x = torch.tanh(z[:, :3])
        x = x / (x[:, :1] < 0.9).to(z.dtype) * (x[:, :1] < 0.9).to(z.dtype)
        return x.reshape(-1, 3, 1, 1).expand(-1, 3, 112, 112)
)"),
                             {"latent=8", "range=-1..1"});
    int refused = 0;
    for (int64_t i = 0; i < 200; ++i) {
        try {
            source->image(i);
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
            EXPECT_NE(std::string(error.what()).find("not finite"), std::string::npos);
            ++refused;
        }
    }
    EXPECT_GT(refused, 0);
    EXPECT_LT(refused, 200);
}

TEST(GeneratorOptions, AreReadOrRefused) {
    const GeneratorOptions options =
        parse_generator_options({"seed=9", "latent=4x64x32", "truncation=0.7", "range=0..1", "batch=2",
                                 "classes=10", "method=decode"},
                                1);
    EXPECT_EQ(options.seed, 9u);
    EXPECT_EQ(options.latent, (std::vector<int64_t>{4, 64, 32}));
    EXPECT_EQ(options.truncation, 0.7);
    EXPECT_EQ(options.range, PixelRange::kUnit);
    EXPECT_EQ(options.batch, 2);
    EXPECT_EQ(options.classes, 10);
    EXPECT_EQ(options.method, "decode");
    EXPECT_EQ(parse_generator_options({}, 4).seed, 4u);
    const GeneratorOptions points = parse_generator_options({"points=.3/.4/.7/.4/.5/.6/.35/.8/.65/.8"}, 1);
    EXPECT_EQ(points.geometry, FaceGeometry::kPoints);
    EXPECT_EQ(points.points[4][0], 0.65f);
    for (const char* wrong :
         {"seed=x", "seed=-1", "latent=", "latent=0", "latent=512x", "latent=9999999x9999999",
          "latent=1x1x1x1x1", "truncation=2", "truncation=nan", "range=0..2", "geometry=round", "points=1/2",
          "points=.3/.4/.7/.4/.5/.6/.35/.8/.65/x", "points=.3/.4/.7/.4/.5/.6/.35/.8/.65/inf", "device=tpu",
          "batch=0", "classes=0", "mood=good", "seed"}) {
        try {
            parse_generator_options({wrong}, 1);
            ADD_FAILURE() << wrong << " was accepted";
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::kUsage) << wrong;
        }
    }
}

}  // namespace
}  // namespace quantface
