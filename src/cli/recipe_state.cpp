#include "cli/recipe_state.h"

#include "base/error.h"
#include "base/file.h"
#include "base/mapped_file.h"
#include "cli/json_output.h"
#include "cli/sha256.h"
#include "cli/version.h"

namespace quantface {

namespace {

namespace fs = std::filesystem;

constexpr const char* kFormat = "quantface step 1";
constexpr uint64_t kMostBytes = 16 << 20;  // of a state
constexpr uint64_t kMostFileBytes = uint64_t{64} << 30;

Json hashes_json(const std::vector<fs::path>& files, FileHashes& hashes) {
    Json rows = Json::array();
    for (const fs::path& file : files) rows.push_back({{"file", file.string()}, {"sha256", hashes.of(file)}});
    return rows;
}

// What must be the same for the outputs to be this step's.
Json identity(const StudyStep& step, FileHashes& hashes) {
    return {{"arguments", step.arguments}, {"inputs", hashes_json(step.inputs, hashes)}};
}

// null where there is none or it is damaged.
Json read_state(const fs::path& file) {
    try {
        const std::vector<uint8_t> bytes = read_file(file, kMostBytes);
        Json state = Json::parse(bytes.begin(), bytes.end(), nullptr, false);
        if (state.is_object() && state.value("format", Json()) == kFormat) return state;
    } catch (const Error&) {
    }
    return {};
}

void write_state(const fs::path& file, const Json& state) {
    write_file_atomically(file, state.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

// As it is written: text that is no UTF-8 is replaced there.
Json as_written(const Json& json) {
    return Json::parse(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

bool is_of_step(const Json& state, const StudyStep& step, FileHashes& hashes) {
    const Json own = as_written(identity(step, hashes));
    return state.is_object() && state.value("arguments", Json()) == own["arguments"] &&
           state.value("inputs", Json()) == own["inputs"];
}

}  // namespace

const std::string& FileHashes::of(const fs::path& file) {
    std::error_code no_size, no_time;
    const uintmax_t bytes = fs::file_size(file, no_size);
    const fs::file_time_type changed = fs::last_write_time(file, no_time);
    Entry& entry = entries_[file];
    if (no_size || no_time) {
        entry = {};
        return entry.sha256;
    }
    if (!entry.sha256.empty() && entry.bytes == bytes && entry.changed == changed) return entry.sha256;
    entry = {bytes, changed, ""};
    try {
        entry.sha256 = sha256_hex(MappedFile(file, kMostFileBytes).bytes());
    } catch (const Error&) {
        entry.sha256.clear();
    }
    return entry.sha256;
}

bool is_done(const StudyStep& step, const fs::path& state_path, FileHashes& hashes) {
    const Json state = read_state(state_path);
    if (!is_of_step(state, step, hashes) || state.value("done", Json()) != true) return false;
    const Json outputs = as_written(hashes_json(step.outputs, hashes));
    for (const Json& output : outputs) {
        if (output["sha256"] == "") return false;
    }
    return state.value("outputs", Json()) == outputs;
}

void note_started(const StudyStep& step, const fs::path& state_path, FileHashes& hashes) {
    const Json before = read_state(state_path);
    if (!step.checkpoint.empty() && before.is_object() && !is_of_step(before, step, hashes)) {
        std::error_code ignored;  // the step itself will say what is wrong with the file
        fs::remove(step.checkpoint, ignored);
    }
    Json state = {{"format", kFormat}, {"done", false}};
    state.update(identity(step, hashes));
    write_state(state_path, state);
}

void note_done(const StudyStep& step, const fs::path& state_path, double seconds, FileHashes& hashes) {
    Json state = {{"format", kFormat}, {"done", true}};
    state.update(identity(step, hashes));
    state["outputs"] = hashes_json(step.outputs, hashes);
    state["program"] = std::string("quantface ") + kProgramVersion;
    state["seconds"] = seconds;
    write_state(state_path, state);
}

}  // namespace quantface
