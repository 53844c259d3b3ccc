#include "cli/sha256.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

#include "base/error.h"

namespace quantface {

std::string sha256_hex(std::span<const uint8_t> bytes) {
    std::array<uint8_t, EVP_MAX_MD_SIZE> digest{};
    unsigned int digest_bytes = 0;
    QF_CHECK(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &digest_bytes, EVP_sha256(), nullptr) ==
             1);
    std::string text;
    for (unsigned int i = 0; i < digest_bytes; ++i) text += fmt::format("{:02x}", digest[i]);
    return text;
}

std::string sha256_hex_of_text(std::string_view text) {
    return sha256_hex(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

}  // namespace quantface
