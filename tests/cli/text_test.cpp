// What the program's output is made of: tables, numbers, digests.
#include <gtest/gtest.h>

#include "cli/sha256.h"
#include "cli/text_table.h"

namespace quantface {

namespace {

TEST(TextTable, AlignsColumnsAndTrimsLines) {
    TextTable table({"name", "<op", "n"});
    table.add_row({"a", "Conv", "1"});
    table.add_row({"longer", "x", "1,000"});
    EXPECT_EQ(table.render(),
              "name    op        n\n"
              "-------------------\n"
              "a       Conv      1\n"
              "longer  x     1,000\n");
}

TEST(TextTable, ControlCharactersDoNotReachTheTerminal) {
    TextTable table({"name"});
    table.add_row({"evil\033[2Jname\n"});
    EXPECT_EQ(table.render().find('\033'), std::string::npos);
}

TEST(Format, Numbers) {
    EXPECT_EQ(format_count(0), "0");
    EXPECT_EQ(format_count(999), "999");
    EXPECT_EQ(format_count(1000), "1,000");
    EXPECT_EQ(format_count(-123456), "-123,456");
    EXPECT_EQ(format_bytes(999), "999 B");
    EXPECT_EQ(format_bytes(45600), "45.6 kB");
    EXPECT_EQ(format_bytes(1234567), "1.23 MB");
}

// FIPS 180-4's examples.
TEST(Sha256, KnownDigests) {
    const std::string abc = "abc";
    EXPECT_EQ(sha256_hex({reinterpret_cast<const uint8_t*>(abc.data()), abc.size()}),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sha256_hex({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace

}  // namespace quantface
