// Small packs and what they should hold.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "faces/bin_pack.h"
#include "faces/image.h"

namespace quantface::test {

// A tiny PNG image of one colour that contains quotes, line ends, backslashes and bytes above 127 somewhere
// in it.
inline std::vector<uint8_t> small_png(int height, int width, uint8_t level) {
    return encode_png({height, width, std::vector<uint8_t>(static_cast<size_t>(height * width * 3), level)});
}

// `bytes` must outlive the pack.
inline BinPack pack_of(const std::vector<uint8_t>& bytes) {
    return BinPack::from_source(make_memory_source(bytes, "test.bin"));
}

// The message of the Error(kBadInput) that `work` must throw: one line.
template <typename Work>
std::string refusal(const Work& work) {
    try {
        work();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
        EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
        return error.what();
    }
    ADD_FAILURE() << "not refused";
    return "";
}

inline std::string refusal_of(const std::vector<uint8_t>& pickle) {
    return refusal([&] { pack_of(pickle); });
}

// The reason is part of the message, and the file's name begins it.
inline void expect_refused(const std::vector<uint8_t>& pickle, const std::string& reason) {
    const std::string message = refusal_of(pickle);
    EXPECT_NE(message.find(reason), std::string::npos) << message << "\nexpected: " << reason;
    EXPECT_EQ(message.rfind("test.bin: ", 0), 0u) << message;
}

}  // namespace quantface::test
