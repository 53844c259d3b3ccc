// Packs as Python 2 and 3 write them in every protocol, hand-assembled; packs that Python wrote; the real
// ones.
#include "faces/bin_pack.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "base/thread_pool.h"
#include "pickle_builder.h"
#include "test_pack.h"

namespace quantface::test {
namespace {

using namespace pickle_opcodes;

std::vector<uint8_t> every_byte() {
    std::vector<uint8_t> bytes;
    for (int value = 0; value < 256; ++value) bytes.push_back(static_cast<uint8_t>(value));
    // Sequences that escapes could trip over.
    for (const char c : std::string("\\u0041\\\\x41\\'\"\\n")) bytes.push_back(static_cast<uint8_t>(c));
    return bytes;
}

std::string hex(uint8_t byte) {
    constexpr char kDigits[] = "0123456789abcdef";
    return {kDigits[byte >> 4], kDigits[byte & 15]};
}

// As repr() of a Python 2 str.
std::string python2_literal(const std::vector<uint8_t>& bytes) {
    std::string text = "'";
    for (const uint8_t byte : bytes) {
        switch (byte) {
            case '\n':
                text += "\\n";
                break;
            case '\r':
                text += "\\r";
                break;
            case '\t':
                text += "\\t";
                break;
            case '\\':
                text += "\\\\";
                break;
            case '\'':
                text += "\\'";
                break;
            default:
                if (byte >= 0x20 && byte < 0x7f) {
                    text += static_cast<char>(byte);
                } else {
                    text += "\\x" + hex(byte);
                }
        }
    }
    return text + "'";
}

// As Python 3 writes text in protocol 0.
std::string raw_unicode_escape(const std::vector<uint8_t>& bytes) {
    std::string text;
    for (const uint8_t byte : bytes) {
        if (byte == '\\' || byte == 0 || byte == '\n' || byte == '\r' || byte == 0x1a) {
            text += "\\u00" + hex(byte);
        } else {
            text += static_cast<char>(byte);
        }
    }
    return text;
}

std::string utf8(const std::vector<uint8_t>& bytes) {
    std::string text;
    for (const uint8_t byte : bytes) {
        if (byte >= 0x80) text += static_cast<char>(0xc0 | (byte >> 6));
        text += static_cast<char>(byte < 0x80 ? byte : 0x80 | (byte & 0x3f));
    }
    return text;
}

// ([image, image], [flag]) around two images that `write` writes.
template <typename Write>
std::vector<uint8_t> pack_with_images(const Write& write) {
    PickleBuilder b;
    b.op(kEmptyList).op(kMark);
    write(b);
    write(b);
    return b.op(kAppends).op(kEmptyList).op(kNewTrue).op(kAppend).op(kTuple2).op(kStop).bytes();
}

template <typename Write>
void expect_bytes(const std::vector<uint8_t>& expected, const Write& write) {
    const auto pickle = pack_with_images(write);
    const BinPack pack = pack_of(pickle);
    ASSERT_EQ(pack.image_count(), 2);
    ASSERT_EQ(pack.pair_count(), 1);
    EXPECT_TRUE(pack.same(0));
    EXPECT_EQ(pack.encoded_image(0), expected);
    EXPECT_EQ(pack.encoded_image(1), expected);
}

TEST(BinPackEncodings, BytesWithLengthsOfOneFourAndEightBytes) {
    const auto bytes = every_byte();
    const std::vector<uint8_t> few(bytes.begin(), bytes.begin() + 200);
    for (const uint8_t opcode : {kShortBinBytes, kShortBinString}) {
        expect_bytes(few, [&](PickleBuilder& b) { b.op(opcode).number(few.size(), 1).raw(few); });
    }
    for (const uint8_t opcode : {kBinBytes, kBinString}) {
        expect_bytes(bytes, [&](PickleBuilder& b) { b.op(opcode).number(bytes.size(), 4).raw(bytes); });
    }
    for (const uint8_t opcode : {kBinBytes8, kByteArray8}) {
        expect_bytes(bytes, [&](PickleBuilder& b) { b.op(opcode).number(bytes.size(), 8).raw(bytes); });
    }
}

TEST(BinPackEncodings, Python2StringLiterals) {
    const auto bytes = every_byte();
    expect_bytes(bytes, [&](PickleBuilder& b) { b.op(kString).raw(python2_literal(bytes) + "\n"); });
    expect_bytes({'a', 7, 8, 9, 11, 12, 1, '"'},
                 [](PickleBuilder& b) { b.op(kString).raw("\"a\\a\\b\\t\\v\\f\\001\\\"\"\n"); });
}

TEST(BinPackEncodings, Python3BytesOfProtocolZeroAndTwo) {
    const auto bytes = every_byte();
    expect_bytes(bytes, [&](PickleBuilder& b) {
        b.global("_codecs", "encode").op(kMark).op(kUnicode).raw(raw_unicode_escape(bytes) + "\n");
        b.op(kUnicode).raw("latin1\n").op(kTuple).op(kReduce);
    });
    expect_bytes(bytes, [&](PickleBuilder& b) {
        b.global("_codecs", "encode").long_text(utf8(bytes)).long_text("latin1").op(kTuple2).op(kReduce);
    });
    expect_bytes({}, [&](PickleBuilder& b) { b.global("__builtin__", "bytes").op(kEmptyTuple).op(kReduce); });
    expect_bytes(bytes, [&](PickleBuilder& b) {
        b.short_text("builtins")
            .short_text("bytearray")
            .op(kStackGlobal)
            .binary(bytes)
            .op(kTuple1)
            .op(kReduce);
    });
}

TEST(BinPackEncodings, UnicodeEscapeKeepsOtherBackslashes) {
    expect_bytes({'\\', 'n', '\\', '\\', 'u', 'A'}, [](PickleBuilder& b) {
        b.global("_codecs", "encode").op(kUnicode).raw("\\n\\\\u\\U00000041\n").short_text("latin1");
        b.op(kTuple2).op(kReduce);
    });
}

TEST(BinPackEncodings, BrokenEscapesAreRefusedWhenTheImageIsRead) {
    auto expect_broken = [](const auto& write) {
        const auto pickle = pack_with_images(write);
        const BinPack pack = pack_of(pickle);
        const std::string message = refusal([&] { pack.encoded_image(1); });
        EXPECT_NE(message.find("escapes"), std::string::npos) << message;
    };
    for (const char* literal : {"'\\x4'", "'\\xzz'", "'\\q'", "'\\'", "'\\777'"}) {
        expect_broken([&](PickleBuilder& b) { b.op(kString).raw(std::string(literal) + "\n"); });
    }
    for (const char* text : {"\xc4\x80", "\xc3", "\x80", "\xff", "\xe2\x82\xac"}) {
        expect_broken([&](PickleBuilder& b) {
            b.global("_codecs", "encode").long_text(text).long_text("latin1").op(kTuple2).op(kReduce);
        });
    }
    for (const char* text : {"\\u004", "\\u0100", "\\U00000100", "\\Uffffffff"}) {
        expect_broken([&](PickleBuilder& b) {
            b.global("_codecs", "encode").op(kUnicode).raw(std::string(text) + "\n").long_text("latin1");
            b.op(kTuple2).op(kReduce);
        });
    }
}

// numpy.dtype(name, False, True) with its state.
void write_dtype(PickleBuilder& b, const std::string& name, const std::string& order = "|") {
    b.short_text("numpy").short_text("dtype").op(kStackGlobal);
    b.short_text(name).op(kNewFalse).op(kNewTrue).op(kTuple3).op(kReduce);
    b.op(kMark).op(kBinInt1).op(3).short_text(order).op(kNone).op(kNone).op(kNone);
    b.op(kBinInt)
        .number(0xffffffff, 4)
        .op(kBinInt)
        .number(0xffffffff, 4)
        .op(kBinInt1)
        .op(0)
        .op(kTuple)
        .op(kBuild);
}

// An array of u8 as protocols 0 to 4 write it.
void write_array(PickleBuilder& b, const std::vector<uint8_t>& bytes, uint16_t extent,
                 const char* core = "numpy.core") {
    b.global(std::string(core) + ".multiarray", "_reconstruct").global("numpy", "ndarray");
    b.op(kBinInt1).op(0).op(kTuple1).op(kShortBinBytes).op(1).op('b').op(kTuple3).op(kReduce);
    b.op(kMark).op(kBinInt1).op(1).op(kBinInt2).number(extent, 2).op(kTuple1);
    write_dtype(b, "u1");
    b.op(kNewFalse).binary(bytes).op(kTuple).op(kBuild);
}

TEST(BinPackNumpy, ArraysOfBytes) {
    const auto bytes = every_byte();
    const auto extent = static_cast<uint16_t>(bytes.size());
    expect_bytes(bytes, [&](PickleBuilder& b) { write_array(b, bytes, extent); });
    expect_bytes(bytes, [&](PickleBuilder& b) { write_array(b, bytes, extent, "numpy._core"); });
    for (const char* module : {"numpy.core.numeric", "numpy._core.numeric"}) {
        expect_bytes(bytes, [&](PickleBuilder& b) {
            b.global(module, "_frombuffer").op(kMark).op(kByteArray8).number(bytes.size(), 8).raw(bytes);
            write_dtype(b, "u1");
            b.op(kBinInt2).number(extent, 2).op(kTuple1).short_text("C").op(kTuple).op(kReduce);
        });
    }
}

TEST(BinPackNumpy, ShapeAndDataMustAgree) {
    const auto bytes = every_byte();
    for (const int difference : {-1, 1}) {
        const auto extent = static_cast<uint16_t>(static_cast<int>(bytes.size()) + difference);
        expect_refused(pack_with_images([&](PickleBuilder& b) { write_array(b, bytes, extent); }),
                       "NumPy array");
    }
    // Coded data shows its size only when it is decoded.
    const auto pickle = pack_with_images([](PickleBuilder& b) {
        b.global("numpy.core.numeric", "_frombuffer").op(kMark).op(kString).raw("'\\x41\\x42'\n");
        write_dtype(b, "u1");
        b.op(kBinInt1).op(3).op(kTuple1).short_text("C").op(kTuple).op(kReduce);
    });
    const BinPack pack = pack_of(pickle);
    EXPECT_NE(refusal([&] { pack.encoded_image(0); }).find("image 0: the NumPy"), std::string::npos);
}

// Two empty images and flags that `write` writes.
template <typename Write>
std::vector<uint8_t> pack_with_flags(int pairs, const Write& write) {
    PickleBuilder b;
    b.op(kEmptyList).op(kMark);
    for (int image = 0; image < 2 * pairs; ++image) b.op(kShortBinBytes).op(0);
    b.op(kAppends);
    write(b);
    return b.op(kTuple2).op(kStop).bytes();
}

TEST(BinPackFlags, PythonBooleansAndIntegersOfEveryEncoding) {
    const auto pickle = pack_with_flags(14, [](PickleBuilder& b) {
        b.op(kMark);
        b.op(kInt).raw("01\n").op(kInt).raw("00\n").op(kInt).raw("1\n").op(kInt).raw("0\n");
        b.op(kNewTrue).op(kNewFalse).op(kBinInt1).op(1).op(kBinInt2).number(0, 2).op(kBinInt).number(1, 4);
        b.op(kLong).raw("0L\n").op(kLong1).op(1).op(1).op(kLong1).op(0).op(kLong4).number(2, 4).number(1, 2);
        b.op(kLong).raw("0\n").op(kList);
    });
    const BinPack pack = pack_of(pickle);
    const std::vector<bool> expected = {1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0};
    EXPECT_EQ(pack.same_flags(), expected);
}

void write_scalar(PickleBuilder& b, const std::string& dtype, const std::vector<uint8_t>& value) {
    b.global("numpy.core.multiarray", "scalar");
    write_dtype(b, dtype, "<");
    b.binary(value).op(kTuple2).op(kReduce);
}

TEST(BinPackFlags, NumpyScalarsAndArrays) {
    const auto scalars = pack_with_flags(3, [](PickleBuilder& b) {
        b.op(kMark);
        write_scalar(b, "b1", {1});
        write_scalar(b, "i8", {0, 0, 0, 0, 0, 0, 0, 0});
        write_scalar(b, "i4", {1, 0, 0, 0});
        b.op(kList);
    });
    EXPECT_EQ(pack_of(scalars).same_flags(), (std::vector<bool>{1, 0, 1}));

    auto array_of = [](const std::string& dtype, const std::vector<uint8_t>& data, uint8_t extent) {
        return pack_with_flags(3, [&](PickleBuilder& b) {
            b.global("numpy.core.numeric", "_frombuffer").op(kMark).binary(data);
            write_dtype(b, dtype, "<");
            b.op(kBinInt1).op(extent).op(kTuple1).short_text("C").op(kTuple).op(kReduce);
        });
    };
    EXPECT_EQ(pack_of(array_of("b1", {0, 1, 1}, 3)).same_flags(), (std::vector<bool>{0, 1, 1}));
    EXPECT_EQ(pack_of(array_of("i2", {1, 0, 0, 0, 1, 0}, 3)).same_flags(), (std::vector<bool>{1, 0, 1}));
    expect_refused(array_of("b1", {0, 2, 1}, 3), "flag 1 is neither");
    expect_refused(array_of("i2", {1, 0, 0, 1, 1, 0}, 3), "flag 1 is neither");
    expect_refused(array_of("b1", {0, 1}, 2), "need 3 flags, it has 2");
}

TEST(BinPackFlags, OthersAreRefusedByNumber) {
    auto flags = [](const auto& write) {
        return pack_with_flags(2, [&](PickleBuilder& b) {
            b.op(kMark).op(kNewTrue);
            write(b);
            b.op(kList);
        });
    };
    expect_refused(flags([](PickleBuilder& b) { b.op(kBinInt1).op(2); }), "flag 1 is neither");
    expect_refused(flags([](PickleBuilder& b) { b.op(kInt).raw("-1\n"); }), "flag 1 is neither");
    expect_refused(flags([](PickleBuilder& b) { b.op(kNone); }), "flag 1 is neither");
    expect_refused(flags([](PickleBuilder& b) { b.short_text("x"); }), "flag 1 is neither");
    expect_refused(flags([](PickleBuilder&) {}), "need 2 flags, it has 1");
    expect_refused(pack_with_flags(1, [](PickleBuilder& b) { b.op(kNone); }), "neither a list nor");
}

TEST(BinPackStructure, MustBeTwoListsWithPairs) {
    PickleBuilder none, number, three, odd, empty, strange;
    expect_refused(none.op(kNone).op(kStop).bytes(), "not a verification pack");
    expect_refused(number.op(kBinInt1).op(1).op(kBinInt1).op(1).op(kTuple2).op(kStop).bytes(),
                   "must hold a list");
    expect_refused(three.op(kEmptyList).op(kDup).op(kDup).op(kTuple3).op(kStop).bytes(), "must hold a list");
    odd.op(kEmptyList).op(kShortBinBytes).op(0).op(kAppend).op(kEmptyList).op(kTuple2).op(kStop);
    expect_refused(odd.bytes(), "1 images do not make pairs");
    empty.op(kEmptyList).op(kEmptyList).op(kTuple2).op(kStop);
    expect_refused(empty.bytes(), "0 images do not make pairs");
    strange.op(kMark)
        .op(kShortBinBytes)
        .op(0)
        .op(kNone)
        .op(kList)
        .op(kMark)
        .op(kNewTrue)
        .op(kList)
        .op(kTuple2);
    expect_refused(strange.op(kStop).bytes(), "image 1: neither bytes nor");
}

TEST(BinPackStructure, BrokenImageIsNamed) {
    const auto pickle = pack_with_images([](PickleBuilder& b) { b.op(kShortBinBytes).op(4).raw("abcd"); });
    const BinPack pack = pack_of(pickle);
    EXPECT_EQ(refusal([&] { pack.image(1); }).rfind("test.bin: image 1: not an image", 0), 0u);
}

std::filesystem::path corpus() {
    return "fuzz/corpus/bin_pack";
}

// Packs that Python 3.11 and NumPy 1.24 wrote: PNG images of 2 x 1 and 1 x 2 pixels with levels 0, 40, ...
// 200.
TEST(BinPackOfPython, EveryProtocol) {
    for (int protocol = 0; protocol <= 5; ++protocol) {
        for (const std::string kind : {"bytes", "numpy"}) {
            const std::string name = kind + "_protocol_" + std::to_string(protocol);
            SCOPED_TRACE(name);
            const BinPack pack = BinPack::open(corpus() / name);
            EXPECT_EQ(pack.file_name(), name);
            EXPECT_EQ(pack.same_flags(), kind == "bytes" ? (std::vector<bool>{1, 0}) : std::vector<bool>{1});
            const Image wide = pack.image(0), tall = pack.image(1);
            EXPECT_EQ(wide.height, 1);
            EXPECT_EQ(wide.width, 2);
            EXPECT_EQ(wide.rgb, (std::vector<uint8_t>{0, 40, 80, 120, 160, 200}));
            EXPECT_EQ(tall.height, 2);
            EXPECT_EQ(tall.width, 1);
            EXPECT_EQ(tall.rgb, (std::vector<uint8_t>{0, 40, 80, 20, 60, 100}));
        }
    }
    for (const char* name : {"numpy_scalars", "python2_protocol_0", "python2_protocol_2"}) {
        SCOPED_TRACE(name);
        const BinPack pack = BinPack::open(corpus() / name);
        EXPECT_EQ(pack.same_flags(), std::vector<bool>{1});
        EXPECT_EQ(pack.image(0).rgb, (std::vector<uint8_t>{0, 40, 80, 120, 160, 200}));
    }
}

TEST(BinPackFile, MissingFileAndFolderAreRefused) {
    EXPECT_NE(refusal([] { BinPack::open("/nowhere/x.bin"); }).find("/nowhere/x.bin: cannot be opened"),
              std::string::npos);
    EXPECT_NE(refusal([] { BinPack::open("/"); }).find("not a plain file"), std::string::npos);
}

std::filesystem::path shared_folder() {
    const char* given = std::getenv("QUANTFACE_SHARED");
    return given ? given : "../shared";
}

TEST(BinPackReal, LfwPacksOpenAndDecodeFromManyThreads) {
    const auto data = shared_folder() / "data";
    if (!std::filesystem::exists(data)) GTEST_SKIP() << "no real packs: " << data << " is absent";
    struct Row {
        const char* name;
        int64_t pairs, block;
    };
    for (const Row& row : {Row{"lfw_devtest.bin", 1000, 50}, Row{"lfw_devtrain.bin", 2200, 110}}) {
        const BinPack pack = BinPack::open(data / row.name);
        ASSERT_EQ(pack.pair_count(), row.pairs);
        ASSERT_EQ(pack.image_count(), 2 * row.pairs);
        for (int64_t pair = 0; pair < row.pairs; ++pair)
            EXPECT_EQ(pack.same(pair), pair / row.block % 2 == 0) << pair;
        ThreadPool pool(4);
        pool.parallel_for(200, [&](int64_t index, int) {
            const Image image = pack.image(index * 7);
            EXPECT_EQ(image.height, 112);
            EXPECT_EQ(image.width, 112);
            EXPECT_EQ(image.rgb, pack.image(index * 7).rgb);
        });
    }
}

}  // namespace
}  // namespace quantface::test
