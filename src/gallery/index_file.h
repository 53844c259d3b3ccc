// The index file beside a gallery (DB.faiss): which state of which gallery it is of, which face each of its
// rows is, and the index itself. The gallery holds the file's size and SHA-256, and nothing else is believed:
// the library that reads the index is not made for hostile bytes.
//
//   8 bytes    "QFindex1"
//   16 bytes   the gallery's identity
//   int64      its content counter
//   uint32     IndexKind, then uint32 numbers in an embedding
//   int64      rows, then for each an int64: the face's number
//   the rest   as IndexEngine::write() gives it
// All little-endian.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "gallery/gallery.h"
#include "gallery/index_engine.h"

namespace quantface {

std::filesystem::path index_path(const std::filesystem::path& gallery);

struct IndexFile {
    IndexKind kind = IndexKind::kHnsw;
    GalleryContent content;
    std::vector<int64_t> faces;  // [row]
    std::unique_ptr<IndexEngine> engine;
};

// Puts the file in place and tells the gallery, unless the gallery has changed since `content`: then
// Error(kFailed), and what was there stays.
void write_index_file(const IndexFile& index, int dimension, Gallery& gallery,
                      const std::filesystem::path& path);

// Throws Error(kUsage) where the gallery has no index, Error(kBadInput) where the file is missing, not the
// one that was written, or of an earlier state of the gallery.
IndexFile read_index_file(const Gallery& gallery, const std::filesystem::path& path,
                          const IndexModule& module, int threads);

}  // namespace quantface
