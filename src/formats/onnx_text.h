// Names of a file made safe for one-line messages.
#pragma once

#include <string>
#include <string_view>

namespace quantface {

// Printable ASCII stays, anything else becomes '?'; cut after 120 characters.
inline std::string printable(std::string_view text) {
    constexpr size_t kMost = 120;
    std::string clean;
    for (const char c : text.substr(0, kMost)) clean += c >= 0x20 && c < 0x7f ? c : '?';
    if (text.size() > kMost) clean += "...";
    return clean;
}

}  // namespace quantface
