// The blocked search against a plain loop in double precision, ties, and independence of threads and batches.
#include "gallery/exact_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/error.h"
#include "made_faces.h"

namespace quantface::test {
namespace {

struct Setting {
    FaceStore store;
    int dimension;
};

void PrintTo(const Setting& setting, std::ostream* out) {
    *out << face_store_name(setting.store) << " " << setting.dimension;
}

class ExactSearch : public testing::TestWithParam<Setting> {
  protected:
    // More than one block, the last one of an odd size.
    static constexpr int64_t kPeople = 431, kFaces = 5;

    void SetUp() override {
        Gallery gallery = Gallery::open_or_create(path(), made_network(dimension()), GetParam().store);
        enroll_made(gallery, made_, kPeople, kFaces);
    }
    int dimension() const { return GetParam().dimension; }
    std::filesystem::path path() const { return folder_.file("faces.db"); }

    std::vector<float> queries(int64_t count) const {
        std::vector<float> rows;
        for (int64_t i = 0; i < count; ++i) {
            // Every other one a stranger.
            const auto row = made_.face(i % 2 == 0 ? i * 7 % kPeople : 10000 + i, 100 + i);
            rows.insert(rows.end(), row.begin(), row.end());
        }
        return rows;
    }

    SearchHits search(const std::vector<float>& rows, const SearchOptions& options, int threads) const {
        const Gallery gallery(path(), SqliteMode::kReadOnly);
        ThreadPool pool(threads);
        SilentProgress progress;
        return search_exactly(gallery, rows, options, pool, progress);
    }

    // What a plain loop finds: (cosine in double, person, face), by person the best face.
    std::vector<GalleryHit> plain_search(std::span<const float> query, const SearchOptions& options) const {
        const Gallery gallery(path(), SqliteMode::kReadOnly);
        FaceRows rows;
        gallery.read_faces(0, 1 << 20, rows);
        const size_t bytes = stored_embedding_bytes(GetParam().store, dimension());
        std::vector<GalleryHit> hits;
        std::map<int64_t, GalleryHit> by_person;
        for (size_t i = 0; i < rows.size(); ++i) {
            std::vector<float> row(static_cast<size_t>(dimension()));
            restore_embedding(GetParam().store, std::span(rows.embeddings).subspan(i * bytes, bytes), "test",
                              row);
            const GalleryHit hit{rows.faces[i], rows.people[i],
                                 static_cast<float>(cosine_similarity(query, row))};
            const auto [place, is_new] = by_person.try_emplace(hit.person, hit);
            if (!is_new && hit.score > place->second.score) place->second = hit;
            hits.push_back(hit);
        }
        if (options.kind == HitKind::kPeople) {
            hits.clear();
            for (const auto& [person, hit] : by_person) hits.push_back(hit);
        }
        std::stable_sort(hits.begin(), hits.end(), [](auto& a, auto& b) { return a.score > b.score; });
        hits.resize(std::min(hits.size(), static_cast<size_t>(options.limit)));
        return hits;
    }

