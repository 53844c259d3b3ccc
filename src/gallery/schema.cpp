#include "gallery/schema.h"

#include <string>

#include "base/error.h"

namespace quantface {

namespace {

struct SchemaObject {
    const char* name;
    const char* sql;
};

// As SQLite keeps the text, to the byte: a database is compared with it.
constexpr SchemaObject kSchema[] = {
    {"faces",
     "CREATE TABLE faces (id INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES people(id), "
     "photo TEXT NOT NULL, photo_sha256 BLOB NOT NULL, embedding BLOB NOT NULL, "
     "UNIQUE (person, photo_sha256)) STRICT"},
    {"faces_by_photo", "CREATE INDEX faces_by_photo ON faces (photo_sha256)"},
    {"gallery",
     "CREATE TABLE gallery (id INTEGER PRIMARY KEY CHECK (id = 1), identity BLOB NOT NULL, "
     "content INTEGER NOT NULL, network_sha256 TEXT NOT NULL, network_name TEXT NOT NULL, "
     "embedding_size INTEGER NOT NULL, input TEXT NOT NULL, alignment TEXT NOT NULL, store TEXT NOT NULL) "
     "STRICT"},
    {"indexed",
     "CREATE TABLE indexed (id INTEGER PRIMARY KEY CHECK (id = 1), content INTEGER NOT NULL, "
     "kind TEXT NOT NULL, bytes INTEGER NOT NULL, sha256 BLOB NOT NULL) STRICT"},
    {"people", "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT"},
};

}  // namespace

void create_schema(SqliteDatabase& database) {
    // The tables that others refer to may come later.
    for (const SchemaObject& object : kSchema) database.execute(object.sql);
    database.execute(("PRAGMA application_id = " + std::to_string(kGalleryApplicationId)).c_str());
    database.execute(("PRAGMA user_version = " + std::to_string(kGalleryVersion)).c_str());
}

bool is_empty_database(SqliteDatabase& database) {
    return database.number("SELECT count(*) FROM sqlite_schema") == 0;
}

void check_schema(SqliteDatabase& database) {
    if (database.number("PRAGMA application_id") != kGalleryApplicationId) {
        fail_bad_input(database.name() + ": no gallery of this program");
    }
    const int64_t version = database.number("PRAGMA user_version");
    if (version != kGalleryVersion) {
        fail_bad_input(database.name() + ": a gallery of version " + std::to_string(version) +
                       "; this program knows version " + std::to_string(kGalleryVersion));
    }
    const std::string difference = database.name() + ": damaged: its tables are not those of a gallery";
    SqliteStatement rows = database.prepare(
        "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL OR name NOT LIKE 'sqlite_autoindex_%' "
        "ORDER BY name");
    for (const SchemaObject& object : kSchema) {
        if (!rows.step() || rows.text(0) != object.name || rows.text(1) != object.sql) {
            fail_bad_input(difference);
        }
    }
    if (rows.step()) fail_bad_input(difference);
}

}  // namespace quantface
