#include "synth/face_folder.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/crc32c.h"
#include "base/error.h"
#include "base/file.h"

namespace quantface {

namespace {

using Json = nlohmann::json;

constexpr uint64_t kMaxManifestBytes = uint64_t{2} << 30;
constexpr uint64_t kMaxImageBytes = uint64_t{1} << 30;
// How far past the listed images' number an index may lie: an interruption leaves gaps.
constexpr uint64_t kLargestGap = 65536;

std::string padded(int64_t number) {
    std::string digits = std::to_string(number);
    return std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits;
}

std::string one_decimal(float value) {
    char digits[64];
    const auto end = std::to_chars(digits, digits + sizeof(digits), value, std::chars_format::fixed, 1).ptr;
    return {digits, end};
}

void create_folder(const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) fail_work(folder.string() + ": cannot be created: " + error.message());
}

void check(const FaceFolderSpec& spec) {
    if (spec.count < 1 || spec.count > kMaxFolderImages) {
        fail_usage(spec.contents + ": the count must be 1 to " + std::to_string(kMaxFolderImages));
    }
    if (spec.views_per_identity < 1 || spec.views_per_identity > 100'000)
        fail_usage(spec.contents + ": views per identity must be 1 to 100000");
}

}  // namespace

FaceFolder::FaceFolder(FaceFolderSpec spec) : spec_(std::move(spec)) {
    check(spec_);
    spec_.settings.emplace_back("views_per_identity", std::to_string(spec_.views_per_identity));
    create_folder(spec_.folder);
    entries_.resize(static_cast<size_t>(spec_.count));
    std::error_code error;
    if (std::filesystem::exists(manifest_path(), error)) {
        read_manifest();
    } else if (!std::filesystem::is_empty(spec_.folder, error) || error) {
        fail_usage(spec_.folder.string() + ": not empty and without a manifest.json, choose another folder");
    } else {
        // From here on an interrupted run can be told from a folder of something else.
        save_manifest();
    }
}

std::string FaceFolder::file_name(int64_t index) const {
    const std::string identity = padded(index / spec_.views_per_identity);
    return identity + "/" + identity + "_" + std::to_string(index % spec_.views_per_identity) + ".png";
}

bool FaceFolder::is_whole(int64_t index) const {
    const std::optional<Entry>& entry = entries_[static_cast<size_t>(index)];
    const std::filesystem::path path = spec_.folder / file_name(index);
    std::error_code error;
    if (!entry || !std::filesystem::is_regular_file(path, error)) return false;
    try {
        return crc32c(read_file(path, kMaxImageBytes)) == entry->checksum;
    } catch (const Error&) {
        return false;  // unreadable: made again
    }
}

void FaceFolder::write(int64_t index, const Image& image, std::vector<float> numbers) {
    QF_CHECK(numbers.size() == spec_.image_numbers.size());
    const std::vector<uint8_t> png = encode_png(image);
    const std::filesystem::path path = spec_.folder / file_name(index);
    create_folder(path.parent_path());
    write_file_atomically(path, png);
    entries_[static_cast<size_t>(index)] = Entry{std::move(numbers), crc32c(png)};
}

void FaceFolder::save_manifest() const {
    // Written by hand, one image a line: readable, and a tenth of the memory of a tree of a million nodes.
    const auto missing = std::count_if(entries_.begin(), entries_.end(),
                                       [](const std::optional<Entry>& entry) { return !entry; });
    std::string text = "{\n";
    for (const auto& [name, value] : spec_.settings) text += "\"" + name + "\": " + value + ",\n";
    text += "\"count\": " + std::to_string(std::ssize(entries_) - missing) + ",\n\"images\": [";
    bool first = true;
    for (size_t i = 0; i < entries_.size(); ++i) {
        if (!entries_[i]) continue;
        const auto index = static_cast<int64_t>(i);
        text += first ? "\n" : ",\n";
        first = false;
        text += "{\"file\": \"" + file_name(index) +
                "\", \"identity\": " + std::to_string(index / spec_.views_per_identity) +
                ", \"view\": " + std::to_string(index % spec_.views_per_identity);
        for (size_t n = 0; n < spec_.image_numbers.size(); ++n)
            text += ", \"" + spec_.image_numbers[n] + "\": " + one_decimal(entries_[i]->numbers[n]);
        text += ", \"crc32c\": " + std::to_string(entries_[i]->checksum) + "}";
    }
    write_file_atomically(manifest_path(), text + "\n]\n}\n");
}

void FaceFolder::read_manifest() {
    const std::string name = manifest_path().string();
    const std::vector<uint8_t> bytes = read_file(manifest_path(), kMaxManifestBytes);
    const Json manifest = Json::parse(bytes.begin(), bytes.end(), nullptr, false);
    const std::string damaged =
        name + ": not a manifest of " + spec_.contents + ", remove it or choose another folder";
    const auto whole = [&](const Json& object, const char* key) -> uint64_t {
        const auto found = object.find(key);
        if (found == object.end() || !found->is_number_unsigned()) fail_bad_input(damaged);
        return found->get<uint64_t>();
    };
    if (!manifest.is_object()) fail_bad_input(damaged);
    for (const auto& [key, wanted] : spec_.settings) {
        const auto found = manifest.find(key);
        const Json value = Json::parse(wanted);
        if (found == manifest.end() || found->type() != value.type()) fail_bad_input(damaged);
        if (*found == value) continue;
        fail_usage(name + ": the folder holds faces of " + key + " " + found->dump() + ", not " + wanted +
                   ": choose another folder or the same options");
    }
    const auto images = manifest.find("images");
    if (images == manifest.end() || !images->is_array()) fail_bad_input(damaged);
    for (const Json& image : *images) {
        if (!image.is_object()) fail_bad_input(damaged);
        const uint64_t identity = whole(image, "identity"), view = whole(image, "view");
        const auto views = static_cast<uint64_t>(spec_.views_per_identity);
        if (view >= views || identity > static_cast<uint64_t>(kMaxFolderImages) / views)
            fail_bad_input(damaged);
        const uint64_t index = identity * views + view;
        // Gaps come only from interruptions, so the list is about as long as the numbers in it.
        if (index > images->size() + static_cast<uint64_t>(spec_.count) + kLargestGap)
            fail_bad_input(damaged);
        Entry entry;
        for (const std::string& key : spec_.image_numbers) {
            const auto number = image.find(key);
            if (number == image.end() || !number->is_number()) fail_bad_input(damaged);
            entry.numbers.push_back(number->get<float>());
        }
        const uint64_t checksum = whole(image, "crc32c");
        if (checksum > UINT32_MAX) fail_bad_input(damaged);
        entry.checksum = static_cast<uint32_t>(checksum);
        if (index >= entries_.size()) entries_.resize(index + 1);
        entries_[index] = std::move(entry);
    }
}

}  // namespace quantface