    MadeFolder folder_;
    MadeFaces made_{GetParam().dimension, 0.6};
};

TEST_P(ExactSearch, FindsWhatAPlainLoopFinds) {
    const std::vector<float> rows = queries(9);
    const auto width = static_cast<size_t>(dimension());
    for (const HitKind kind : {HitKind::kPeople, HitKind::kFaces}) {
        const SearchOptions options{kind, 7};
        const SearchHits hits = search(rows, options, 2);
        ASSERT_EQ(hits.size(), 9u);
        for (size_t query = 0; query < hits.size(); ++query) {
            const auto expected = plain_search(std::span(rows).subspan(query * width, width), options);
            ASSERT_EQ(hits[query].size(), expected.size());
            for (size_t rank = 0; rank < expected.size(); ++rank) {
                EXPECT_NEAR(hits[query][rank].score, expected[rank].score, 2e-5);
                // Closer ones than rounding tells apart may change places.
                const bool close =
                    (rank > 0 && expected[rank - 1].score - expected[rank].score < 5e-5) ||
                    (rank + 1 < expected.size() && expected[rank].score - expected[rank + 1].score < 5e-5) ||
                    rank + 1 == expected.size();
                if (close) continue;
                EXPECT_EQ(hits[query][rank].face, expected[rank].face) << query << " " << rank;
            }
        }
    }
}

TEST_P(ExactSearch, ThreadsAndBatchesChangeNothing) {
    const std::vector<float> rows = queries(150);  // more than are compared together
    const auto width = static_cast<size_t>(dimension());
    const SearchOptions options{HitKind::kPeople, 5};
    const SearchHits one = search(rows, options, 1);
    EXPECT_EQ(one, search(rows, options, 3));
    for (const size_t query : {0u, 63u, 64u, 149u}) {
        const std::vector<float> alone(rows.begin() + static_cast<ptrdiff_t>(query * width),
                                       rows.begin() + static_cast<ptrdiff_t>((query + 1) * width));
        EXPECT_EQ(search(alone, options, 2).front(), one[query]) << query;
    }
    const Gallery gallery(path(), SqliteMode::kReadOnly);
    ThreadPool pool(2);
    SilentProgress progress;
    const ResidentGallery resident(gallery, pool, progress);
    EXPECT_EQ(resident.face_count(), kPeople * kFaces);
    EXPECT_EQ(resident.search(rows, options, pool), one);
}

TEST_P(ExactSearch, EqualFacesGoByTheirNumber) {
    Gallery gallery(path(), SqliteMode::kReadWrite);
    const auto row = made_.face(77777, 0);
    // The same embedding in several places of several blocks, the last person first by name.
    std::vector<NewFace> faces;
    for (int64_t i = 0; i < 40; ++i) {
        faces.push_back({"twin " + std::to_string(100 - i / 2), "t.jpg", made_photo(77777, i), row});
    }
    gallery.enroll(faces);
    const SearchHits by_face = search(row, {HitKind::kFaces, 40}, 3);
    ASSERT_EQ(by_face.front().size(), 40u);
    for (size_t i = 0; i < 40; ++i) {
        EXPECT_EQ(by_face.front()[i].face, kPeople * kFaces + 1 + static_cast<int64_t>(i));
        EXPECT_EQ(by_face.front()[i].score, by_face.front()[0].score);
    }
    const SearchHits by_person = search(row, {HitKind::kPeople, 3}, 2);
    for (size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(by_person.front()[i].person, kPeople + 1 + static_cast<int64_t>(i));
        EXPECT_EQ(by_person.front()[i].face, kPeople * kFaces + 1 + 2 * static_cast<int64_t>(i));
    }
}

TEST_P(ExactSearch, QueriesOfAnyLengthButNotWithoutDirection) {
    std::vector<float> row = made_.face(3, 50);
    const SearchHits hits = search(row, {HitKind::kPeople, 2}, 1);
    for (float& number : row) number *= 32;
    EXPECT_EQ(search(row, {HitKind::kPeople, 2}, 1), hits);
    std::fill(row.begin(), row.end(), 0.0f);
    EXPECT_THROW(search(row, {HitKind::kPeople, 2}, 1), Error);
    EXPECT_THROW(search({1, 2, 3}, {HitKind::kPeople, 2}, 1), Error);
}

INSTANTIATE_TEST_SUITE_P(All, ExactSearch,
                         testing::Values(Setting{FaceStore::kFloat, 128}, Setting{FaceStore::kInt8, 128},
                                         Setting{FaceStore::kInt8, 37}, Setting{FaceStore::kFloat, 37},
                                         Setting{FaceStore::kInt8, 512}));

TEST(TopList, APersonThatWasDroppedComesBack) {
    TopList list(HitKind::kPeople, 2);
    list.offer({1, 1, 0.1f});
    list.offer({2, 2, 0.2f});
    list.offer({3, 3, 0.3f});
    list.offer({4, 1, 0.9f});
    list.offer({5, 1, 0.5f});
    EXPECT_EQ(list.hits(), (std::vector<GalleryHit>{{4, 1, 0.9f}, {3, 3, 0.3f}}));
}

}  // namespace
}  // namespace quantface::test
