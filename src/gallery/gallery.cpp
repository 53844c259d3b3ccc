#include "gallery/gallery.h"

#include <algorithm>
#include <cstring>
#include <random>

#include "base/crc32c.h"
#include "base/error.h"
#include "base/text.h"
#include "gallery/schema.h"

namespace quantface {

namespace {

constexpr size_t kChecksumBytes = 4;

// What a face's checksum covers: whose it is, of which photo, and the embedding.
uint32_t face_checksum(int64_t person, std::span<const uint8_t> photo, std::span<const uint8_t> stored,
                       std::vector<uint8_t>& scratch) {
    scratch.resize(sizeof person + photo.size() + stored.size());
    std::memcpy(scratch.data(), &person, sizeof person);
    std::copy(photo.begin(), photo.end(), scratch.begin() + sizeof person);
    std::copy(stored.begin(), stored.end(), scratch.end() - static_cast<ptrdiff_t>(stored.size()));
    return crc32c(scratch);
}

void require_new_network(const GalleryNetwork& network) {
    if (network.embedding_size < 1 || network.embedding_size > kMaxEmbeddingSize) {
        fail_usage("a network with embeddings of " + std::to_string(network.embedding_size) +
                   " numbers; a gallery takes 1 to " + std::to_string(kMaxEmbeddingSize));
    }
}

// Names out of the file go to a terminal.
std::string printable(std::string text) {
    if (!is_printable_line(text)) {
        for (char& c : text) {
            if (c < 0x20 || c > 0x7e) c = '?';
        }
    }
    return text;
}

}  // namespace

void require_person_name(const std::string& name) {
    if (name.empty() || name.size() > kMaxPersonNameBytes || !is_printable_line(name)) {
        fail_usage("a person's name must be one printable line of 1 to " +
                   std::to_string(kMaxPersonNameBytes) + " bytes");
    }
}

void FaceRows::clear() {
    faces.clear();
    people.clear();
    embeddings.clear();
}

struct Gallery::State {
    State(const std::filesystem::path& path, SqliteMode mode) : database(path, mode) {}

    [[noreturn]] void fail_damaged(const std::string& what) const {
        fail_bad_input(database.name() + ": damaged: " + what);
    }

    void create(const GalleryNetwork& new_network, FaceStore new_store);
    void read_head();
    void count_change() { database.execute("UPDATE gallery SET content = content + 1"); }
    // columns: id, person, photo_sha256, embedding
    void append(const SqliteStatement& row, FaceRows& rows);

    SqliteDatabase database;
    GalleryNetwork network;
    FaceStore store = FaceStore::kInt8;
    std::array<uint8_t, 16> identity{};
    std::vector<uint8_t> scratch;
};

void Gallery::State::create(const GalleryNetwork& new_network, FaceStore new_store) {
    std::random_device random;
    for (uint8_t& byte : identity) byte = static_cast<uint8_t>(random());
    create_schema(database);
    database
        .prepare(
            "INSERT INTO gallery (id, identity, content, network_sha256, network_name, embedding_size, "
            "input, alignment, store) VALUES (1, ?, 0, ?, ?, ?, ?, ?, ?)")
        .bind(1, std::span<const uint8_t>(identity))
        .bind(2, new_network.sha256)
        .bind(3, new_network.name)
        .bind(4, int64_t{new_network.embedding_size})
        .bind(5, new_network.input)
        .bind(6, new_network.alignment)
        .bind(7, face_store_name(new_store))
        .run();
}

void Gallery::State::read_head() {
    check_schema(database);
    SqliteStatement row = database.prepare(
        "SELECT identity, network_sha256, network_name, embedding_size, input, alignment, store FROM gallery "
        "WHERE id = 1");
    if (!row.step()) fail_damaged("no description of its network");
    const std::span<const uint8_t> bytes = row.blob(0);
    const int64_t size = row.integer(3);
    const std::string kept = row.text(6);
    if (bytes.size() != identity.size()) fail_damaged("its identity");
    if (size < 1 || size > kMaxEmbeddingSize) fail_damaged("embeddings of " + std::to_string(size));
    if (kept != "int8" && kept != "float") fail_damaged("how embeddings are stored");
    std::copy(bytes.begin(), bytes.end(), identity.begin());
    network = {printable(row.text(1)), printable(row.text(2)), static_cast<int>(size), printable(row.text(4)),
               printable(row.text(5))};
    store = face_store_of(kept);
}

void Gallery::State::append(const SqliteStatement& row, FaceRows& rows) {
    const std::span<const uint8_t> photo = row.blob(2), blob = row.blob(3);
    const size_t size = stored_embedding_bytes(store, network.embedding_size);
    const int64_t face = row.integer(0), person = row.integer(1);
    if (photo.size() != sizeof(Sha256) || blob.size() != size + kChecksumBytes) {
        fail_damaged("the size of face " + std::to_string(face));
    }
    uint32_t checksum = 0;
    std::memcpy(&checksum, blob.data() + size, kChecksumBytes);
    const std::span<const uint8_t> stored = blob.first(size);
    if (checksum != face_checksum(person, photo, stored, scratch)) {
        fail_damaged("the checksum of face " + std::to_string(face));
    }
    rows.faces.push_back(face);
    rows.people.push_back(person);
    rows.embeddings.insert(rows.embeddings.end(), stored.begin(), stored.end());
}

Gallery::Gallery(std::unique_ptr<State> state) : state_(std::move(state)) {}
Gallery::~Gallery() = default;
Gallery::Gallery(Gallery&&) noexcept = default;

Gallery::Gallery(const std::filesystem::path& path, SqliteMode mode) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) {
        fail_bad_input(path.string() + ": no such gallery; `quantface enroll` makes one");
    }
    state_ = std::make_unique<State>(path, mode);
    state_->read_head();
}

