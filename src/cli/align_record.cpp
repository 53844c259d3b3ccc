#include "cli/align_record.h"

#include <utility>

#include "base/error.h"
#include "base/file.h"

namespace quantface {

namespace {

constexpr const char* kFormat = "quantface aligned faces 1";
constexpr const char* kFile = "align.json";

}  // namespace

AlignRecord::AlignRecord(std::filesystem::path folder, int size, const std::string& photos)
    : folder_(std::move(folder)), settings_({{"size", size}, {"photos", photos}}) {
    const std::filesystem::path path = folder_ / kFile;
    std::error_code ignored;  // what cannot be looked at is reported by reading it
    if (!std::filesystem::exists(path, ignored)) return;
    const std::vector<uint8_t> bytes = read_file(path, uint64_t{1} << 30);
    const Json document = Json::parse(bytes.begin(), bytes.end(), nullptr, false);
    if (!document.is_object() || document.value("format", Json()) != kFormat ||
        !document.value("faces", Json()).is_object()) {
        fail_bad_input(path.string() + ": is no record of aligned faces; remove it to make them all again");
    }
    if (document.value("settings", Json()) != settings_) {
        fail_usage(folder_.string() + ": its faces were aligned with other settings (" +
                   document.value("settings", Json()).dump(-1, ' ', false, Json::error_handler_t::replace) +
                   "); take another --out, or remove " + kFile + " to make them all again");
    }
    for (const auto& [file, face] : document["faces"].items()) faces_[file] = face;
}

const Json* AlignRecord::standing(const std::string& file) const {
    const auto found = faces_.find(file);
    std::error_code ignored;
    const bool stands = found != faces_.end() && std::filesystem::is_regular_file(folder_ / file, ignored);
    return stands ? &found->second : nullptr;
}

void AlignRecord::add(const std::string& file, Json face) {
    faces_[file] = std::move(face);
}

void AlignRecord::save() const {
    Json document = {{"format", kFormat}, {"settings", settings_}, {"faces", Json::object()}};
    for (const auto& [file, face] : faces_) document["faces"][file] = face;
    write_file_atomically(folder_ / kFile,
                          document.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace quantface
