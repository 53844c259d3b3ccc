// quantface search: who on a photograph is in the gallery.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/index_library.h"
#include "cli/json_output.h"
#include "cli/photo_embedding.h"
#include "cli/search_decision.h"
#include "cli/text_table.h"
#include "gallery/exact_search.h"
#include "gallery/index_search.h"

namespace quantface {

namespace {

struct CommandOptions {
    std::string gallery;
    std::vector<std::string> photos;
    PhotoModelOptions model;
    int top = 5;
    bool every_face = false, index = false;
    DecisionOptions decision;
    int threads = 0;
    JsonOptions json;
};

struct NamedHit {
    std::string person, photo;
    double cosine = 0;
};

struct PhotoResult {
    std::string photo;
    std::vector<NamedHit> hits;
};

struct Photos {
    std::vector<std::string> names;  // of those that could be embedded
    std::vector<float> embeddings;
    SkippedImages skipped;
};

void embed_photos(const std::vector<std::string>& names, const PhotoEmbedder& embedder, Photos& photos,
                  ThreadPool& pool, Progress& progress) {
    const auto batch = static_cast<size_t>(PhotoEmbedder::batch_size(pool));
    const auto all = [](size_t, const Sha256&) { return true; };
    progress.start("embedding, photos", static_cast<int64_t>(names.size()));
    for (size_t first = 0; first < names.size(); first += batch) {
        if (progress.stop_requested()) fail_work("interrupted");
        const size_t size = std::min(batch, names.size() - first);
        const auto embedded = embedder.embed(names, first, size, all, photos.skipped, pool);
        for (size_t i = 0; i < size; ++i) {
            if (!embedded[i].embedding) continue;
            photos.names.push_back(names[first + i]);
            photos.embeddings.insert(photos.embeddings.end(), embedded[i].embedding->begin(),
                                     embedded[i].embedding->end());
        }
        progress.advance(static_cast<int64_t>(size));
    }
    progress.finish();
}

SearchHits find(const Gallery& gallery, const Photos& photos, const CommandOptions& options, ThreadPool& pool,
                Progress& progress) {
    const SearchOptions search{options.every_face ? HitKind::kFaces : HitKind::kPeople, options.top};
    if (!options.index) return search_exactly(gallery, photos.embeddings, search, pool, progress);
    const IndexFile index =
        read_index_file(gallery, index_path(options.gallery), load_index_library(), pool.size());
    return search_with_index(gallery, index, photos.embeddings, search);
}

std::vector<PhotoResult> name_hits(const Gallery& gallery, const Photos& photos, const SearchHits& hits) {
    std::vector<PhotoResult> results;
    for (size_t i = 0; i < hits.size(); ++i) {
        results.push_back({photos.names[i], {}});
        for (const GalleryHit& hit : hits[i]) {
            results.back().hits.push_back(
                {gallery.person_name(hit.person), gallery.face(hit.face).photo, double{hit.score}});
        }
    }
    return results;
}

// "Ada", "nobody", or nothing where no decision is possible.
std::optional<std::string> verdict(const PhotoResult& result, const SearchDecision& decision) {
    if (!decision.threshold) return std::nullopt;
    const bool is_match = !result.hits.empty() && result.hits[0].cosine >= *decision.threshold;
    return is_match ? result.hits[0].person : "nobody";
}

Json to_json(const CommandOptions& options, const std::vector<PhotoResult>& results,
             const SearchDecision& decision, const Json& skipped) {
    Json photos = Json::array();
    for (const PhotoResult& result : results) {
        Json hits = Json::array();
        for (const NamedHit& hit : result.hits) {
            const Json match = decision.threshold ? Json(hit.cosine >= *decision.threshold) : Json();
            hits.push_back(
                {{"person", hit.person}, {"photo", hit.photo}, {"cosine", hit.cosine}, {"match", match}});
        }
        photos.push_back({{"photo", result.photo}, {"hits", hits}});
    }
    return {{"gallery", options.gallery},
            {"search", options.index ? "index" : "exact"},
            {"decision", to_json(decision)},
            {"photos", photos},
            {"skipped", skipped}};
}

void print_results(const std::vector<PhotoResult>& results, const SearchDecision& decision) {
    for (const PhotoResult& result : results) {
        const std::optional<std::string> who = verdict(result, decision);
        fmt::print("{}{}\n", result.photo, who ? ": " + *who : "");
        TextTable table({"rank", "<person", "cosine", "<nearest photo"});
        for (size_t rank = 0; rank < result.hits.size(); ++rank) {
            const NamedHit& hit = result.hits[rank];
            table.add_row(
                {std::to_string(rank + 1), hit.person, fmt::format("{:.4f}", hit.cosine), hit.photo});
        }
        fmt::print("{}\n", table.render());
    }
    fmt::print("{}", describe(decision));
}

void run_search(const CommandOptions& options, Progress& progress) {
    const Gallery gallery(options.gallery, SqliteMode::kReadOnly);
    std::vector<std::string> names;
    for (const std::string& photo : options.photos) {
        for (std::string& name : photos_of(photo)) names.push_back(std::move(name));
    }
    const PhotoEmbedder embedder(options.model);
    gallery.require_network(embedder.network());
    ThreadPool pool(options.threads);
    Photos photos;
    embed_photos(names, embedder, photos, pool, progress);
    const auto count = static_cast<int64_t>(names.size());
    if (photos.names.empty()) photos.skipped.report(count);
    const auto results = name_hits(gallery, photos, find(gallery, photos, options, pool, progress));
    const SearchDecision decision = decide_threshold(gallery, options.decision, pool, progress);
    put_json(options.json, to_json(options, results, decision, skipped_json(photos.skipped, names)));
    if (!options.json.print) print_results(results, decision);
    if (gallery.network().alignment != embedder.network().alignment) {
        fmt::print(stderr, "note: {}: its faces were aligned another way ({}) than these ({})\n",
                   options.gallery, gallery.network().alignment, embedder.network().alignment);
    }
    print_notes(embedder.model());
    photos.skipped.report(count);
}

}  // namespace

void add_search_command(CLI::App& program, Action& action) {
    auto options = std::make_shared<CommandOptions>();
    CLI::App* command = program.add_subcommand("search", "Who on a photo is in the gallery");
    command->add_option("DB", options->gallery, "The gallery")->required();
    command->add_option("PHOTO", options->photos, "Photos, or folders of them")->required();
    command->add_option("--top", options->top, "How many people for each photo")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    command->add_flag("--every-face", options->every_face, "List single faces, not each person once");
    command->add_flag("--index", options->index, "With the index that `quantface index` wrote");
    command
        ->add_option(
            "--thresholds", options->decision.thresholds,
            "The decision's threshold from this evaluation (eval --save-json); else from the gallery's "
            "own pairs of different people")
        ->type_name("EVAL.json");
    CLI::Option* far = command
                           ->add_option("--far", options->decision.far,
                                        "False accept rate of one comparison that the threshold is for")
                           ->check(CLI::Range(1e-12, 1.0))
                           ->capture_default_str();
    command
        ->add_option("--fpir", options->decision.fpir,
                     "In place of --far: how often a stranger may be taken for somebody")
        ->check(CLI::Range(1e-12, 0.999999))
        ->excludes(far);
    command->add_option("--threads", options->threads, "0: all cores")
        ->check(CLI::Range(0, 1024))
        ->capture_default_str();
    add_photo_model_options(*command, options->model);
    add_json_options(*command, options->json);
    command->callback(
        [options, &action] { action = [options](Progress& progress) { run_search(*options, progress); }; });
}

}  // namespace quantface