Gallery Gallery::open_or_create(const std::filesystem::path& path, const GalleryNetwork& network,
                                FaceStore store) {
    require_new_network(network);
    auto state = std::make_unique<State>(path, SqliteMode::kCreate);
    if (is_empty_database(state->database)) {
        SqliteTransaction transaction(state->database, SqliteTransaction::Kind::kWrite);
        // Another process may have been quicker.
        if (is_empty_database(state->database)) state->create(network, store);
        transaction.commit();
    }
    state->read_head();
    return Gallery(std::move(state));
}

const std::string& Gallery::name() const {
    return state_->database.name();
}

const GalleryNetwork& Gallery::network() const {
    return state_->network;
}

FaceStore Gallery::store() const {
    return state_->store;
}

void Gallery::require_network(const GalleryNetwork& other) const {
    const GalleryNetwork& own = network();
    if (own.sha256 != other.sha256 || own.embedding_size != other.embedding_size) {
        fail_bad_input(name() + ": its faces are of another network, " + own.name + " (SHA-256 " +
                       own.sha256.substr(0, 12) + "...), not of " + other.name + " (" +
                       other.sha256.substr(0, 12) + "...); embeddings of two networks cannot be compared");
    }
    if (own.input != other.input) {
        fail_bad_input(name() + ": its faces were embedded with input " + own.input + ", not " + other.input +
                       "; give the same --input-mean, --input-std and --bgr");
    }
}

SqliteTransaction Gallery::begin_reading() const {
    return {state_->database, SqliteTransaction::Kind::kRead};
}

int64_t Gallery::face_count() const {
    return state_->database.number("SELECT count(*) FROM faces");
}

int64_t Gallery::person_count() const {
    return state_->database.number("SELECT count(*) FROM people");
}

GalleryContent Gallery::content() const {
    return {state_->identity, state_->database.number("SELECT content FROM gallery WHERE id = 1")};
}

std::vector<GalleryPerson> Gallery::people() const {
    SqliteStatement rows = state_->database.prepare(
        "SELECT people.id, name, count(faces.id) FROM people LEFT JOIN faces ON faces.person = people.id "
        "GROUP BY people.id ORDER BY name");
    std::vector<GalleryPerson> people;
    while (rows.step()) people.push_back({rows.integer(0), printable(rows.text(1)), rows.integer(2)});
    return people;
}

std::string Gallery::person_name(int64_t person) const {
    SqliteStatement row = state_->database.prepare("SELECT name FROM people WHERE id = ?");
    row.bind(1, person);
    if (!row.step()) state_->fail_damaged("person " + std::to_string(person) + " has no name");
    return printable(row.text(0));
}

GalleryFace Gallery::face(int64_t face) const {
    SqliteStatement row = state_->database.prepare("SELECT person, photo FROM faces WHERE id = ?");
    row.bind(1, face);
    if (!row.step()) state_->fail_damaged("face " + std::to_string(face) + " is not there");
    return {face, row.integer(0), printable(row.text(1))};
}

void Gallery::read_faces(int64_t after, int64_t limit, FaceRows& rows) const {
    SqliteStatement statement = state_->database.prepare(
        "SELECT id, person, photo_sha256, embedding FROM faces WHERE id > ? ORDER BY id LIMIT ?");
    statement.bind(1, after).bind(2, limit);
    while (statement.step()) {
        // Also where pages of a damaged file go round in circles.
        if (!rows.faces.empty() && statement.integer(0) <= rows.faces.back()) {
            state_->fail_damaged("the order of its faces");
        }
        state_->append(statement, rows);
    }
}

void Gallery::read_faces(std::span<const int64_t> faces, FaceRows& rows) const {
    SqliteStatement statement =
        state_->database.prepare("SELECT id, person, photo_sha256, embedding FROM faces WHERE id = ?");
    for (const int64_t face : faces) {
        statement.bind(1, face);
        if (!statement.step()) state_->fail_damaged("face " + std::to_string(face) + " is not there");
        state_->append(statement, rows);
        statement.reset();
    }
}

bool Gallery::has_face(const std::string& person, const Sha256& photo) const {
    SqliteStatement row = state_->database.prepare(
        "SELECT 1 FROM faces JOIN people ON people.id = person WHERE photo_sha256 = ? AND name = ?");
    return row.bind(1, std::span<const uint8_t>(photo)).bind(2, person).step();
}

