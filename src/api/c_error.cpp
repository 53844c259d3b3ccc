#include "api/c_error.h"

#include <algorithm>
#include <cstring>

namespace quantface {

// Part of the binary interface.
static_assert(sizeof(quantface_error) == 512);
static_assert(sizeof(quantface_image) == sizeof(void*) + 8 + sizeof(ptrdiff_t));

quantface_status report(quantface_error* error, quantface_status status, const char* text) noexcept {
    if (error == nullptr) return status;
    error->status = status;
    size_t length = std::min(std::strlen(text), sizeof(error->text) - 1);
    // Not within a UTF-8 sequence.
    if (text[length] != 0) {
        while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xc0) == 0x80) --length;
    }
    std::memcpy(error->text, text, length);
    error->text[length] = 0;
    return status;
}

}  // namespace quantface
