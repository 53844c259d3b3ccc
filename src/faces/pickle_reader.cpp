#include "faces/pickle_reader.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <unordered_map>

#include "base/error.h"
#include "faces/pickle_objects.h"
#include "faces/pickle_opcodes.h"

namespace quantface {

namespace {

using namespace pickle_opcodes;

// The pickle machine: a stack of values, marks that divide it, and a memo of values by number.
class PickleMachine {
  public:
    explicit PickleMachine(const ByteSource& source)
        : source_(source), cursor_(source), objects_(source, pickle_) {}

    Pickle run() {
        for (uint64_t count = 0;; ++count) {
            at_ = cursor_.position();
            if (count == kMaxPickleInstructions) fail("more instructions than any pack needs");
            const uint8_t opcode = cursor_.read_byte();
            if (opcode == kStop) {
                pickle_.set_root(pop());
                return std::move(pickle_);
            }
            if (!do_number(opcode) && !do_payload(opcode) && !do_container(opcode) && !do_memo(opcode) &&
                !do_object(opcode)) {
                refuse(opcode);
            }
        }
    }

  private:
    [[noreturn]] void fail(const std::string& what) const {
        fail_bad_input(source_.name() + ": not a verification pack that can be read: byte " +
                       std::to_string(at_) + ": " + what);
    }

    [[noreturn]] void refuse(uint8_t opcode) const {
        if (at_ == 0) fail("no Python pickle begins like this");
        std::array<char, 8> code{};
        std::snprintf(code.data(), code.size(), "0x%02x", opcode);
        fail(std::string("pickle instruction ") + code.data() + " is none that image packs need");
    }

    void push(PickleRef ref) { stack_.push_back(ref); }
    size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

    PickleRef top() const {
        if (stack_.size() <= floor()) fail("a value is missing on the stack");
        return stack_.back();
    }
    PickleRef pop() {
        const PickleRef ref = top();
        stack_.pop_back();
        return ref;
    }
    // The last `count` values; they stay on the stack until dropped.
    std::span<const PickleRef> last(size_t count) const {
        if (stack_.size() - floor() < count) fail("a value is missing on the stack");
        return std::span(stack_).last(count);
    }
    void drop(size_t count) { stack_.resize(stack_.size() - count); }
    // Removes the last mark and tells how many values stood above it.
    size_t pop_mark() {
        if (marks_.empty()) fail("a mark is missing on the stack");
        const size_t count = stack_.size() - marks_.back();
        marks_.pop_back();
        return count;
    }

    std::string line_text() {
        const auto range = cursor_.skip_line();
        if (range.length > kMaxLineBytes) fail("a line too long for what it is");
        const auto bytes = decode_pickle_bytes(source_, {range.offset, range.length, PickleCoding::kVerbatim},
                                               kMaxLineBytes);
        return {bytes.begin(), bytes.end()};
    }

    int64_t parse_integer(std::string text) const {
        if (!text.empty() && text.back() == 'L') text.pop_back();
        int64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc() || end != text.data() + text.size() || text.empty())
            fail("a malformed integer");
        return value;
    }

    // Little-endian two's complement of up to 8 bytes.
    int64_t read_long(uint64_t length) {
        if (length == 0) return 0;
        if (length > 8) fail("an integer of more than 64 bits");
        const int shift = 64 - 8 * static_cast<int>(length);
        return static_cast<int64_t>(cursor_.read_unsigned(static_cast<int>(length)) << shift) >> shift;
    }

    bool do_number(uint8_t opcode) {
        switch (opcode) {
            case kNone:
                push(pickle_.none());
                return true;
            case kNewTrue:
                push(pickle_.boolean(true));
                return true;
            case kNewFalse:
                push(pickle_.boolean(false));
                return true;
            case kInt: {
                // Protocols 0 and 1 write booleans as these two integers.
                const std::string text = line_text();
                const bool boolean = text == "00" || text == "01";
                push(boolean ? pickle_.boolean(text == "01") : pickle_.add_integer(parse_integer(text)));
                return true;
            }
            case kLong:
                push(pickle_.add_integer(parse_integer(line_text())));
                return true;
            case kBinInt:
                push(pickle_.add_integer(read_long(4)));
                return true;
            case kBinInt1:
                push(pickle_.add_integer(cursor_.read_byte()));
                return true;
            case kBinInt2:
                push(pickle_.add_integer(static_cast<int64_t>(cursor_.read_unsigned(2))));
                return true;
            case kLong1:
                push(pickle_.add_integer(read_long(cursor_.read_byte())));
                return true;
            case kLong4:
                push(pickle_.add_integer(read_long(cursor_.read_unsigned(4))));
                return true;
            default:
                return false;
        }
    }

    void push_bytes(int length_bytes) {
        const auto range = cursor_.skip(cursor_.read_unsigned(length_bytes));
        push(pickle_.add_bytes({range.offset, range.length, PickleCoding::kVerbatim}));
    }
    void push_text(int length_bytes) {
        const auto range = cursor_.skip(cursor_.read_unsigned(length_bytes));
        push(pickle_.add_text({range.offset, range.length, PickleCoding::kUtf8}));
    }

    // A Python 2 string literal in quotes.
    void push_string_line() {
        const auto range = cursor_.skip_line();
        std::array<uint8_t, 2> quotes{};
        if (range.length >= 2) {
            source_.read(range.offset, std::span(quotes).first(1));
            source_.read(range.offset + range.length - 1, std::span(quotes).last(1));
        }
        if (quotes[0] != quotes[1] || (quotes[0] != '\'' && quotes[0] != '"'))
            fail("a string without quotes");
        push(pickle_.add_bytes({range.offset + 1, range.length - 2, PickleCoding::kStringEscape}));
    }

