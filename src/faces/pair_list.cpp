#include "faces/pair_list.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/file.h"

namespace quantface {

namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxListBytes = uint64_t{1} << 30;

struct Line {
    int64_t number = 0;
    std::vector<std::string> fields;
};

// Fields between commas or tabs where the line has any, else between blanks.
std::vector<std::string> fields_of(std::string_view line) {
    const bool separated = line.find_first_of(",\t") != std::string_view::npos;
    const std::string_view separators = separated ? ",\t" : " ";
    std::vector<std::string> fields;
    while (!line.empty()) {
        const size_t end = std::min(line.find_first_of(separators), line.size());
        std::string_view field = line.substr(0, end);
        while (!field.empty() && field.front() == ' ') field.remove_prefix(1);
        while (!field.empty() && field.back() == ' ') field.remove_suffix(1);
        if (!field.empty()) fields.emplace_back(field);
        line.remove_prefix(std::min(end + 1, line.size()));
    }
    return fields;
}

std::vector<Line> lines_of(const fs::path& path) {
    const std::vector<uint8_t> bytes = read_file(path, kMaxListBytes);
    std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    std::vector<Line> lines;
    for (int64_t number = 1; !text.empty(); ++number) {
        const size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        std::vector<std::string> fields = fields_of(line);
        if (!fields.empty()) lines.push_back({number, std::move(fields)});
    }
    if (lines.empty()) fail_bad_input(path.string() + ": no pairs in it");
    return lines;
}

std::optional<int64_t> number_in(const std::string& text) {
    int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

class ListReader {
  public:
    ListReader(const fs::path& path, const fs::path& folder)
        : path_(path), folder_(folder), lines_(lines_of(path)) {}

    PairList read() {
        const std::vector<std::string>& first = lines_[0].fields;
        const bool numbers = std::all_of(first.begin(), first.end(), [](const std::string& field) {
            return number_in(field).has_value();
        });
        if (numbers && first.size() <= 2) {
            read_lfw();
        } else {
            read_paths();
        }
        return std::move(list_);
    }

  private:
    [[noreturn]] void fail(const Line& line, const std::string& what) const {
        fail_bad_input(path_.string() + ": line " + std::to_string(line.number) + ": " + what);
    }

    int64_t image(const std::string& name) {
        const auto [entry, added] = images_.try_emplace(name, static_cast<int64_t>(list_.images.size()));
        if (added) list_.images.push_back(name);
        return entry->second;
    }

    int64_t lfw_image(const Line& line, const std::string& name, const std::string& number) {
        const auto index = number_in(number);
        if (!index || *index < 0 || *index > 999999)
            fail(line, "'" + number + "' is no number of a photograph");
        if (name.find('/') != std::string::npos || name.starts_with('.'))
            fail(line, "'" + name + "' is no name");
        std::string digits = std::to_string(*index);
        digits.insert(0, digits.size() < 4 ? 4 - digits.size() : 0, '0');
        const std::string stem = name + "/" + name + "_" + digits;
        for (const char* extension : {".jpg", ".png", ".jpeg", ".bmp", ".webp"}) {
            const std::string candidate = stem + extension;
            std::error_code ignored;
            if (images_.contains(candidate) || fs::is_regular_file(folder_ / candidate, ignored)) {
                const int64_t found = image(candidate);
                if (static_cast<size_t>(found) == list_.people.size()) {
                    const auto person = static_cast<int32_t>(people_.size());
                    list_.people.push_back(people_.try_emplace(name, person).first->second);
                }
                return found;
            }
        }
        fail(line, (folder_ / (stem + ".jpg")).string() + " is not there");
    }

    void add(int64_t a, int64_t b, bool same) {
        list_.pairs.push_back({a, b});
        list_.same.push_back(same);
    }

    void read_lfw() {
        const std::vector<std::string>& header = lines_[0].fields;
        const int64_t folds = header.size() == 2 ? *number_in(header[0]) : 1;
        const int64_t pairs = *number_in(header.back());
        const auto rows = static_cast<int64_t>(lines_.size()) - 1;
        if (folds < 1 || pairs < 1 || folds > rows || pairs > rows || rows != folds * pairs * 2) {
            fail(lines_[0], "says " + std::to_string(folds) + " times " + std::to_string(pairs) +
                                " pairs of either kind, but " + std::to_string(rows) + " lines follow");
        }
        for (int64_t row = 0; row < rows; ++row) {
            const Line& line = lines_[static_cast<size_t>(row + 1)];
            const bool same = row % (2 * pairs) < pairs;
            if (line.fields.size() != (same ? 3u : 4u)) {
                fail(line, same ? "a name and two numbers should stand here"
                                : "two names, each with a number, should "
                                  "stand here");
            }
            const std::string& other = same ? line.fields[0] : line.fields[2];
            const int64_t a = lfw_image(line, line.fields[0], line.fields[1]);
            add(a, lfw_image(line, other, line.fields.back()), same);
        }
        list_.folds = true;
        if (folds != 10) deal_into_ten_blocks(list_);
    }

    void read_paths() {
        for (const Line& line : lines_) {
            const auto truth = line.fields.size() == 3 ? number_in(line.fields[2]) : std::nullopt;
            if (!truth && &line == &lines_[0] && line.fields.size() == 3) continue;  // names of the columns
            if (!truth || *truth < -1 || *truth > 1) fail(line, "two paths and a 0 or 1 should stand here");
            for (size_t i = 0; i < 2; ++i) {
                std::error_code ignored;
                if (!images_.contains(line.fields[i]) &&
                    !fs::is_regular_file(folder_ / line.fields[i], ignored))
                    fail(line, (folder_ / line.fields[i]).string() + " is not there");
            }
            const int64_t a = image(line.fields[0]);
            add(a, image(line.fields[1]), *truth == 1);
        }
        list_.folds = blocks_have_both_kinds();
        if (!list_.folds && list_.same.size() >= 20) deal_into_ten_blocks(list_);
    }

    bool blocks_have_both_kinds() const {
        const size_t count = list_.same.size();
        if (count < 20) return false;
        for (size_t block = 0, begin = 0; block < 10; ++block) {
            const size_t end = begin + count / 10 + (block < count % 10 ? 1 : 0);
            const auto genuine = std::count(list_.same.begin() + static_cast<std::ptrdiff_t>(begin),
                                            list_.same.begin() + static_cast<std::ptrdiff_t>(end), true);
            if (genuine == 0 || genuine == static_cast<std::ptrdiff_t>(end - begin)) return false;
            begin = end;
        }
        return true;
    }

    fs::path path_, folder_;
    std::vector<Line> lines_;
    PairList list_;
    std::map<std::string, int64_t> images_;
    std::map<std::string, int32_t> people_;
};

}  // namespace

void deal_into_ten_blocks(PairList& list) {
    std::array<std::vector<size_t>, 2> kinds;
    for (size_t i = 0; i < list.same.size(); ++i) kinds[list.same[i] ? 0 : 1].push_back(i);
    PairList dealt;
    for (size_t block = 0; block < 10; ++block) {
        for (const std::vector<size_t>& kind : kinds) {
            const size_t begin = kind.size() * block / 10, end = kind.size() * (block + 1) / 10;
            for (size_t i = begin; i < end; ++i) {
                dealt.pairs.push_back(list.pairs[kind[i]]);
                dealt.same.push_back(list.same[kind[i]]);
            }
        }
    }
    list.pairs = std::move(dealt.pairs);
    list.same = std::move(dealt.same);
    list.folds = kinds[0].size() >= 10 && kinds[1].size() >= 10;
}

PairList read_pair_list(const fs::path& list, const fs::path& folder) {
    std::error_code ignored;
    if (!fs::is_directory(folder, ignored))
        fail_bad_input(folder.string() + ": no such folder of photographs");
    return ListReader(list, folder).read();
}

}  // namespace quantface
