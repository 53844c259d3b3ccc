// FAISS indexes: they find what exact search finds, and an index that is stale, damaged or another gallery's
// is refused before FAISS sees a byte of it.
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "gallery/faiss_engine.h"
#include "gallery/index_search.h"
#include "made_faces.h"

namespace quantface::test {
namespace {

constexpr int kSize = 64;
constexpr int64_t kPeople = 800, kFaces = 4;

class GalleryIndex : public testing::Test {
  protected:
    void SetUp() override { make(path()); }
    void make(const std::filesystem::path& path) {
        Gallery gallery = Gallery::open_or_create(path, made_network(kSize), FaceStore::kInt8);
        enroll_made(gallery, made_, kPeople, kFaces);
    }
    std::filesystem::path path() const { return folder_.file("faces.db"); }

    void build(IndexKind kind = IndexKind::kIvf, const std::string& name = "faces.db") {
        Gallery gallery(folder_.file(name), SqliteMode::kReadWrite);
        SilentProgress progress;
        EXPECT_EQ(build_index(gallery, index_path(folder_.file(name)), kind, faiss_module(), 2, progress),
                  kPeople * kFaces);
    }
    IndexFile read() const {
        const Gallery gallery(path(), SqliteMode::kReadOnly);
        return read_index_file(gallery, index_path(path()), faiss_module(), 2);
    }
    void expect_refused(ErrorKind kind, const std::string& part) const {
        try {
            read();
            ADD_FAILURE() << "accepted: " << part;
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), kind) << error.what();
            EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
            EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
        }
    }

    MadeFolder folder_;
    MadeFaces made_{kSize, 0.6};
};

TEST_F(GalleryIndex, FindsWhatExactSearchFinds) {
    const Gallery gallery(path(), SqliteMode::kReadOnly);
    std::vector<float> queries;
    constexpr int64_t kQueries = 100;
    for (int64_t i = 0; i < kQueries; ++i) {
        const auto row = made_.face(i * 7 % kPeople, 100);
        queries.insert(queries.end(), row.begin(), row.end());
    }
    ThreadPool pool(2);
    SilentProgress progress;
    const SearchOptions options{HitKind::kPeople, 5};
    const SearchHits exact = search_exactly(gallery, queries, options, pool, progress);
    for (const IndexKind kind : {IndexKind::kHnsw, IndexKind::kIvf, IndexKind::kIvfPq}) {
        build(kind);
        const IndexFile index = read();
        EXPECT_EQ(index.kind, kind);
        EXPECT_EQ(index.engine->row_count(), kPeople * kFaces);
        const SearchHits hits = search_with_index(gallery, index, queries, options);
        int found = 0;
        for (size_t query = 0; query < hits.size(); ++query) {
            ASSERT_EQ(hits[query].size(), 5u);
            // To the bit, where it is the same face.
            if (hits[query][0] == exact[query][0]) ++found;
            EXPECT_LE(hits[query][0].score, exact[query][0].score);
        }
        EXPECT_GE(found, 95) << index_kind_name(kind);
    }
}

TEST_F(GalleryIndex, StaleIsRefused) {
    expect_refused(ErrorKind::kUsage, "has no index");
    build();
    EXPECT_NO_THROW(read());
    {
        Gallery gallery(path(), SqliteMode::kReadWrite);
        const auto row = made_.face(5000, 0);
        gallery.enroll({{{"late", "late.jpg", made_photo(5000, 0), row}}});
    }
    expect_refused(ErrorKind::kBadInput, "earlier state");
    {
        Gallery gallery(path(), SqliteMode::kReadWrite);
        gallery.remove("late");
    }
    expect_refused(ErrorKind::kBadInput, "earlier state");
}

TEST_F(GalleryIndex, ChangedBetweenReadingAndSearching) {
    build();
    const IndexFile index = read();
    Gallery gallery(path(), SqliteMode::kReadWrite);
    gallery.remove("person 000003");
    EXPECT_THROW(search_with_index(gallery, index, made_.face(3, 50), {HitKind::kPeople, 5}), Error);
}

TEST_F(GalleryIndex, ForeignIsRefused) {
    make(folder_.file("other.db"));
    build(IndexKind::kIvf, "other.db");
    build();
    std::filesystem::copy_file(index_path(folder_.file("other.db")), index_path(path()),
                               std::filesystem::copy_options::overwrite_existing);
    expect_refused(ErrorKind::kBadInput, "damaged, or not this gallery's");
    std::filesystem::remove(index_path(path()));
    expect_refused(ErrorKind::kBadInput, "no such file");
}

TEST_F(GalleryIndex, DamageIsFoundBeforeFaissReads) {
    build();
    const std::vector<uint8_t> whole = read_file(index_path(path()));
    Rng rng(9);
    for (int round = 0; round < 40; ++round) {
        std::vector<uint8_t> bytes = whole;
        bytes[rng.below(bytes.size())] ^= static_cast<uint8_t>(1 + rng.below(255));
        if (round % 4 == 0) bytes.resize(rng.below(bytes.size()));
        if (round % 4 == 1) bytes.insert(bytes.end(), 16, 0);
        write_file_atomically(index_path(path()), bytes);
        expect_refused(ErrorKind::kBadInput, "damaged");
    }
    write_file_atomically(index_path(path()), whole);
    EXPECT_NO_THROW(read());
}

TEST_F(GalleryIndex, TooFewFaces) {
    Gallery gallery = Gallery::open_or_create(folder_.file("few.db"), made_network(kSize), FaceStore::kInt8);
    SilentProgress progress;
    const auto index = [&](IndexKind kind) {
        return build_index(gallery, index_path(folder_.file("few.db")), kind, faiss_module(), 1, progress);
    };
    EXPECT_THROW(index(IndexKind::kHnsw), Error);
    enroll_made(gallery, made_, 1, 2);
    EXPECT_THROW(index(IndexKind::kIvfPq), Error);
    for (const IndexKind kind : {IndexKind::kHnsw, IndexKind::kIvf}) {
        EXPECT_EQ(index(kind), 2);
        const IndexFile file =
            read_index_file(gallery, index_path(folder_.file("few.db")), faiss_module(), 1);
        const SearchHits hits = search_with_index(gallery, file, made_.face(0, 7), {HitKind::kPeople, 5});
        ASSERT_EQ(hits.front().size(), 1u) << index_kind_name(kind);
        EXPECT_EQ(gallery.person_name(hits.front()[0].person), "person 000000");
    }
}

TEST_F(GalleryIndex, AnInterruptedOneLeavesWhatWasThere) {
    build();
    class Stopped final : public Progress {
      public:
        void start(const std::string&, int64_t) override {}
        void advance(int64_t) override {}
        void finish() override {}
        bool stop_requested() const override { return true; }
    } progress;
    Gallery gallery(path(), SqliteMode::kReadWrite);
    EXPECT_THROW(build_index(gallery, index_path(path()), IndexKind::kHnsw, faiss_module(), 1, progress),
                 Error);
    EXPECT_EQ(read().kind, IndexKind::kIvf);
}

}  // namespace
}  // namespace quantface::test
