#include "faces/pickle_value.h"

#include <bit>

#include "base/error.h"

namespace quantface {

namespace {

// Walks the stored form of a bytes object; each decoder below reads from it.
class Escapes {
  public:
    explicit Escapes(std::span<const uint8_t> stored) : stored_(stored) {}

    bool more() const { return at_ < stored_.size(); }
    uint8_t next() { return stored_[at_++]; }
    uint8_t peek() const { return more() ? stored_[at_] : uint8_t{0}; }

    // Up to `max_digits` digits of a base; false where fewer than `min_digits` stand there or the value is
    // over 255.
    bool number(int base, int min_digits, int max_digits, uint8_t& value) {
        uint64_t sum = 0;
        int digits = 0;
        for (; digits < max_digits && more() && digit_of(stored_[at_]) < base; ++digits) {
            sum = sum * static_cast<uint64_t>(base) + static_cast<uint64_t>(digit_of(next()));
        }
        value = static_cast<uint8_t>(sum);
        return digits >= min_digits && sum <= 255;
    }

  private:
    static int digit_of(uint8_t c) {
        if (c >= '0' && c <= '9') return c - '0';
        if (c >= 'a' && c <= 'f') return c - 'a' + 10;
        if (c >= 'A' && c <= 'F') return c - 'A' + 10;
        return 99;
    }

