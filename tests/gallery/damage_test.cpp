// Damaged, hostile and foreign files: an error of one line that names the file, never a crash, and never a
// wrong answer where a checksum can tell.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/crc32c.h"
#include "base/error.h"
#include "base/file.h"
#include "base/rng.h"
#include "gallery/exact_search.h"
#include "gallery/impostor_threshold.h"
#include "made_faces.h"

namespace quantface::test {
namespace {

constexpr int kSize = 32;

class DamagedGallery : public testing::Test {
  protected:
    void SetUp() override {
        Gallery gallery = Gallery::open_or_create(path(), made_network(kSize), FaceStore::kInt8);
        enroll_made(gallery, made_, 20, 3);
        expected_ = search(gallery);
    }

    std::filesystem::path path() const { return folder_.file("faces.db"); }

    SearchHits search(const Gallery& gallery) {
        ThreadPool pool(1);
        SilentProgress progress;
        std::vector<float> query = made_.face(3, 9);
        query.resize(static_cast<size_t>(gallery.dimension()), 0.5f);  // what the file says may be wrong
        return search_exactly(gallery, query, {HitKind::kPeople, 3}, pool, progress);
    }

    // Everything that reads. True where it was refused, false where all went well and gave what it should.
    bool refused_or_right(const std::string& what) {
        try {
            const Gallery gallery(path(), SqliteMode::kReadOnly);
            const SearchHits hits = search(gallery);
            gallery.people();
            gallery.indexed();
            for (const GalleryHit& hit : hits.front()) {
                gallery.person_name(hit.person);
                gallery.face(hit.face);
            }
            ThreadPool pool(1);
            SilentProgress progress;
            impostor_threshold(gallery, 0.01, pool, progress);
            // What a flip in the tree makes of the order of rows may hide some; those there are right.
            for (const GalleryHit& hit : hits.front()) {
                EXPECT_LE(hit.score, expected_.front().front().score) << what;
            }
            return false;
        } catch (const Error& error) {
            const std::string text = error.what();
            EXPECT_NE(error.kind(), ErrorKind::kUsage) << what << ": " << text;
            EXPECT_EQ(text.find('\n'), std::string::npos) << what;
            EXPECT_NE(text.find("faces.db"), std::string::npos) << what << ": " << text;
            return true;
        }
    }

    // SQL by the hand of someone else, who may do anything.
    void tamper(const std::string& sql) {
        sqlite3* handle = nullptr;
        ASSERT_EQ(sqlite3_open(path().c_str(), &handle), SQLITE_OK);
        char* message = nullptr;
        EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &message), SQLITE_OK)
            << sql << ": " << (message ? message : "");
        sqlite3_free(message);
        sqlite3_close(handle);
    }

    void expect_tampering_refused(const std::string& sql) {
        const std::vector<uint8_t> whole = read_file(path());
        tamper(sql);
        EXPECT_TRUE(refused_or_right(sql)) << sql;
        write_file_atomically(path(), whole);
    }

    MadeFolder folder_;
    MadeFaces made_{kSize, 0.6};
    SearchHits expected_;
};

TEST_F(DamagedGallery, WholeOneIsAccepted) {
    EXPECT_FALSE(refused_or_right("whole"));
}

TEST_F(DamagedGallery, Truncated) {
    const std::vector<uint8_t> whole = read_file(path());
    size_t refused = 0, tried = 0;
    for (size_t size = 0; size < whole.size(); size += size < 200 ? 7 : 509, ++tried) {
        write_file_atomically(path(), std::span(whole).first(size));
        if (refused_or_right("truncated to " + std::to_string(size))) ++refused;
    }
    EXPECT_EQ(refused, tried);
}

TEST_F(DamagedGallery, FlippedBytes) {
    const std::vector<uint8_t> whole = read_file(path());
    Rng rng(5);
    int refused = 0;
    for (int round = 0; round < 600; ++round) {
        std::vector<uint8_t> bytes = whole;
        const auto flips = 1 + rng.below(4);
        for (uint64_t i = 0; i < flips; ++i) {
            bytes[rng.below(bytes.size())] ^= static_cast<uint8_t>(1 + rng.below(255));
        }
        write_file_atomically(path(), bytes);
        if (refused_or_right("round " + std::to_string(round))) ++refused;
    }
    EXPECT_GT(refused, 100);
}

TEST_F(DamagedGallery, RandomBytesAndOtherFiles) {
    Rng rng(6);
    std::vector<uint8_t> bytes(5000);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(rng.next_u64());
    write_file_atomically(path(), bytes);
    EXPECT_TRUE(refused_or_right("random"));
    std::memcpy(bytes.data(), "SQLite format 3", 16);
    write_file_atomically(path(), bytes);
    EXPECT_TRUE(refused_or_right("random behind SQLite's first bytes"));
    std::filesystem::remove(path());
    tamper("CREATE TABLE faces (id)");
    EXPECT_TRUE(refused_or_right("another program's database"));
}

