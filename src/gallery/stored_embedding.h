// How a gallery keeps an embedding: as float32, or as one signed byte a number.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace quantface {

//   kFloat   dimension float32 numbers, of length 1
//   kInt8    a float32 scale, then dimension signed bytes q in -127..127, the largest in magnitude being 127:
//            the number is scale * q. Symmetric: q = round_half_to_even(v * 127 / max|v|). The scale is not
//            max|v| / 127 but 1 / |q|, so that what is stored has length 1 and its products are cosines.
// All little-endian.
enum class FaceStore { kInt8, kFloat };

std::string face_store_name(FaceStore store);  // "int8", "float"
// Throws Error(kUsage) where it is neither.
FaceStore face_store_of(const std::string& name);

size_t stored_embedding_bytes(FaceStore store, int dimension);

// embedding: a direction (eval/embeddings.h: is_valid_embedding) of any length, else Error(kUsage).
std::vector<uint8_t> store_embedding(FaceStore store, std::span<const float> embedding);

// The numbers, of length 1. Throws Error(kBadInput) "WHERE: ..." where the bytes are no embedding as
// store_embedding() makes it: of another size, a number that is not finite, -128, or not of length 1.
void restore_embedding(FaceStore store, std::span<const uint8_t> stored, const std::string& where,
                       std::span<float> embedding);

// The same checks alone, and of kInt8 the scale (1 of kFloat).
float check_stored_embedding(FaceStore store, std::span<const uint8_t> stored, int dimension,
                             const std::string& where);

}  // namespace quantface
