#include "base/text.h"

#include <cstdint>

namespace quantface {

namespace {

constexpr uint32_t kMalformed = 0xffffffffu;

// The code point at `position`, which moves past it.
uint32_t next_code_point(std::string_view text, size_t& position) {
    const auto byte = [&](size_t index) { return static_cast<uint8_t>(text[index]); };
    const uint8_t lead = byte(position++);
    if (lead < 0x80) return lead;
    const int following = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    if (lead < 0xc0 || lead >= 0xf8 || text.size() - position < static_cast<size_t>(following)) {
        return kMalformed;
    }
    uint32_t code_point = lead & (0x3fu >> following);
    for (int index = 0; index < following; ++index) {
        if ((byte(position) & 0xc0) != 0x80) return kMalformed;
        code_point = code_point << 6 | (byte(position++) & 0x3fu);
    }
    constexpr uint32_t kSmallest[] = {0, 0x80, 0x800, 0x10000};
    const bool surrogate = code_point >= 0xd800 && code_point < 0xe000;
    return code_point < kSmallest[following] || surrogate || code_point > 0x10ffff ? kMalformed : code_point;
}

template <typename Predicate>
bool all_code_points(std::string_view text, Predicate accepted) {
    for (size_t position = 0; position < text.size();) {
        if (!accepted(next_code_point(text, position))) return false;
    }
    return true;
}

}  // namespace

bool is_utf8(std::string_view text) {
    return all_code_points(text, [](uint32_t code_point) { return code_point != kMalformed; });
}

bool is_printable_line(std::string_view text) {
    return all_code_points(text, [](uint32_t code_point) {
        return code_point != kMalformed && code_point >= 0x20 && (code_point < 0x7f || code_point >= 0xa0);
    });
}

}  // namespace quantface