    std::span<const uint8_t> stored_;
    size_t at_ = 0;
};

bool decode_utf8(Escapes stored, std::vector<uint8_t>& decoded) {
    while (stored.more()) {
        const uint8_t lead = stored.next();
        if (lead < 0x80) {
            decoded.push_back(lead);
            continue;
        }
        // Characters 128 to 255 are two bytes, the first of them C2 or C3.
        if ((lead != 0xc2 && lead != 0xc3) || (stored.peek() & 0xc0) != 0x80) return false;
        decoded.push_back(static_cast<uint8_t>(((lead & 3) << 6) | (stored.next() & 0x3f)));
    }
    return true;
}

bool decode_string_escape(Escapes stored, std::vector<uint8_t>& decoded) {
    while (stored.more()) {
        uint8_t value = stored.next();
        if (value != '\\') {
            decoded.push_back(value);
            continue;
        }
        if (!stored.more()) return false;
        const uint8_t escaped = stored.peek();
        if (escaped >= '0' && escaped <= '7') {
            if (!stored.number(8, 1, 3, value)) return false;
            decoded.push_back(value);
            continue;
        }
        stored.next();
        switch (escaped) {
            case '\\':
            case '\'':
            case '"':
                value = escaped;
                break;
            case 'a':
                value = '\a';
                break;
            case 'b':
                value = '\b';
                break;
            case 'f':
                value = '\f';
                break;
            case 'n':
                value = '\n';
                break;
            case 'r':
                value = '\r';
                break;
            case 't':
                value = '\t';
                break;
            case 'v':
                value = '\v';
                break;
            case 'x':
                if (!stored.number(16, 2, 2, value)) return false;
                break;
            default:
                return false;
        }
        decoded.push_back(value);
    }
    return true;
}

bool decode_unicode_escape(Escapes stored, std::vector<uint8_t>& decoded) {
    while (stored.more()) {
        uint8_t value = stored.next();
        if (value == '\\' && (stored.peek() == 'u' || stored.peek() == 'U')) {
            const int digits = stored.next() == 'u' ? 4 : 8;
            if (!stored.number(16, digits, digits, value)) return false;
        } else if (value == '\\' && stored.more()) {
            // A backslash that begins no \u stands for itself and takes the next character with it.
            decoded.push_back(value);
            value = stored.next();
        }
        decoded.push_back(value);
    }
    return true;
}

}  // namespace

std::vector<uint8_t> decode_pickle_bytes(const ByteSource& source, const PickleBytes& bytes,
                                         uint64_t max_stored_bytes) {
    const std::string place = " at byte " + std::to_string(bytes.offset);
    if (bytes.length > max_stored_bytes) {
        fail_bad_input(source.name() + ": " + std::to_string(bytes.length) + " bytes in one value" + place +
                       ", more than the " + std::to_string(max_stored_bytes) + " allowed");
    }
    if (bytes.length > source.size()) fail_bad_input(source.name() + ": truncated value" + place);
    std::vector<uint8_t> stored(static_cast<size_t>(bytes.length));
    source.read(bytes.offset, stored);
    if (bytes.coding == PickleCoding::kVerbatim) return stored;

    std::vector<uint8_t> decoded;
    decoded.reserve(stored.size());
    bool good = false;
    switch (bytes.coding) {
        case PickleCoding::kVerbatim:
            break;
        case PickleCoding::kUtf8:
            good = decode_utf8(Escapes(stored), decoded);
            break;
        case PickleCoding::kStringEscape:
            good = decode_string_escape(Escapes(stored), decoded);
            break;
        case PickleCoding::kUnicodeEscape:
            good = decode_unicode_escape(Escapes(stored), decoded);
            break;
    }
    if (!good) fail_bad_input(source.name() + ": the value" + place + " is no byte string: broken escapes");
    return decoded;
}

Pickle::Pickle() {
    nodes_.push_back({PickleKind::kNone, PickleCoding::kVerbatim, 0, 0});
    nodes_.push_back({PickleKind::kBool, PickleCoding::kVerbatim, 0, 0});
    nodes_.push_back({PickleKind::kBool, PickleCoding::kVerbatim, 1, 0});
}

const Pickle::Node& Pickle::node(PickleRef ref) const {
    QF_CHECK(ref < nodes_.size());
    return nodes_[ref];
}

PickleRef Pickle::add(const Node& node) {
    QF_CHECK(nodes_.size() < UINT32_MAX);
    nodes_.push_back(node);
    return static_cast<PickleRef>(nodes_.size() - 1);
}

int64_t Pickle::integer(PickleRef ref) const {
    QF_CHECK(kind(ref) == PickleKind::kBool || kind(ref) == PickleKind::kInt);
    return std::bit_cast<int64_t>(node(ref).first);
}

PickleBytes Pickle::bytes(PickleRef ref) const {
    const Node& n = node(ref);
    QF_CHECK(n.kind == PickleKind::kBytes || n.kind == PickleKind::kText);
    return {n.first, n.second, n.coding};
}

std::span<const PickleRef> Pickle::items(PickleRef ref) const {
    const Node& n = node(ref);
    QF_CHECK(n.kind == PickleKind::kList || n.kind == PickleKind::kTuple);
    if (n.kind == PickleKind::kList) return lists_[n.first];
    return std::span(tuple_items_).subspan(n.first, n.second);
}

PickleFunction Pickle::function(PickleRef ref) const {
    QF_CHECK(kind(ref) == PickleKind::kFunction);
    return static_cast<PickleFunction>(node(ref).first);
}

PickleDtype Pickle::dtype(PickleRef ref) const {
    QF_CHECK(kind(ref) == PickleKind::kDtype);
    return {static_cast<char>(node(ref).first), static_cast<int>(node(ref).second)};
}

const PickleArray& Pickle::array(PickleRef ref) const {
    QF_CHECK(kind(ref) == PickleKind::kArray);
    return arrays_[node(ref).first];
}

PickleRef Pickle::add_integer(int64_t value) {
    return add({PickleKind::kInt, PickleCoding::kVerbatim, std::bit_cast<uint64_t>(value), 0});
}

PickleRef Pickle::add_bytes(const PickleBytes& bytes) {
    return add({PickleKind::kBytes, bytes.coding, bytes.offset, bytes.length});
}

PickleRef Pickle::add_text(const PickleBytes& bytes) {
    return add({PickleKind::kText, bytes.coding, bytes.offset, bytes.length});
}

PickleRef Pickle::add_list() {
    lists_.emplace_back();
    return add({PickleKind::kList, PickleCoding::kVerbatim, lists_.size() - 1, 0});
}

void Pickle::append(PickleRef list, std::span<const PickleRef> items) {
    QF_CHECK(kind(list) == PickleKind::kList);
    auto& target = lists_[node(list).first];
    target.insert(target.end(), items.begin(), items.end());
}

PickleRef Pickle::add_tuple(std::span<const PickleRef> items) {
    const size_t first = tuple_items_.size();
    tuple_items_.insert(tuple_items_.end(), items.begin(), items.end());
    return add({PickleKind::kTuple, PickleCoding::kVerbatim, first, items.size()});
}

PickleRef Pickle::add_function(PickleFunction function) {
    return add({PickleKind::kFunction, PickleCoding::kVerbatim, static_cast<uint64_t>(function), 0});
}

PickleRef Pickle::add_dtype(const PickleDtype& dtype) {
    return add({PickleKind::kDtype, PickleCoding::kVerbatim, static_cast<uint8_t>(dtype.kind),
                static_cast<uint64_t>(dtype.size_bytes)});
}

PickleRef Pickle::add_array(const PickleArray& array) {
    arrays_.push_back(array);
    return add({PickleKind::kArray, PickleCoding::kVerbatim, arrays_.size() - 1, 0});
}

void Pickle::set_array(PickleRef ref, const PickleArray& array) {
    QF_CHECK(kind(ref) == PickleKind::kArray);
    arrays_[node(ref).first] = array;
}

}  // namespace quantface
