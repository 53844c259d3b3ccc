#include "faces/pair_list.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/scratch_folder.h"
#include "test_pack.h"

namespace quantface::test {
namespace {

class PairLists : public testing::Test {
  protected:
    void SetUp() override {
        for (const char* name :
             {"Ann/Ann_0001.jpg", "Ann/Ann_0002.jpg", "Bob/Bob_0001.jpg", "Bob/Bob_0012.png", "c.jpg"})
            folder_.write(std::string("photos/") + name, "x");
    }
    PairList read(const std::string& text) {
        return read_pair_list(folder_.write("list.txt", text), folder_ / "photos");
    }
    void expect_refused(const std::string& text, const std::string& reason) {
        const std::string message = refusal([&] { read(text); });
        EXPECT_NE(message.find(reason), std::string::npos) << message << "\nexpected: " << reason;
    }
    TemporaryFolder folder_;
};

TEST_F(PairLists, LfwsForm) {
    const PairList list = read("1\t1\nAnn\t1\t2\nAnn\t1\tBob\t12\n");
    EXPECT_EQ(list.images,
              (std::vector<std::string>{"Ann/Ann_0001.jpg", "Ann/Ann_0002.jpg", "Bob/Bob_0012.png"}));
    EXPECT_EQ(list.pairs, (std::vector<std::array<int64_t, 2>>{{0, 1}, {0, 2}}));
    EXPECT_EQ(list.same, (std::vector<bool>{true, false}));
    EXPECT_EQ(list.people, (std::vector<int32_t>{0, 0, 1}));
}

TEST_F(PairLists, ListsWithoutFoldsAreDealtIntoBlocksOfBothKinds) {
    std::string text = "20\r\n";
    for (int i = 0; i < 20; ++i) text += "Ann\t1\t2\r\n";
    for (int i = 0; i < 20; ++i) text += "Ann\t" + std::to_string(i % 2 + 1) + "\tBob\t1\r\n";
    const PairList list = read(text);
    EXPECT_TRUE(list.folds);
    ASSERT_EQ(list.same.size(), 40u);
    for (size_t block = 0; block < 10; ++block) {
        EXPECT_EQ(std::count(list.same.begin() + static_cast<std::ptrdiff_t>(4 * block),
                             list.same.begin() + static_cast<std::ptrdiff_t>(4 * block + 4), true),
                  2)
            << block;
    }
}

TEST_F(PairLists, PathsAndATruth) {
    for (const std::string text : {"Ann/Ann_0001.jpg,c.jpg,1\nc.jpg,Bob/Bob_0001.jpg,0\n",
                                   "left,right,same\nAnn/Ann_0001.jpg, c.jpg, 1\nc.jpg,Bob/Bob_0001.jpg,-1",
                                   "\xEF\xBB\xBF"
                                   "Ann/Ann_0001.jpg\tc.jpg\t1\r\n\r\nc.jpg\tBob/Bob_0001.jpg\t0\r\n",
                                   "Ann/Ann_0001.jpg c.jpg 1\nc.jpg Bob/Bob_0001.jpg 0\n"}) {
        const PairList list = read(text);
        EXPECT_EQ(list.images, (std::vector<std::string>{"Ann/Ann_0001.jpg", "c.jpg", "Bob/Bob_0001.jpg"}))
            << text;
        EXPECT_EQ(list.pairs, (std::vector<std::array<int64_t, 2>>{{0, 1}, {1, 2}}));
        EXPECT_EQ(list.same, (std::vector<bool>{true, false}));
        EXPECT_TRUE(list.people.empty());
        EXPECT_FALSE(list.folds);
    }
}

TEST_F(PairLists, WhatIsWrongIsSaidWithItsLine) {
    expect_refused("", "no pairs");
    expect_refused("\n \n", "no pairs");
    expect_refused("1 1\nAnn 1 2\n", "1 lines follow");
    expect_refused("99999999999 99999999999\nAnn 1 2\n", "line 1");
    expect_refused("1 1\nAnn 1 2\nAnn 1 2\n", "line 3");
    expect_refused("1 1\nAnn 1 2 3\nAnn 1 Bob 1\n", "line 2");
    expect_refused("1 1\nAnn 1 x\nAnn 1 Bob 1\n", "'x'");
    expect_refused("1 1\nAnn 1 7\nAnn 1 Bob 1\n", "Ann_0007.jpg is not there");
    expect_refused("1 1\n../Ann 1 2\nAnn 1 Bob 1\n", "no name");
    expect_refused("c.jpg c.jpg 1\nc.jpg c.jpg 2\n", "line 2");
    expect_refused("c.jpg d.jpg 1\n", "d.jpg is not there");
    expect_refused("c.jpg c.jpg\n", "line 1");
    EXPECT_NE(
        refusal([&] { read_pair_list(folder_ / "list.txt", folder_ / "nowhere"); }).find("no such folder"),
        std::string::npos);
}

}  // namespace
}  // namespace quantface::test
