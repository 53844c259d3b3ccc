// What is in a gallery's file. It is an SQLite 3 database (any SQLite reads it) with a rollback journal,
// application_id kGalleryApplicationId, user_version kGalleryVersion, and exactly these tables:
//
//   gallery   one row. `identity`: 16 random bytes of this gallery. `content`: counts up with every change of
//             people or faces. The network that all faces were embedded with: SHA-256 of its file, the file's
//             name, numbers in an embedding, what it takes (size, colour order, offset and scale), how faces
//             were found and aligned. `store`: how embeddings are kept (stored_embedding.h).
//   people    names, each once.
//   faces     whose it is, the photo's name and SHA-256, the embedding. `embedding` is the stored embedding
//             and behind it 4 bytes: CRC-32C (little-endian) of the person's number (8 bytes), the photo's
//             SHA-256 and the embedding. SQLite has no checksums of its own.
//   indexed   no row or one: the index file beside the gallery (index_file.h): of which content, of what
//             kind, how many bytes and its SHA-256.
#pragma once

#include <cstdint>

#include "gallery/sqlite.h"

namespace quantface {

constexpr int32_t kGalleryApplicationId = 0x51466731;  // "QFg1"
constexpr int32_t kGalleryVersion = 1;

// Within a write transaction, of a database without tables.
void create_schema(SqliteDatabase& database);

// Throws Error(kBadInput) where the database is another program's, of a later version, or has other tables.
void check_schema(SqliteDatabase& database);

// Whether it has no table at all, as a file that was just made.
bool is_empty_database(SqliteDatabase& database);

}  // namespace quantface
