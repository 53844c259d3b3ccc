#include "base/file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"

namespace quantface {
namespace {

namespace fs = std::filesystem;

class FileTest : public ::testing::Test {
  protected:
    FileTest() : folder_(fs::temp_directory_path() / ("quantface_file_test" + std::to_string(::getpid()))) {
        fs::create_directory(folder_);
    }
    ~FileTest() override { fs::remove_all(folder_); }

    int64_t entries() const { return std::distance(fs::directory_iterator(folder_), {}); }

    fs::path folder_;
};

std::vector<uint8_t> bytes_of(const std::string& text) {
    return {text.begin(), text.end()};
}

template <typename Work>
ErrorKind error_kind(const Work& work) {
    try {
        work();
    } catch (const Error& error) {
        EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
        return error.kind();
    }
    ADD_FAILURE() << "no error";
    return ErrorKind::kUsage;
}

TEST_F(FileTest, WritesReplacesAndReads) {
    const fs::path path = folder_ / "a.txt";
    write_file_atomically(path, std::string("first, the longer one"));
    EXPECT_EQ(read_file(path), bytes_of("first, the longer one"));
    write_file_atomically(path, std::string("second"));
    EXPECT_EQ(read_file(path), bytes_of("second"));
    write_file_atomically(path, std::span<const uint8_t>());
    EXPECT_TRUE(read_file(path).empty());
    EXPECT_EQ(entries(), 1);
}

TEST_F(FileTest, AFailedWriteLeavesNothing) {
    EXPECT_EQ(error_kind([&] { write_file_atomically(folder_ / "none" / "a", std::string("x")); }),
              ErrorKind::kFailed);
    // A folder in the target's place: the data was written aside, and cannot be renamed over it.
    fs::create_directories(folder_ / "taken" / "inside");
    EXPECT_EQ(error_kind([&] { write_file_atomically(folder_ / "taken", std::string("x")); }),
              ErrorKind::kFailed);
    EXPECT_TRUE(fs::is_directory(folder_ / "taken" / "inside"));
    EXPECT_EQ(entries(), 1);
}

TEST_F(FileTest, RefusesWhatIsNoReadableFile) {
    EXPECT_EQ(error_kind([&] { read_file(folder_ / "none"); }), ErrorKind::kBadInput);
    EXPECT_EQ(error_kind([&] { read_file(folder_); }), ErrorKind::kBadInput);
    write_file_atomically(folder_ / "a", std::string("12345"));
    EXPECT_EQ(read_file(folder_ / "a", 5).size(), 5u);
    EXPECT_EQ(error_kind([&] { read_file(folder_ / "a", 4); }), ErrorKind::kBadInput);
}

}  // namespace
}  // namespace quantface
