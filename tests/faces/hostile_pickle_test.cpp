// Pickles that attack: every one is refused in one line, at once and in little memory.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "faces/pickle_reader.h"
#include "pickle_builder.h"
#include "test_pack.h"

namespace quantface::test {
namespace {

using namespace pickle_opcodes;

TEST(HostilePickle, EveryTruncationIsRefused) {
    for (const auto& entry : std::filesystem::directory_iterator("fuzz/corpus/bin_pack")) {
        SCOPED_TRACE(entry.path().filename());
        const auto whole = read_file(entry.path());
        ASSERT_NO_THROW(pack_of(whole));
        for (size_t length = 0; length < whole.size(); ++length) {
            const std::vector<uint8_t> cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length));
            const std::string message = refusal_of(cut);
            EXPECT_EQ(message.rfind("test.bin: ", 0), 0u) << message;
        }
    }
}

// A changed byte may give another good pack; what it must not do is throw anything else or crash.
TEST(HostilePickle, EveryChangedByteIsReadOrRefused) {
    for (const auto& entry : std::filesystem::directory_iterator("fuzz/corpus/bin_pack")) {
        SCOPED_TRACE(entry.path().filename());
        auto bytes = read_file(entry.path());
        for (size_t at = 0; at < bytes.size(); ++at) {
            const uint8_t good = bytes[at];
            for (const int change : {0x01, 0x80, 0xff}) {
                bytes[at] = static_cast<uint8_t>(good ^ change);
                try {
                    const BinPack pack = pack_of(bytes);
                    for (int64_t image = 0; image < pack.image_count(); ++image) pack.encoded_image(image);
                } catch (const Error& error) {
                    EXPECT_EQ(error.kind(), ErrorKind::kBadInput) << error.what();
                }
            }
            bytes[at] = good;
        }
    }
}

TEST(HostilePickle, NoFunctionIsCalledOrKnown) {
    for (const auto& [module, name] : {std::pair{"os", "system"},
                                       {"posix", "system"},
                                       {"builtins", "eval"},
                                       {"builtins", "getattr"},
                                       {"numpy", "load"},
                                       {"_codecs", "decode"},
                                       {"numpy.core.multiarray", "frombuffer"},
                                       {"copyreg", "_reconstructor"}}) {
        const std::string full = std::string("'") + module + "." + name + "'";
        PickleBuilder line, stack;
        line.global(module, name).short_text("touch /tmp/x").op(kTuple1).op(kReduce).op(kStop);
        expect_refused(line.bytes(), full);
        stack.short_text(module).short_text(name).op(kStackGlobal).short_text("x").op(kTuple1).op(kReduce);
        expect_refused(stack.op(kStop).bytes(), full);
    }
    PickleBuilder odd;
    expect_refused(odd.global("a\x1b[31m", "b\xff\rc").bytes(), "'a?[31m.b??c'");
}

TEST(HostilePickle, InstructionsThatMakeObjectsAreRefused) {
    // INST, OBJ, PERSID, BINPERSID, NEWOBJ, NEWOBJ_EX, EXT1, BUFFERs, dictionaries, sets, floats.
    for (const char opcode : std::string("ioPQ\x81\x92\x82\x83\x84\x97\x98}dsu\x8f\x90\x91\x46G\xff\x01")) {
        PickleBuilder b;
        b.proto(4).op(kNone).op(static_cast<uint8_t>(opcode)).raw("os\nsystem\n.");
        expect_refused(b.bytes(), "pickle instruction 0x");
    }
    PickleBuilder picture, newer;
    expect_refused(picture.raw("\xff\xd8\xff\xe0").bytes(), "no Python pickle begins like this");
    expect_refused(newer.proto(6).bytes(), "newer than 5");
}

TEST(HostilePickle, HugeLengthsAllocateNothing) {
    struct Row {
        uint8_t opcode;
        int length_bytes;
    };
    for (const Row& row : {Row{kBinBytes, 4},
                           {kBinString, 4},
                           {kBinUnicode, 4},
                           {kBinBytes8, 8},
                           {kByteArray8, 8},
                           {kBinUnicode8, 8},
                           {kFrame, 8},
                           {kShortBinBytes, 1}}) {
        PickleBuilder b;
        expect_refused(b.op(row.opcode).number(UINT64_MAX, row.length_bytes).raw("abc").bytes(), "truncated");
    }
    PickleBuilder integer, memo, extent;
    expect_refused(integer.op(kLong4).number(0x7fffffff, 4).bytes(), "more than 64 bits");
    memo.op(kNone).op(kLongBinPut).number(0xffffffff, 4).op(kLongBinGet).number(0xfffffffe, 4);
    expect_refused(memo.bytes(), "never stored");
    // An array of 2^62 x 2^62 elements around no data.
    extent.global("numpy.core.numeric", "_frombuffer").op(kMark).op(kShortBinBytes).op(0);
    extent.global("numpy", "dtype").short_text("u1").op(kTuple1).op(kReduce).op(kMark);
    for (int axis = 0; axis < 2; ++axis) extent.op(kLong1).op(8).number(uint64_t{1} << 62, 8);
    expect_refused(extent.op(kTuple).short_text("C").op(kTuple).op(kReduce).bytes(), "larger than its data");
}

