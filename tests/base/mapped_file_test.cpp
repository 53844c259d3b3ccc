#include "base/mapped_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"

namespace quantface {
namespace {

namespace fs = std::filesystem;

class MappedFileTest : public ::testing::Test {
  protected:
    MappedFileTest()
        : folder_(fs::temp_directory_path() / ("quantface_mapped_file_test" + std::to_string(::getpid()))) {
        fs::create_directory(folder_);
    }
    ~MappedFileTest() override { fs::remove_all(folder_); }

    fs::path folder_;
};

template <typename Work>
std::string refusal(const Work& work) {
    try {
        work();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
        return error.what();
    }
    ADD_FAILURE() << "no error";
    return {};
}

TEST_F(MappedFileTest, HasTheFilesBytes) {
    // Around the size of a page.
    for (const size_t size : {0, 1, 4095, 4096, 4097, 100000}) {
        std::vector<uint8_t> bytes(size);
        for (size_t index = 0; index < size; ++index) bytes[index] = static_cast<uint8_t>(index * 7);
        write_file_atomically(folder_ / "a", bytes);
        const MappedFile file(folder_ / "a");
        ASSERT_TRUE(std::equal(bytes.begin(), bytes.end(), file.bytes().begin(), file.bytes().end()));
    }
}

TEST_F(MappedFileTest, OutlivesTheFilesReplacement) {
    write_file_atomically(folder_ / "a", std::string(10000, 'a'));
    const MappedFile file(folder_ / "a");
    write_file_atomically(folder_ / "a", std::string("b"));
    EXPECT_EQ(std::count(file.bytes().begin(), file.bytes().end(), 'a'), 10000);
}

TEST_F(MappedFileTest, RefusesWhatReadFileRefusesInTheSameWords) {
    write_file_atomically(folder_ / "a", std::string("12345"));
    for (const fs::path& path : {folder_ / "none", folder_ / "a" / "b", folder_, fs::path("/dev/null")}) {
        EXPECT_EQ(refusal([&] { MappedFile file(path); }), refusal([&] { read_file(path); })) << path;
    }
    EXPECT_EQ(MappedFile(folder_ / "a", 5).bytes().size(), 5u);
    EXPECT_EQ(refusal([&] { MappedFile file(folder_ / "a", 4); }),
              refusal([&] { read_file(folder_ / "a", 4); }));
}

TEST_F(MappedFileTest, DoesNotWaitForAPipe) {
    ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
    EXPECT_NE(refusal([&] { MappedFile file(folder_ / "pipe"); }).find("not a plain file"),
              std::string::npos);
}

}  // namespace
}  // namespace quantface