    bool do_payload(uint8_t opcode) {
        switch (opcode) {
            case kString:
                push_string_line();
                return true;
            case kShortBinString:
            case kShortBinBytes:
                push_bytes(1);
                return true;
            case kBinString:
            case kBinBytes:
                push_bytes(4);
                return true;
            case kBinBytes8:
            case kByteArray8:
                push_bytes(8);
                return true;
            case kShortBinUnicode:
                push_text(1);
                return true;
            case kBinUnicode:
                push_text(4);
                return true;
            case kBinUnicode8:
                push_text(8);
                return true;
            case kUnicode: {
                const auto range = cursor_.skip_line();
                push(pickle_.add_text({range.offset, range.length, PickleCoding::kUnicodeEscape}));
                return true;
            }
            default:
                return false;
        }
    }

    void make_tuple(size_t count) {
        const PickleRef tuple = pickle_.add_tuple(last(count));
        drop(count);
        push(tuple);
    }

    // Appends the last `count` values to the list below them.
    void append(size_t count) {
        const auto values = last(count);
        const auto list_and_values = last(count + 1);
        const PickleRef list = list_and_values[0];
        if (pickle_.kind(list) != PickleKind::kList) fail("values appended to what is no list");
        pickle_.append(list, values);
        drop(count);
    }

    bool do_container(uint8_t opcode) {
        switch (opcode) {
            case kMark:
                marks_.push_back(stack_.size());
                return true;
            case kPop:
                // Python drops a mark where no value stands above it.
                stack_.size() > floor() ? drop(1) : drop(pop_mark());
                return true;
            case kPopMark:
                drop(pop_mark());
                return true;
            case kDup:
                push(top());
                return true;
            case kEmptyList:
                push(pickle_.add_list());
                return true;
            case kList: {
                const size_t count = pop_mark();
                const PickleRef list = pickle_.add_list();
                pickle_.append(list, std::span<const PickleRef>(stack_).last(count));
                drop(count);
                push(list);
                return true;
            }
            case kAppend:
                append(1);
                return true;
            case kAppends:
                append(pop_mark());
                return true;
            case kEmptyTuple:
                make_tuple(0);
                return true;
            case kTuple:
                make_tuple(pop_mark());
                return true;
            case kTuple1:
                make_tuple(1);
                return true;
            case kTuple2:
                make_tuple(2);
                return true;
            case kTuple3:
                make_tuple(3);
                return true;
            default:
                return false;
        }
    }

    void put(uint64_t number) { memo_[number] = top(); }
    void get(uint64_t number) {
        const auto found = memo_.find(number);
        if (found == memo_.end()) fail("a reference to a value that was never stored");
        push(found->second);
    }
    uint64_t line_number() {
        const int64_t number = parse_integer(line_text());
        if (number < 0) fail("a negative memo number");
        return static_cast<uint64_t>(number);
    }

    bool do_memo(uint8_t opcode) {
        switch (opcode) {
            case kPut:
                put(line_number());
                return true;
            case kBinPut:
                put(cursor_.read_unsigned(1));
                return true;
            case kLongBinPut:
                put(cursor_.read_unsigned(4));
                return true;
            case kMemoize:
                put(memo_.size());
                return true;
            case kGet:
                get(line_number());
                return true;
            case kBinGet:
                get(cursor_.read_unsigned(1));
                return true;
            case kLongBinGet:
                get(cursor_.read_unsigned(4));
                return true;
            default:
                return false;
        }
    }

    PickleBytes text_value(PickleRef ref) const {
        if (pickle_.kind(ref) != PickleKind::kText) fail("a Python name that is no text");
        return pickle_.bytes(ref);
    }

    bool do_object(uint8_t opcode) {
        switch (opcode) {
            case kProto:
                if (cursor_.read_byte() > 5) fail("a pickle protocol newer than 5");
                return true;
            case kFrame:
                // Frames only help Python to read ahead.
                if (cursor_.read_unsigned(8) > cursor_.remaining())
                    fail("truncated: the frame passes the end");
                return true;
            case kGlobal: {
                const auto module = cursor_.skip_line();
                const auto name = cursor_.skip_line();
                push(objects_.global({module.offset, module.length, PickleCoding::kVerbatim},
                                     {name.offset, name.length, PickleCoding::kVerbatim}));
                return true;
            }
            case kStackGlobal: {
                const auto name = text_value(pop());
                const auto module = text_value(pop());
                push(objects_.global(module, name));
                return true;
            }
            case kReduce: {
                const PickleRef arguments = pop();
                const PickleRef function = pop();
                push(objects_.reduce(function, arguments));
                return true;
            }
            case kBuild: {
                const PickleRef state = pop();
                objects_.build(top(), state);
                return true;
            }
            default:
                return false;
        }
    }

    static constexpr uint64_t kMaxLineBytes = 64;

    const ByteSource& source_;
    ByteCursor cursor_;
    Pickle pickle_;
    PickleObjects objects_;
    uint64_t at_ = 0;  // offset of the instruction being read
    std::vector<PickleRef> stack_;
    std::vector<size_t> marks_;
    std::unordered_map<uint64_t, PickleRef> memo_;
};

}  // namespace

Pickle read_pickle(const ByteSource& source) {
    return PickleMachine(source).run();
}

}  // namespace quantface
