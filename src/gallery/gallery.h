// A gallery: people and their faces' embeddings in one SQLite file (schema.h), which several processes may
// read and change at once.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gallery/content_hash.h"
#include "gallery/sqlite.h"
#include "gallery/stored_embedding.h"

namespace quantface {

constexpr int kMaxEmbeddingSize = 8192;
constexpr size_t kMaxPersonNameBytes = 255;

// What embeddings must have in common to be compared.
struct GalleryNetwork {
    std::string sha256;      // of the network's file, 64 hexadecimal digits
    std::string name;        // the file's name, for people
    int embedding_size = 0;  // 1..kMaxEmbeddingSize
    std::string input;       // size, colour order, offset and scale, as one line
    std::string alignment;   // how faces are found and aligned, as one line
};

struct NewFace {
    std::string person;  // a printable line of 1..kMaxPersonNameBytes bytes
    std::string photo;   // the photo's name, for people
    Sha256 photo_sha256{};
    std::span<const float> embedding;  // a direction, of any length
};

// Throws Error(kUsage) where it is not a printable line of 1..kMaxPersonNameBytes bytes.
void require_person_name(const std::string& name);

struct GalleryPerson {
    int64_t id = 0;
    std::string name;
    int64_t faces = 0;
};

struct GalleryFace {
    int64_t id = 0, person = 0;
    std::string photo;
};

// Consecutive faces by number, as they are stored.
struct FaceRows {
    std::vector<int64_t> faces, people;
    std::vector<uint8_t> embeddings;  // rows of stored_embedding_bytes()

    size_t size() const { return faces.size(); }
    void clear();
};

// Which state of which gallery: an index is of one.
struct GalleryContent {
    std::array<uint8_t, 16> identity{};
    int64_t counter = 0;
    bool operator==(const GalleryContent&) const = default;
};

// The index file that belongs to the gallery (index_file.h).
struct IndexedState {
    int64_t content = 0;
    std::string kind;
    int64_t bytes = 0;
    Sha256 sha256{};
};

// Every member throws Error(kBadInput) where the file turns out damaged, Error(kFailed) where it stays locked
// or cannot be written. Not for several threads at once.
class Gallery {
  public:
    // An existing one. Throws Error(kBadInput) where there is no such file or it is no gallery.
    Gallery(const std::filesystem::path& path, SqliteMode mode);
    // The same, made where there is none yet.
    static Gallery open_or_create(const std::filesystem::path& path, const GalleryNetwork& network,
                                  FaceStore store);
    ~Gallery();
    Gallery(Gallery&&) noexcept;

    const std::string& name() const;
    const GalleryNetwork& network() const;
    FaceStore store() const;
    int dimension() const { return network().embedding_size; }

    // Throws Error(kBadInput), one line, where the faces were embedded by another network, or by this one
    // with its input read in another way. The alignment is not looked at.
    void require_network(const GalleryNetwork& network) const;

    // As long as it lives what is read is of one state, and writers wait.
    SqliteTransaction begin_reading() const;

    int64_t face_count() const;
    int64_t person_count() const;
    GalleryContent content() const;

    // Whether this person has a face of a photo of these bytes.
    bool has_face(const std::string& person, const Sha256& photo) const;
    // The other people who have one.
    std::vector<std::string> others_with(const std::string& person, const Sha256& photo) const;

    // In one transaction, all or none. [i]: whether face i was added; false where has_face() held already.
    std::vector<bool> enroll(std::span<const NewFace> faces);
    // Returns how many faces went with the person. Throws Error(kUsage) where there is no such person.
    int64_t remove(const std::string& person);

    // By name.
    std::vector<GalleryPerson> people() const;
    std::string person_name(int64_t person) const;
    GalleryFace face(int64_t face) const;

    // Appends up to `limit` of the faces whose number is above `after`, ascending.
    void read_faces(int64_t after, int64_t limit, FaceRows& rows) const;
    // Appends these faces, in this order; each must be there.
    void read_faces(std::span<const int64_t> faces, FaceRows& rows) const;

    std::optional<IndexedState> indexed() const;
    // Calls put_in_place() where the gallery still has the state's content, and notes the index; else throws
    // Error(kFailed).
    void set_indexed(const IndexedState& state, const std::function<void()>& put_in_place);

  private:
    struct State;
    explicit Gallery(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace quantface