TEST_F(DamagedGallery, TamperedTables) {
    const std::string blob = "zeroblob(" + std::to_string(kSize + 8) + ")";
    for (const std::string& sql : {
             std::string("PRAGMA application_id = 1"),
             std::string("PRAGMA user_version = 2"),
             std::string("DROP TABLE indexed"),
             std::string("DELETE FROM gallery"),
             std::string("UPDATE gallery SET embedding_size = 33"),
             std::string("UPDATE gallery SET embedding_size = 0"),
             std::string("UPDATE gallery SET embedding_size = -1"),
             std::string("UPDATE gallery SET embedding_size = 9223372036854775807"),
             std::string("UPDATE gallery SET store = 'float'"),
             std::string("UPDATE gallery SET store = 'int4'"),
             std::string("UPDATE gallery SET identity = x'00'"),
             std::string("UPDATE faces SET embedding = x'' WHERE id = 7"),
             std::string("UPDATE faces SET embedding = zeroblob(500000) WHERE id = 7"),
             "UPDATE faces SET embedding = " + blob + " WHERE id = 7",
             std::string("UPDATE faces SET photo_sha256 = x'00' WHERE id = 7"),
             std::string("UPDATE faces SET photo_sha256 = zeroblob(32) WHERE id = 7"),
             std::string("UPDATE faces SET person = 5 WHERE id = 1"),
             std::string("PRAGMA foreign_keys = OFF; DELETE FROM people WHERE id = 4"),
             std::string("CREATE TRIGGER t AFTER INSERT ON faces BEGIN DELETE FROM people; END"),
             std::string("CREATE VIEW v AS SELECT * FROM faces"),
             std::string("INSERT INTO indexed VALUES (1, 1, 'hnsw', 1, x'00')"),
             std::string(
                 "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE people (id "
                 "INTEGER PRIMARY KEY, name TEXT)' WHERE name = 'people'"),
         }) {
        expect_tampering_refused(sql);
    }
}

TEST_F(DamagedGallery, NoNumbersWithARightChecksum) {
    // Someone who knows the format: the checksum holds, the embedding is none.
    for (const FaceStore store : {FaceStore::kInt8, FaceStore::kFloat}) {
        std::filesystem::remove(path());
        {
            Gallery gallery = Gallery::open_or_create(path(), made_network(kSize), store);
            enroll_made(gallery, made_, 20, 3);
        }
        std::vector<uint8_t> bytes = read_file(path());
        Gallery gallery(path(), SqliteMode::kReadOnly);
        FaceRows rows;
        gallery.read_faces(6, 1, rows);
        const Sha256 photo = made_photo(2, 0);
        ASSERT_EQ(rows.faces, std::vector<int64_t>{7});
        std::vector<uint8_t> stored = rows.embeddings;
        const auto place = std::search(bytes.begin(), bytes.end(), stored.begin(), stored.end());
        ASSERT_NE(place, bytes.end());
        const float nan = std::numeric_limits<float>::quiet_NaN();
        std::memcpy(stored.data(), &nan, sizeof nan);
        // What the checksum covers: the person's number, the photograph's hash, the embedding.
        std::vector<uint8_t> covered(sizeof(int64_t) + photo.size() + stored.size());
        std::memcpy(covered.data(), rows.people.data(), sizeof(int64_t));
        std::copy(photo.begin(), photo.end(), covered.begin() + sizeof(int64_t));
        std::copy(stored.begin(), stored.end(),
                  covered.begin() + static_cast<ptrdiff_t>(sizeof(int64_t) + photo.size()));
        const uint32_t checksum = crc32c(covered);
        const auto* tail = reinterpret_cast<const uint8_t*>(&checksum);
        std::copy(stored.begin(), stored.end(), place);
        std::copy(tail, tail + sizeof checksum, place + static_cast<ptrdiff_t>(stored.size()));
        write_file_atomically(path(), bytes);
        const Gallery tampered(path(), SqliteMode::kReadOnly);
        try {
            search(tampered);
            FAIL() << face_store_name(store);
        } catch (const Error& error) {
            EXPECT_NE(std::string(error.what()).find("no embedding of length 1"), std::string::npos)
                << error.what();
        }
    }
}

TEST_F(DamagedGallery, NamesCannotSpeakToTheTerminal) {
    tamper("UPDATE people SET name = 'a' || char(27) || '[2J' || char(10) WHERE id = 1");
    const Gallery gallery(path(), SqliteMode::kReadOnly);
    EXPECT_EQ(gallery.person_name(1), "a?[2J?");
    for (const GalleryPerson& person : gallery.people()) {
        EXPECT_EQ(person.name.find('\x1b'), std::string::npos);
    }
}

}  // namespace
}  // namespace quantface::test
