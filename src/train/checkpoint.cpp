#include "train/checkpoint.h"

#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "base/crc32c.h"
#include "base/error.h"
#include "base/file.h"

namespace quantface {

namespace {

using Json = nlohmann::ordered_json;

constexpr char kMagic[4] = {'Q', 'F', 'C', 'K'};
constexpr uint32_t kFormat = 1;
constexpr size_t kHeaderBytes = sizeof kMagic + sizeof kFormat + sizeof(uint64_t);
constexpr size_t kChecksumBytes = sizeof(uint32_t);

void append(std::vector<uint8_t>& bytes, const void* data, size_t size) {
    const auto* from = static_cast<const uint8_t*>(data);
    bytes.insert(bytes.end(), from, from + size);
}

template <typename Number>
Number number_at(const std::vector<uint8_t>& bytes, size_t offset) {
    Number number;
    std::memcpy(&number, bytes.data() + offset, sizeof number);
    return number;
}

}  // namespace

const std::vector<float>& Checkpoint::array(const std::string& name, size_t length,
                                            const std::string& file) const {
    for (const auto& [candidate, numbers] : arrays) {
        if (candidate == name && numbers.size() == length) return numbers;
    }
    fail_bad_input(file + ": has no array '" + name + "' of " + std::to_string(length) +
                   " numbers; delete it");
}

void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint) {
    Json record = Json::parse(checkpoint.record);
    QF_CHECK(record.is_object() && !record.contains("arrays"));
    record["arrays"] = Json::array();
    size_t data_bytes = 0;
    for (const auto& [name, numbers] : checkpoint.arrays) {
        record["arrays"].push_back({{"name", name}, {"length", numbers.size()}});
        data_bytes += numbers.size() * sizeof(float);
    }
    const std::string text = record.dump();
    std::vector<uint8_t> bytes;
    bytes.reserve(kHeaderBytes + text.size() + data_bytes + kChecksumBytes);
    const uint64_t text_bytes = text.size();
    append(bytes, kMagic, sizeof kMagic);
    append(bytes, &kFormat, sizeof kFormat);
    append(bytes, &text_bytes, sizeof text_bytes);
    append(bytes, text.data(), text.size());
    for (const auto& [name, numbers] : checkpoint.arrays)
        append(bytes, numbers.data(), numbers.size() * sizeof(float));
    const uint32_t checksum = crc32c(bytes);
    append(bytes, &checksum, sizeof checksum);
    write_file_atomically(path, bytes);
}

Checkpoint read_checkpoint(const std::filesystem::path& path) {
    const std::string file = path.string();
    const std::vector<uint8_t> bytes = read_file(path);
    const auto refuse = [&](const std::string& why) {
        fail_bad_input(file + ": " + why + "; delete it to start anew");
    };
    if (bytes.size() < kHeaderBytes + kChecksumBytes ||
        std::memcmp(bytes.data(), kMagic, sizeof kMagic) != 0) {
        refuse("not a checkpoint, or cut");
    }
    if (number_at<uint32_t>(bytes, sizeof kMagic) != kFormat) refuse("a checkpoint of another version");
    const size_t end = bytes.size() - kChecksumBytes;
    if (crc32c({bytes.data(), end}) != number_at<uint32_t>(bytes, end)) refuse("damaged");
    const auto text_bytes = number_at<uint64_t>(bytes, sizeof kMagic + sizeof kFormat);
    if (text_bytes > end - kHeaderBytes) refuse("damaged");
    const auto* text = reinterpret_cast<const char*>(bytes.data() + kHeaderBytes);
    Json record = Json::parse(text, text + text_bytes, nullptr, false);
    if (!record.is_object() || !record.contains("arrays") || !record["arrays"].is_array()) refuse("damaged");

    Checkpoint checkpoint;
    size_t offset = kHeaderBytes + text_bytes;
    std::set<std::string> names;
    for (const Json& entry : record["arrays"]) {
        if (!entry.is_object() || !entry.value("name", Json()).is_string() ||
            !entry.value("length", Json()).is_number_unsigned()) {
            refuse("damaged");
        }
        const auto name = entry["name"].get<std::string>();
        const auto length = entry["length"].get<uint64_t>();
        if (length > (end - offset) / sizeof(float) || !names.insert(name).second) refuse("damaged");
        std::vector<float> numbers(length);
        if (length > 0) std::memcpy(numbers.data(), bytes.data() + offset, length * sizeof(float));
        offset += length * sizeof(float);
        checkpoint.arrays.emplace_back(name, std::move(numbers));
    }
    if (offset != end) refuse("damaged");
    record.erase("arrays");
    checkpoint.record = record.dump();
    return checkpoint;
}

}  // namespace quantface
