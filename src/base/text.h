// Text from files that is shown to people: names of layers, records.
#pragma once

#include <string_view>

namespace quantface {

// Well-formed UTF-8 (RFC 3629: no overlong forms, surrogates or numbers past U+10FFFF).
bool is_utf8(std::string_view text);

// Well-formed UTF-8 without control characters (C0, DEL, C1): one line that a terminal shows as it is.
bool is_printable_line(std::string_view text);

}  // namespace quantface