TEST(HostilePickle, DeepNestingCostsNoStack) {
    PickleBuilder b;
    for (int depth = 0; depth < 1000000; ++depth) b.op(kEmptyList);
    for (int depth = 1; depth < 1000000; ++depth) b.op(kAppend);
    expect_refused(b.op(kStop).bytes(), "not a verification pack");
    PickleBuilder marks;
    for (int depth = 0; depth < 1000000; ++depth) marks.op(kMark);
    for (int depth = 0; depth < 1000000; ++depth) marks.op(kTuple);
    expect_refused(marks.op(kStop).bytes(), "not a verification pack");
}

TEST(HostilePickle, ListsThatHoldThemselves) {
    PickleBuilder b;
    b.op(kEmptyList).op(kDup).op(kDup).op(kAppend).op(kDup).op(kAppend).op(kStop);
    expect_refused(b.bytes(), "image 0: neither");
    // A list of images that holds itself twice.
    PickleBuilder images;
    images.op(kEmptyList).op(kDup).op(kDup).op(kAppend).op(kDup).op(kAppend);
    expect_refused(images.op(kEmptyList).op(kTuple2).op(kStop).bytes(), "image 0: neither");
}

TEST(HostilePickle, TooManyInstructionsAreRefused) {
    // One more value than allowed, without an end: what stops it is the limit.
    const std::vector<uint8_t> values(kMaxPickleInstructions + 1000, kNone);
    expect_refused(values, "more instructions than any pack needs");
}

TEST(HostilePickle, StackUnderflowIsRefused) {
    for (const uint8_t opcode :
         {kStop, kAppend, kBuild, kReduce, kTuple1, kTuple2, kTuple3, kDup, kMemoize, kStackGlobal}) {
        PickleBuilder bottom, above_mark;
        expect_refused(bottom.proto(4).op(opcode).bytes(), "missing on the stack");
        // What stands below a mark is out of reach.
        above_mark.op(kNone).op(kNone).op(kNone).op(kMark).op(opcode);
        expect_refused(above_mark.bytes(), "missing on the stack");
    }
    for (const uint8_t opcode : {kTuple, kList, kAppends, kPopMark, kPop}) {
        PickleBuilder b;
        expect_refused(b.proto(4).op(opcode).bytes(), "missing on the stack");
    }
    PickleBuilder no_list;
    expect_refused(no_list.op(kNone).op(kNone).op(kAppend).bytes(), "no list");
}

TEST(HostilePickle, MalformedObjectsAreRefused) {
    PickleBuilder call, arguments, encoding, unfinished, dtype, state, name, integer, quotes;
    expect_refused(call.op(kNone).op(kEmptyTuple).op(kReduce).bytes(), "no function");
    expect_refused(arguments.global("_codecs", "encode").op(kNone).op(kReduce).bytes(), "without arguments");
    encoding.global("_codecs", "encode").short_text("x").short_text("rot13").op(kTuple2).op(kReduce);
    expect_refused(encoding.bytes(), "other than latin1");
    expect_refused(dtype.global("numpy", "dtype").short_text("O8").op(kTuple1).op(kReduce).bytes(),
                   "dtype 'O8'");
    expect_refused(state.op(kNone).op(kEmptyTuple).op(kBuild).bytes(), "takes none");
    expect_refused(name.op(kBinInt1).op(1).op(kDup).op(kStackGlobal).bytes(), "no text");
    expect_refused(integer.op(kInt).raw("12x\n").bytes(), "malformed integer");
    expect_refused(quotes.op(kString).raw("abc\n").bytes(), "without quotes");
    unfinished.op(kMark).global("numpy.core.multiarray", "_reconstruct").global("numpy", "ndarray");
    unfinished.op(kEmptyTuple).op(kShortBinBytes).op(1).op('b').op(kTuple3).op(kReduce).op(kDup).op(kList);
    expect_refused(unfinished.op(kMark).op(kNewTrue).op(kList).op(kTuple2).op(kStop).bytes(),
                   "image 0: neither");
}

TEST(HostilePickle, BigEndianNumbersAreRefused) {
    PickleBuilder b;
    b.global("numpy", "dtype").short_text("i4").op(kTuple1).op(kReduce);
    b.op(kBinInt1).op(3).short_text(">").op(kTuple2).op(kBuild);
    expect_refused(b.bytes(), "big-endian");
}

}  // namespace
}  // namespace quantface::test
