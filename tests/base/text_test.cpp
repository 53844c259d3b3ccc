#include "base/text.h"

#include <gtest/gtest.h>

#include <string>

namespace quantface {
namespace {

TEST(Text, WellFormedUtf8) {
    EXPECT_TRUE(is_utf8(""));
    EXPECT_TRUE(is_utf8("plain\n\ttext"));
    EXPECT_TRUE(is_utf8("\x7f\xc2\x80\xdf\xbf"));                              // U+007F, U+0080, U+07FF
    EXPECT_TRUE(is_utf8("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"));  // U+0800 .. U+FFFF
    EXPECT_TRUE(is_utf8("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"));                  // U+10000, U+10FFFF
}

TEST(Text, MalformedUtf8) {
    for (const std::string text :
         {"\x80", "\xbf", "\xc2", "\xc2 ", "\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf", "\xe1\x80", "\xed\xa0\x80",
          "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xfe", "\xff",
          "a\xf0\x90\x80"}) {
        EXPECT_FALSE(is_utf8(text));
        EXPECT_FALSE(is_printable_line(text));
    }
}

TEST(Text, PrintableLines) {
    EXPECT_TRUE(is_printable_line("layer1.0/conv größer 顔"));
    for (const std::string text : {"a\nb", "a\r", "\t", "\x1b[2J", "\x7f", "\xc2\x80", "\xc2\x9f"}) {
        EXPECT_FALSE(is_printable_line(text));
    }
    EXPECT_FALSE(is_printable_line(std::string_view("a\0b", 3)));
    EXPECT_TRUE(is_printable_line("\xc2\xa0"));
}

}  // namespace
}  // namespace quantface
