// The database: what goes in comes out, twice is once, two processes lose nothing, other networks are
// refused.
#include "gallery/gallery.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "made_faces.h"

namespace quantface::test {
namespace {

constexpr int kSize = 24;

class GalleryFile : public testing::Test {
  protected:
    Gallery create(FaceStore store = FaceStore::kInt8) {
        return Gallery::open_or_create(path(), made_network(kSize), store);
    }
    std::filesystem::path path() const { return folder_.file("faces.db"); }

    MadeFolder folder_;
    MadeFaces made_{kSize, 0.6};
};

TEST_F(GalleryFile, WhatGoesInComesOut) {
    for (const FaceStore store : {FaceStore::kInt8, FaceStore::kFloat}) {
        std::filesystem::remove(path());
        {
            Gallery gallery = create(store);
            enroll_made(gallery, made_, 5, 3);
        }
        const Gallery gallery(path(), SqliteMode::kReadOnly);
        EXPECT_EQ(gallery.store(), store);
        EXPECT_EQ(gallery.network().name, "made.onnx");
        EXPECT_EQ(gallery.face_count(), 15);
        EXPECT_EQ(gallery.person_count(), 5);
        const auto people = gallery.people();
        ASSERT_EQ(people.size(), 5u);
        EXPECT_EQ(people[2].name, "person 000002");
        EXPECT_EQ(people[2].faces, 3);
        FaceRows rows;
        gallery.read_faces(0, 100, rows);
        ASSERT_EQ(rows.size(), 15u);
        const size_t bytes = stored_embedding_bytes(store, kSize);
        for (size_t i = 0; i < rows.size(); ++i) {
            std::vector<float> numbers(kSize);
            restore_embedding(store, std::span(rows.embeddings).subspan(i * bytes, bytes), "test", numbers);
            const auto row = made_.face(static_cast<int64_t>(i / 3), static_cast<int64_t>(i % 3));
            EXPECT_GT(cosine_similarity(row, numbers), 0.9998);
            EXPECT_EQ(gallery.person_name(rows.people[i]), people[i / 3].name);
            EXPECT_EQ(gallery.face(rows.faces[i]).photo,
                      std::to_string(i / 3) + "/" + std::to_string(i % 3) + ".jpg");
        }
    }
}

TEST_F(GalleryFile, TheSamePhotoOfAPersonIsKeptOnce) {
    Gallery gallery = create();
    const auto row = made_.face(0, 0);
    const NewFace face{"Ada", "a.jpg", made_photo(0, 0), row};
    EXPECT_EQ(gallery.enroll({{face}}), std::vector<bool>{true});
    const GalleryContent before = gallery.content();
    EXPECT_TRUE(gallery.has_face("Ada", face.photo_sha256));
    EXPECT_FALSE(gallery.has_face("Bea", face.photo_sha256));
    EXPECT_EQ(gallery.enroll({{face}}), std::vector<bool>{false});
    EXPECT_EQ(gallery.content(), before);
    NewFace other = face;
    other.person = "Bea";
    EXPECT_EQ(gallery.others_with("Bea", face.photo_sha256), std::vector<std::string>{"Ada"});
    EXPECT_EQ(gallery.enroll({{face, other, other}}), (std::vector<bool>{false, true, false}));
    EXPECT_NE(gallery.content(), before);
    EXPECT_EQ(gallery.face_count(), 2);
}

TEST_F(GalleryFile, AllOfABatchOrNone) {
    Gallery gallery = create();
    const auto row = made_.face(0, 0);
    const std::vector<float> none(kSize, 0.0f), shorter(kSize - 1, 1.0f);
    for (const std::span<const float> bad : {std::span(none), std::span(shorter)}) {
        const std::vector<NewFace> faces = {{"Ada", "a", made_photo(0, 0), row},
                                            {"Bea", "b", made_photo(0, 1), bad}};
        EXPECT_THROW(gallery.enroll(faces), Error);
    }
    for (const std::string name : {"", "two\nlines", "\x1b[2J", "\xff"}) {
        EXPECT_THROW(gallery.enroll({{{name, "a", made_photo(0, 0), row}}}), Error);
    }
    EXPECT_EQ(gallery.face_count(), 0);
    EXPECT_EQ(gallery.person_count(), 0);
}

TEST_F(GalleryFile, ARemovedPersonIsGone) {
    Gallery gallery = create();
    enroll_made(gallery, made_, 3, 2);
    const GalleryContent before = gallery.content();
    EXPECT_EQ(gallery.remove("person 000001"), 2);
    EXPECT_EQ(gallery.face_count(), 4);
    EXPECT_EQ(gallery.person_count(), 2);
    EXPECT_NE(gallery.content(), before);
    try {
        gallery.remove("person 000001");
        FAIL() << "removed twice";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    }
}

TEST_F(GalleryFile, AnotherNetworkIsRefused) {
    const Gallery gallery = create();
    GalleryNetwork network = made_network(kSize);
    network.name = "renamed.onnx";  // the same bytes
    EXPECT_NO_THROW(gallery.require_network(network));
    for (const int what : {0, 1, 2}) {
        network = made_network(kSize);
        if (what == 0) network.sha256[0] = 'b';
        if (what == 1) network.embedding_size = 2 * kSize;
        if (what == 2) network.input = "112 x 112, BGR";
        try {
            gallery.require_network(network);
            FAIL() << what;
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
            EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
            EXPECT_NE(std::string(error.what()).find("faces.db"), std::string::npos);
        }
    }
}

TEST_F(GalleryFile, MissingIsSaid) {
    EXPECT_THROW(Gallery(folder_.file("none.db"), SqliteMode::kReadOnly), Error);
    EXPECT_FALSE(std::filesystem::exists(folder_.file("none.db")));
    EXPECT_THROW(Gallery::open_or_create(folder_.file("no/folder.db"), made_network(kSize), FaceStore::kInt8),
                 Error);
}

// Processes that create, enrol and remove at once: every face of every one is there at the end.
TEST_F(GalleryFile, ProcessesAtOnceLoseNothing) {
    constexpr int kProcesses = 4, kFaces = 40;
    std::vector<pid_t> children;
    for (int process = 0; process < kProcesses; ++process) {
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            int code = 1;
            try {
                Gallery gallery = create();
                for (int face = 0; face < kFaces; ++face) {
                    const auto row = made_.face(process, face);
                    // One person of each process, and one that all of them share.
                    const std::vector<NewFace> faces = {
                        {"process " + std::to_string(process), "a", made_photo(process, face), row},
                        {"shared", "a", made_photo(process, face), row}};
                    gallery.enroll(faces);
                }
                code = 0;
            } catch (const std::exception& error) {
                fprintf(stderr, "%s\n", error.what());
            }
            ::_exit(code);
        }
        children.push_back(child);
    }
    for (const pid_t child : children) {
        int status = 0;
        ::waitpid(child, &status, 0);
        EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    const Gallery gallery(path(), SqliteMode::kReadOnly);
    EXPECT_EQ(gallery.face_count(), 2 * kProcesses * kFaces);
    EXPECT_EQ(gallery.person_count(), kProcesses + 1);
    EXPECT_EQ(gallery.content().counter, kProcesses * kFaces);
}

}  // namespace
}  // namespace quantface::test