std::vector<std::string> Gallery::others_with(const std::string& person, const Sha256& photo) const {
    SqliteStatement rows = state_->database.prepare(
        "SELECT name FROM faces JOIN people ON people.id = person WHERE photo_sha256 = ? AND name <> ? "
        "ORDER BY name");
    rows.bind(1, std::span<const uint8_t>(photo)).bind(2, person);
    std::vector<std::string> names;
    while (rows.step()) names.push_back(printable(rows.text(0)));
    return names;
}

namespace {

// Adds faces within a transaction.
class FaceInserter {
  public:
    explicit FaceInserter(SqliteDatabase& database)
        : database_(database),
          find_person_(database.prepare("SELECT id FROM people WHERE name = ?")),
          add_person_(database.prepare("INSERT INTO people (name) VALUES (?)")),
          add_face_(database.prepare("INSERT OR IGNORE INTO faces (person, photo, photo_sha256, embedding) "
                                     "VALUES (?, ?, ?, ?)")) {}

    bool add(const NewFace& face, FaceStore store) {
        const int64_t person = person_of(face.person);
        std::vector<uint8_t> stored = store_embedding(store, face.embedding);
        const uint32_t checksum = face_checksum(person, face.photo_sha256, stored, scratch_);
        const auto* bytes = reinterpret_cast<const uint8_t*>(&checksum);
        stored.insert(stored.end(), bytes, bytes + kChecksumBytes);
        add_face_.bind(1, person)
            .bind(2, face.photo)
            .bind(3, std::span<const uint8_t>(face.photo_sha256))
            .bind(4, std::span<const uint8_t>(stored))
            .run();
        return database_.changed_rows() > 0;
    }

  private:
    int64_t person_of(const std::string& name) {
        if (name == last_name_) return last_person_;  // faces of one person come together
        require_person_name(name);
        find_person_.bind(1, name);
        if (find_person_.step()) {
            last_person_ = find_person_.integer(0);
            find_person_.reset();
        } else {
            add_person_.bind(1, name).run();
            last_person_ = database_.last_row();
        }
        last_name_ = name;
        return last_person_;
    }

    SqliteDatabase& database_;
    SqliteStatement find_person_, add_person_, add_face_;
    std::string last_name_;
    int64_t last_person_ = 0;
    std::vector<uint8_t> scratch_;
};

}  // namespace

std::vector<bool> Gallery::enroll(std::span<const NewFace> faces) {
    SqliteTransaction transaction(state_->database, SqliteTransaction::Kind::kWrite);
    FaceInserter inserter(state_->database);
    std::vector<bool> added;
    for (const NewFace& face : faces) {
        if (static_cast<int>(face.embedding.size()) != dimension()) {
            fail_usage("an embedding of " + std::to_string(face.embedding.size()) + " numbers for " + name() +
                       ", which has " + std::to_string(dimension()));
        }
        added.push_back(inserter.add(face, store()));
    }
    if (std::find(added.begin(), added.end(), true) != added.end()) state_->count_change();
    transaction.commit();
    return added;
}

int64_t Gallery::remove(const std::string& person) {
    SqliteTransaction transaction(state_->database, SqliteTransaction::Kind::kWrite);
    state_->database.prepare("DELETE FROM faces WHERE person = (SELECT id FROM people WHERE name = ?)")
        .bind(1, person)
        .run();
    const int64_t faces = state_->database.changed_rows();
    state_->database.prepare("DELETE FROM people WHERE name = ?").bind(1, person).run();
    if (state_->database.changed_rows() == 0) fail_usage(name() + ": nobody of the name '" + person + "'");
    state_->count_change();
    transaction.commit();
    return faces;
}

std::optional<IndexedState> Gallery::indexed() const {
    SqliteStatement row = state_->database.prepare("SELECT content, kind, bytes, sha256 FROM indexed");
    if (!row.step()) return std::nullopt;
    IndexedState state{row.integer(0), printable(row.text(1)), row.integer(2), {}};
    const std::span<const uint8_t> digest = row.blob(3);
    if (digest.size() != state.sha256.size()) state_->fail_damaged("the checksum of its index");
    std::copy(digest.begin(), digest.end(), state.sha256.begin());
    return state;
}

void Gallery::set_indexed(const IndexedState& state, const std::function<void()>& put_in_place) {
    SqliteTransaction transaction(state_->database, SqliteTransaction::Kind::kWrite);
    if (content().counter != state.content) {
        fail_work(name() + ": was changed while it was indexed; index it again");
    }
    state_->database
        .prepare("INSERT OR REPLACE INTO indexed (id, content, kind, bytes, sha256) VALUES (1, ?, ?, ?, ?)")
        .bind(1, state.content)
        .bind(2, state.kind)
        .bind(3, state.bytes)
        .bind(4, std::span<const uint8_t>(state.sha256))
        .run();
    put_in_place();
    transaction.commit();
}

}  // namespace quantface
