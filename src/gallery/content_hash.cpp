#include "gallery/content_hash.h"

#include <openssl/evp.h>

#include "base/error.h"

namespace quantface {

struct Sha256Stream::State {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    ~State() { EVP_MD_CTX_free(context); }
};

Sha256Stream::Sha256Stream() : state_(std::make_unique<State>()) {
    QF_CHECK(state_->context && EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) == 1);
}

Sha256Stream::~Sha256Stream() = default;

void Sha256Stream::add(std::span<const uint8_t> bytes) {
    QF_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

Sha256 Sha256Stream::finish() {
    Sha256 digest{};
    unsigned int bytes = 0;
    QF_CHECK(EVP_DigestFinal_ex(state_->context, digest.data(), &bytes) == 1 && bytes == digest.size());
    return digest;
}

Sha256 sha256_of(std::span<const uint8_t> bytes) {
    Sha256Stream stream;
    stream.add(bytes);
    return stream.finish();
}

std::string to_hex(std::span<const uint8_t> bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (const uint8_t byte : bytes) {
        text += kDigits[byte >> 4];
        text += kDigits[byte & 15];
    }
    return text;
}

}  // namespace quantface
