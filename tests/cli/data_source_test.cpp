// Sources of data by name: the grammar of mixtures, and what is opened.
#include <gtest/gtest.h>

#include <filesystem>
#include <numeric>

#include "base/error.h"
#include "base/file.h"
#include "cli/data_source.h"
#include "cli/data_source_text.h"
#include "faces/sources.h"
#include "subprocess.h"

namespace quantface {

namespace {

namespace fs = std::filesystem;

Error failure(const std::string& source) {
    try {
        open_data_source(source, {});
    } catch (const Error& error) {
        EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
        return error;
    }
    ADD_FAILURE() << source << " was accepted";
    return Error(ErrorKind::kFailed, "");
}

void expect_usage(const std::string& source, const std::string& hint) {
    const Error error = failure(source);
    EXPECT_EQ(error.kind(), ErrorKind::kUsage) << source;
    EXPECT_NE(std::string(error.what()).find(hint), std::string::npos) << error.what();
}

// Shares in percent.
std::vector<double> shares_of(const std::string& source) {
    const std::vector<SourceText> parts = parse_source(source);
    double sum = 0;
    std::vector<double> shares;
    for (const SourceText& part : parts) sum += static_cast<double>(part.weight);
    for (const SourceText& part : parts) shares.push_back(100 * static_cast<double>(part.weight) / sum);
    return shares;
}

void expect_shares(const std::string& source, const std::vector<double>& expected) {
    const std::vector<double> shares = shares_of(source);
    ASSERT_EQ(shares.size(), expected.size()) << source;
    for (size_t i = 0; i < shares.size(); ++i) EXPECT_NEAR(shares[i], expected[i], 1e-9) << source;
}

TEST(SourceText, SharesAreGivenOrDivideTheRest) {
    expect_shares("render", {100});
    expect_shares("render:0.7,noise:0.3", {70, 30});
    expect_shares("render:70%,noise", {70, 30});
    expect_shares("render,noise,folder:x", {100.0 / 3, 100.0 / 3, 100.0 / 3});
    expect_shares("render:0.4,noise,folder:x", {40, 30, 30});
    expect_shares("render:33.33%,noise:0.6667", {33.33, 66.67});
    expect_shares("render:1:.5,render:2:0.5", {50, 50});
    expect_shares("render:1.0", {100});
    expect_shares("faces.bin:25%,generator:g.pt:latent=100:0.25:seed=3,folder:/a/b:50%", {25, 25, 50});
}

TEST(SourceText, WholeNumbersAreSeedsAndOthersShares) {
    const std::vector<SourceText> parts = parse_source("render:7,rendered:0.25:9,noise:10%,guided:3");
    ASSERT_EQ(parts.size(), 4u);
    EXPECT_EQ(parts[0].seed, 7u);
    EXPECT_EQ(parts[1].seed, 9u);
    EXPECT_EQ(parts[1].kind, SourceKind::kRendered);
    EXPECT_EQ(parts[2].seed, std::nullopt);
    EXPECT_EQ(parts[2].kind, SourceKind::kNoise);
    EXPECT_EQ(parts[3].kind, SourceKind::kGuided);
}

TEST(SourceText, GeneratorsKeepTheirOptions) {
    const std::vector<SourceText> parts =
        parse_source("generator:/m/g.pt:latent=4x64x64:points=.3/.4/.7/.4/.5/.6/.3/.8/.7/.8:10%,render");
    ASSERT_EQ(parts.size(), 2u);
    EXPECT_EQ(parts[0].kind, SourceKind::kGenerator);
    EXPECT_EQ(parts[0].path, "/m/g.pt");
    EXPECT_EQ(parts[0].options,
              (std::vector<std::string>{"latent=4x64x64", "points=.3/.4/.7/.4/.5/.6/.3/.8/.7/.8"}));
}

TEST(SourceText, RefusesSharesThatAreNone) {
    expect_usage("render:0.7,noise:0.4", "1.1");
    expect_usage("render:0.5,noise:0.4", "0.9");
    expect_usage("render:0.5", "no source without a share");
    expect_usage("render:0.5,noise:0.5,folder:x", "nothing is left");
    expect_usage("render:1.5", "a share is 0.0001 to 1");
    expect_usage("render:0.00001,noise", "a share is 0.0001 to 1");
    expect_usage("render:0.0,noise", "a share is 0.0001 to 1");
    expect_usage("render:0.5:0.5,noise", "two shares");
    expect_usage("render:1:2", "two seeds");
    expect_usage("render:x", "seed");
    expect_usage("render:0.5.5,noise", "seed");
    expect_usage("render:%,noise", "seed");
    expect_usage("render,,noise", "empty");
    expect_usage("render,", "empty");
    expect_usage("", "empty");
    expect_usage("render,photographs", "photographs");
}

TEST(SourceText, PathsKeepCommasAndColonsThatBelongToThem) {
    const test::ScratchFolder scratch;
    const std::string folder = scratch.file("a,b:0.5");
    fs::create_directories(folder);
    for (const std::string& text : {folder, "folder:" + folder}) {
        const std::vector<SourceText> alone = parse_source(text);
        ASSERT_EQ(alone.size(), 1u);
        EXPECT_EQ(alone[0].path, folder);
        const std::vector<SourceText> with_share = parse_source("noise," + text + ":30%,render");
        ASSERT_EQ(with_share.size(), 3u);
        EXPECT_EQ(with_share[1].path, folder);
        EXPECT_EQ(with_share[1].weight * 10, 3 * (2 * with_share[0].weight + with_share[1].weight));
    }
}

TEST(DataSource, MixesWhatItOpens) {
    const test::ScratchFolder scratch;
    fs::create_directories(scratch.file("faces"));
    for (const char* name : {"a.png", "b.png", "c.png"}) {
        write_file_atomically(scratch.path() / "faces" / name,
                              encode_png({2, 2, std::vector<uint8_t>(12, 99)}));
    }
    const auto source = open_data_source("noise:5:0.75,folder:" + scratch.file("faces"), {});
    EXPECT_EQ(source->description(), "mixture of 75% uniform noise, seed 5; 25% folder faces, 3 images");
    ASSERT_TRUE(source->size());
    EXPECT_GE(*source->size(), 12);
    EXPECT_LT(*source->size(), 16);
    int grey = 0;
    for (int64_t i = 0; i < *source->size(); ++i) grey += source->image(i).rgb[0] == 99 ? 1 : 0;
    EXPECT_GE(grey, 3);
    EXPECT_FALSE(open_data_source("noise,render", {})->size());
    EXPECT_EQ(open_data_source("render:100%", {}, 4)->description(),
              open_data_source("rendered:4", {})->description());
}

TEST(DataSource, SaysWhatIsMissing) {
    EXPECT_EQ(failure("noise,folder:/no/such/folder").kind(), ErrorKind::kBadInput);
    EXPECT_EQ(failure("noise,/no/such/pack.bin:0.5").kind(), ErrorKind::kBadInput);
    // Beside this test lies no training library.
    expect_usage("generator:g.pt:0.5,noise", "quantface_training.so");
    expect_usage("generator:", "which file");
}

}  // namespace

}  // namespace quantface
