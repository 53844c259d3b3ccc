#include "formats/qfm.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <functional>
#include <limits>

#include "base/crc32c.h"
#include "base/error.h"
#include "base/file.h"
#include "formats/qfm_container.h"
#include "formats/qfm_parameters.h"
#include "sample_integer_model.h"

namespace quantface {
namespace {

// The message with which the bytes are refused; empty where they are accepted.
std::string refusal(std::span<const uint8_t> bytes) {
    try {
        decode_qfm(bytes, "x.qfm");
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
        EXPECT_EQ(std::string(error.what()).rfind("x.qfm: ", 0), 0u) << error.what();
        EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
        return error.what();
    }
    return {};
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// The file with its sections changed and every checksum right.
std::vector<uint8_t> rebuilt(const std::vector<uint8_t>& file,
                             const std::function<void(std::vector<qfm::Section>&)>& change) {
    qfm::Container container = qfm::read_container(file, "x.qfm");
    change(container.sections);
    return qfm::write_container(container.version, container.sections);
}

void fix_header_checksum(std::vector<uint8_t>& file) {
    uint32_t count = 0;
    std::memcpy(&count, file.data() + 8, sizeof(count));
    const size_t end = 12 + 28 * static_cast<size_t>(count);
    const uint32_t checksum = crc32c(std::span(file).first(end));
    std::memcpy(file.data() + end, &checksum, sizeof(checksum));
}

TEST(Qfm, RoundTripsEveryOperationAtAllBits) {
    for (int weight_bits = 2; weight_bits <= 8; ++weight_bits) {
        for (int activation_bits = 2; activation_bits <= 8; ++activation_bits) {
            const auto seed = static_cast<uint64_t>(weight_bits * 10 + activation_bits);
            const IntegerModel model = sample_model(weight_bits, activation_bits, seed);
            EXPECT_TRUE(same_model(decode_qfm(encode_qfm(model), "x.qfm"), model)) << seed;
            const IntegerModel asymmetric = with_asymmetric_weights(model, seed);
            EXPECT_FALSE(same_model(asymmetric, model)) << seed;
            EXPECT_TRUE(same_model(decode_qfm(encode_qfm(asymmetric), "x.qfm"), asymmetric)) << seed;
        }
    }
}

TEST(Qfm, RoundTripsExtremeNumbers) {
    IntegerModel model = tiny_model();
    auto& conv = std::get<IntegerConv>(model.nodes[0].op);
    conv.weight.assign(conv.weight.size(), 0);
    conv.bias = {std::numeric_limits<int32_t>::max(), -std::numeric_limits<int32_t>::max()};
    conv.multiplier_exponent = -40;
    conv.multiplier = {std::ldexp(65504.0f, -40), -std::ldexp(1.0f, -64)};
    conv.padding_level = {255, 0, 1};
    conv.epilogue.activation = Activation::kPRelu;
    conv.epilogue.slope = {-0.0f, -65504.0f};
    const std::vector<uint8_t> file = encode_qfm(model);
    const IntegerModel decoded = decode_qfm(file, "x.qfm");
    EXPECT_TRUE(same_model(decoded, model));
    EXPECT_TRUE(std::signbit(std::get<IntegerConv>(decoded.nodes[0].op).epilogue.slope[0]));
}

TEST(Qfm, SameModelGivesSameBytes) {
    EXPECT_EQ(encode_qfm(sample_model(5, 6)), encode_qfm(sample_model(5, 6)));
    const auto file = encode_qfm(sample_model(5, 6));
    EXPECT_EQ(encode_qfm(decode_qfm(file, "x.qfm")), file);
}

TEST(Qfm, FilesInTheFieldStayReadable) {
    const std::vector<uint8_t> file = read_file("tests/formats/tiny_version1.qfm");
    EXPECT_TRUE(same_model(decode_qfm(file, "x.qfm"), tiny_model()));
    // And what they can hold is still written as they have it.
    EXPECT_EQ(encode_qfm(tiny_model()), file);
}

TEST(Qfm, VersionIsTheOldestThatHoldsTheModel) {
    const IntegerModel model = sample_model(5, 6);
    EXPECT_EQ(measure_qfm(encode_qfm(model), "x.qfm").version, 1u);
    IntegerModel asymmetric = with_asymmetric_weights(model);
    EXPECT_EQ(measure_qfm(encode_qfm(asymmetric), "x.qfm").version, 2u);
    std::get<IntegerConv>(asymmetric.nodes.front().op) = std::get<IntegerConv>(model.nodes.front().op);
    EXPECT_EQ(measure_qfm(encode_qfm(asymmetric), "x.qfm").version, 2u);
    EXPECT_TRUE(same_model(decode_qfm(encode_qfm(asymmetric), "x.qfm"), asymmetric));
    // A program of version 1 would pass over the flag: no file may say that it could.
    const std::vector<uint8_t> file = encode_qfm(with_asymmetric_weights(model));
    const auto sections = qfm::read_container(file, "x.qfm").sections;
    EXPECT_TRUE(
        contains(refusal(qfm::write_container(1, sections)), "asymmetric weights in a file of format 1"));
    // A later version holds every earlier model.
    const std::vector<uint8_t> symmetric = encode_qfm(model);
    const auto as_2 = qfm::write_container(2, qfm::read_container(symmetric, "x.qfm").sections);
    EXPECT_TRUE(same_model(decode_qfm(as_2, "x.qfm"), model));
}

// The zero points of tiny_model's two channels with other bytes in their place.
TEST(Qfm, HostileZeroPointsAreRefused) {
    IntegerModel model = tiny_model();  // 24 weights of 4 bits: 12 bytes, then the zero points
    std::get<IntegerConv>(model.nodes[0].op).weight_zero_point = {0, 15};
    const std::vector<uint8_t> file = encode_qfm(model);
    const auto honest = qfm::read_container(file, "x.qfm").sections[1].bytes;
    const auto refusal_with = [&](const std::vector<uint8_t>& stream) {
        std::vector<uint8_t> parameters(honest.begin(), honest.end());
        parameters.erase(parameters.begin() + 12, parameters.begin() + 18);
        parameters.insert(parameters.begin() + 12, stream.begin(), stream.end());
        return refusal(rebuilt(file, [&](auto& s) { s[1].bytes = parameters; }));
    };
    // bits, base, then two numbers of 4 bits in a byte
    const std::vector<uint8_t> right{4, 8, 0, 0, 0, 0x78};
    ASSERT_TRUE(std::equal(right.begin(), right.end(), honest.begin() + 12));
    EXPECT_EQ(refusal_with(right), "");
    EXPECT_EQ(refusal_with({0, 15, 0, 0, 0}), "");
    EXPECT_TRUE(contains(refusal_with({0, 16, 0, 0, 0}), "zero point is not a level of the weights"));
    EXPECT_TRUE(contains(refusal_with({4, 9, 0, 0, 0, 0x78}), "zero point is not a level of the weights"));
    EXPECT_TRUE(contains(refusal_with({0, 0, 1, 0, 0}), "level is not in 0..255"));
    EXPECT_TRUE(contains(refusal_with({0, 255, 255, 255, 255}), "level is not in 0..255"));
    EXPECT_TRUE(contains(refusal_with({1, 8, 0, 0, 0, 0x78}), "numbers of 1 bits"));
    EXPECT_NE(refusal_with({}), "");
    // Cut anywhere within the zero points.
    for (size_t kept = 12; kept < 18; ++kept) {
        EXPECT_NE(refusal(rebuilt(file, [&](auto& s) { s[1].bytes = honest.first(kept); })), "") << kept;
    }
}

TEST(Qfm, RefusesToWriteAnInvalidModel) {
    IntegerModel model = tiny_model();
    model.nodes[0].inputs[0] = 7;
    EXPECT_THROW(encode_qfm(model), Error);
}

TEST(Qfm, EveryFlippedBitIsRefused) {
    std::vector<uint8_t> file = encode_qfm(tiny_model());
    ASSERT_EQ(refusal(file), "");
    for (size_t bit = 0; bit < file.size() * 8; ++bit) {
        file[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
        ASSERT_NE(refusal(file), "") << "bit " << bit;
        file[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    }
}

TEST(Qfm, EveryTruncationIsRefused) {
    const std::vector<uint8_t> file = encode_qfm(with_asymmetric_weights(sample_model(4, 4)));
    for (size_t length = 0; length < file.size(); ++length) {
        ASSERT_NE(refusal(std::span(file).first(length)), "") << length;
    }
    std::vector<uint8_t> longer = file;
    longer.push_back(0);
    EXPECT_TRUE(contains(refusal(longer), "too many"));
}

TEST(Qfm, NewerVersionIsNamed) {
    std::vector<uint8_t> file = encode_qfm(tiny_model());
    file[4] = 3;
    fix_header_checksum(file);
    EXPECT_EQ(refusal(file),
              "x.qfm: made by a newer version (format 3, this program reads up to 2); update quantface");
    // Even where nothing else of the file looks as it does today.
    EXPECT_TRUE(contains(refusal(std::span(file).first(12)), "newer version"));
    file[4] = 0;
    fix_header_checksum(file);
    EXPECT_TRUE(contains(refusal(file), "format 0"));
}

TEST(Qfm, OtherFilesAreNotTakenForOne) {
    const std::vector<uint8_t> file = encode_qfm(tiny_model());
    EXPECT_TRUE(looks_like_qfm(file));
    EXPECT_TRUE(looks_like_qfm(std::span(file).first(4)));
    EXPECT_FALSE(looks_like_qfm(std::span(file).first(3)));
    EXPECT_FALSE(looks_like_qfm({}));
    const std::string text = "QFM1 a text";
    const std::vector<uint8_t> bytes(text.begin(), text.end());
    EXPECT_FALSE(looks_like_qfm(bytes));
    EXPECT_EQ(refusal(bytes), "x.qfm: not a .qfm model file");
}

TEST(Qfm, UnknownSections) {
    const std::vector<uint8_t> file = encode_qfm(sample_model(4, 4));
    const std::vector<uint8_t> extra(100, 7);
    const auto optional = rebuilt(file, [&](auto& s) { s.push_back({77, qfm::kOptionalFlag, extra}); });
    EXPECT_EQ(refusal(optional), "");
    EXPECT_TRUE(same_model(decode_qfm(optional, "x.qfm"), sample_model(4, 4)));
    EXPECT_EQ(measure_qfm(optional, "x.qfm").other, 100u);
    const auto required = rebuilt(file, [&](auto& s) { s.insert(s.begin(), {77, 0, extra}); });
    EXPECT_TRUE(contains(refusal(required), "needs section 77"));
    // A flag that says something unknown about a section that is needed.
    const auto flagged = rebuilt(file, [&](auto& s) { s[1].flags = 2; });
    EXPECT_TRUE(contains(refusal(flagged), "needs section 2"));
}

TEST(Qfm, MissingAndDoubledSections) {
    const std::vector<uint8_t> file = encode_qfm(sample_model(4, 4));
    EXPECT_TRUE(contains(refusal(rebuilt(file, [](auto& s) { s.erase(s.begin()); })), "missing"));
    EXPECT_TRUE(contains(refusal(rebuilt(file, [](auto& s) { s.erase(s.begin() + 1); })), "missing"));
    EXPECT_TRUE(contains(refusal(rebuilt(file, [](auto& s) { s.push_back(s[0]); })), "twice"));
    const auto without_record = rebuilt(file, [](auto& s) { s.pop_back(); });
    EXPECT_EQ(decode_qfm(without_record, "x.qfm").record, "");
}

TEST(Qfm, SectionTableThatLies) {
    const std::vector<uint8_t> file = encode_qfm(tiny_model());
    for (const uint64_t lie : {uint64_t{0}, uint64_t{1} << 40, ~uint64_t{0}, ~uint64_t{0} - 60}) {
        for (const size_t position : {size_t{12 + 8}, size_t{12 + 16}, size_t{40 + 8}, size_t{40 + 16}}) {
            std::vector<uint8_t> lying = file;
            std::memcpy(lying.data() + position, &lie, sizeof(lie));
            fix_header_checksum(lying);
            EXPECT_NE(refusal(lying), "") << lie << " at " << position;
        }
    }
    for (const uint32_t count : {0u, 1u, 3u, 64u, 65u, 0xffffffffu}) {
        std::vector<uint8_t> lying = file;
        std::memcpy(lying.data() + 8, &count, sizeof(count));
        EXPECT_NE(refusal(lying), "") << count;
    }
}

TEST(Qfm, ParametersOfTheWrongLength) {
    const std::vector<uint8_t> file = encode_qfm(sample_model(4, 4));
    std::vector<uint8_t> longer;
    const auto extended = rebuilt(file, [&](auto& s) {
        longer.assign(s[1].bytes.begin(), s[1].bytes.end());
        longer.push_back(0);
        s[1].bytes = longer;
    });
    EXPECT_TRUE(contains(refusal(extended), "more parameters"));
    const size_t length = qfm::read_container(file, "x.qfm").sections[1].bytes.size();
    for (size_t kept = 0; kept < length; kept += 7) {
        EXPECT_NE(refusal(rebuilt(file, [&](auto& s) { s[1].bytes = s[1].bytes.first(kept); })), "");
    }
}

// Any change of the structure with a right checksum either gives a model that validate() passed or is
// refused.
TEST(Qfm, EveryChangedByteOfTheStructureIsSafe) {
    const std::vector<uint8_t> file = encode_qfm(with_asymmetric_weights(sample_model(4, 4)));
    const auto original = qfm::read_container(file, "x.qfm").sections[0].bytes;
    int refused = 0, accepted = 0;
    for (size_t position = 0; position < original.size(); ++position) {
        for (const uint8_t flip : {uint8_t{0x01}, uint8_t{0x80}, uint8_t{0xff}}) {
            std::vector<uint8_t> structure(original.begin(), original.end());
            structure[position] ^= flip;
            const auto changed = rebuilt(file, [&](auto& s) { s[0].bytes = structure; });
            ++(refusal(changed).empty() ? accepted : refused);
        }
    }
    EXPECT_GT(refused, accepted);
    EXPECT_GT(accepted, 0);  // a scale or a name may be anything
}

TEST(Qfm, EveryChangedByteOfTheParametersIsSafe) {
    const std::vector<uint8_t> file = encode_qfm(with_asymmetric_weights(sample_model(3, 4)));
    const auto original = qfm::read_container(file, "x.qfm").sections[1].bytes;
    for (size_t position = 0; position < original.size(); ++position) {
        for (const uint8_t flip : {uint8_t{0x01}, uint8_t{0x80}, uint8_t{0xff}}) {
            std::vector<uint8_t> parameters(original.begin(), original.end());
            parameters[position] ^= flip;
            refusal(rebuilt(file, [&](auto& s) { s[1].bytes = parameters; }));
        }
    }
}

// Hostile numbers that a model cannot be built with, so each is put into the encoded structure by its bytes.
std::string refusal_after_replacing(const IntegerModel& model, const void* from, const void* to,
                                    size_t size) {
    const std::vector<uint8_t> file = encode_qfm(model);
    std::vector<uint8_t> structure;
    const auto changed = rebuilt(file, [&](auto& s) {
        structure.assign(s[0].bytes.begin(), s[0].bytes.end());
        const auto* pattern = static_cast<const uint8_t*>(from);
        const auto found = std::search(structure.begin(), structure.end(), pattern, pattern + size);
        EXPECT_NE(found, structure.end());
        std::memcpy(&*found, to, size);
        s[0].bytes = structure;
    });
    return refusal(changed);
}

TEST(Qfm, HostileShapesDoNotAllocate) {
    // The embedding claims 65,536 channels of 1x1: its weights are not in the file.
    const IntegerModel model = tiny_model();
    struct {
        uint32_t channels;
        uint16_t height, width;
    } honest{2, 1, 1}, large{65536, 1, 1}, larger{65537, 1, 1}, tall{2, 65535, 65535};
    EXPECT_TRUE(contains(refusal_after_replacing(model, &honest, &large, 8), "numbers stated"));
    EXPECT_TRUE(contains(refusal_after_replacing(model, &honest, &larger, 8), "65536 channels"));
    EXPECT_TRUE(contains(refusal_after_replacing(model, &honest, &tall, 8), "1..32768"));
}

TEST(Qfm, HostileWindowIsRefused) {
    const uint16_t honest[] = {2, 2, 1, 1, 1, 1, 0, 0, 0, 0};
    const uint16_t large[] = {65535, 65535, 1, 1, 1, 1, 0, 0, 0, 0};
    EXPECT_TRUE(
        contains(refusal_after_replacing(tiny_model(), honest, large, sizeof(honest)), "out of range"));
    const uint16_t big[] = {4096, 4096, 1, 1, 1, 1, 0, 0, 0, 0};
    EXPECT_TRUE(
        contains(refusal_after_replacing(tiny_model(), honest, big, sizeof(honest)), "numbers stated"));
    const uint16_t stopped[] = {2, 2, 0, 0, 1, 1, 0, 0, 0, 0};
    EXPECT_TRUE(
        contains(refusal_after_replacing(tiny_model(), honest, stopped, sizeof(honest)), "out of range"));
}

TEST(Qfm, ParameterStreams) {
    const std::vector<std::vector<int32_t>> streams{
        {},
        {5},
        {7, 7, 7},
        {0, 1},
        {std::numeric_limits<int32_t>::max(), std::numeric_limits<int32_t>::max() - 1},
        {std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max(), 0, -1},
        {std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::min() + 3},
        {-100, 200, 156, -1}};
    qfm::ParameterWriter writer;
    for (const auto& stream : streams) writer.integers(stream);
    qfm::ParameterReader reader(writer.bytes(), "x.qfm");
    for (const auto& stream : streams) EXPECT_EQ(reader.integers(stream.size()), stream);
    EXPECT_EQ(reader.remaining(), 0u);
    // Numbers of 0 bits: the file holds none of them, so their count is bounded by its size.
    const std::vector<uint8_t> constant{0, 1, 0, 0, 0};
    EXPECT_EQ(qfm::ParameterReader(constant, "x.qfm").integers(3), (std::vector<int32_t>{1, 1, 1}));
    EXPECT_THROW(qfm::ParameterReader(constant, "x.qfm").integers(uint64_t{1} << 40), Error);
    const std::vector<uint8_t> one_bit{1, 0, 0, 0, 0, 0};
    EXPECT_THROW(qfm::ParameterReader(one_bit, "x.qfm").integers(1), Error);
    EXPECT_THROW(qfm::ParameterReader(one_bit, "x.qfm").floats(~uint64_t{0} / 4), Error);
    const std::vector<uint8_t> infinity{0, 0, 0x7c, 0, 0};
    EXPECT_THROW(qfm::ParameterReader(infinity, "x.qfm").halves(1, 0), Error);
}

TEST(Qfm, MetadataStaysSmall) {
    for (const int weight_bits : {4, 6, 8}) {
        const IntegerModel model = mobile_sized_model(weight_bits);
        uint64_t channels = 0, slopes = 0;
        for (const IntegerNode& node : model.nodes) {
            channels += std::get<IntegerConv>(node.op).bias.size();
            slopes += epilogue_of(node)->slope.size();
        }
        const std::vector<uint8_t> file = encode_qfm(model);
        const uint64_t metadata = file.size() - packed_weight_bytes(model);
        RecordProperty("channels", std::to_string(channels));
        RecordProperty("metadata", std::to_string(metadata));
        EXPECT_GT(channels, 9000u);
        EXPECT_GT(slopes, 6000u);
        EXPECT_LT(metadata, 70000u);
        EXPECT_LT(static_cast<double>(metadata) / static_cast<double>(channels), 6.5);
        EXPECT_TRUE(same_model(decode_qfm(file, "x.qfm"), model));
        const QfmSizes sizes = measure_qfm(file, "x.qfm");
        EXPECT_EQ(sizes.version, 1u);
        EXPECT_EQ(sizes.total, file.size());
        EXPECT_EQ(sizes.total,
                  sizes.header + sizes.structure + sizes.parameters + sizes.record + sizes.other);
        EXPECT_GE(sizes.parameters, packed_weight_bytes(model));
        std::printf("%d bits: %zu bytes, of them %zu metadata (%zu structure) for %zu channels, %zu slopes\n",
                    weight_bits, file.size(), size_t{metadata}, size_t{sizes.structure}, size_t{channels},
                    size_t{slopes});
    }
}

TEST(Qfm, WritesAndReadsFiles) {
    const auto folder = std::filesystem::temp_directory_path() / ("qfm_test" + std::to_string(::getpid()));
    std::filesystem::create_directory(folder);
    const auto path = folder / "model.qfm";
    const IntegerModel model = sample_model(6, 6);
    write_qfm(path, model);
    EXPECT_TRUE(same_model(read_qfm(path), model));
    EXPECT_EQ(read_file(path), encode_qfm(model));
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
    try {
        read_qfm(folder / "none.qfm");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
    }
    EXPECT_THROW(write_qfm(folder / "none" / "model.qfm", model), Error);
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace quantface
