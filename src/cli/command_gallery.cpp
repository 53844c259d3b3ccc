// quantface gallery: who is in a gallery. quantface index: approximate search in a large one.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "base/error.h"
#include "base/thread_pool.h"
#include "cli/commands.h"
#include "cli/index_library.h"
#include "cli/json_output.h"
#include "cli/text_table.h"
#include "gallery/index_search.h"

namespace quantface {

namespace {

struct GalleryOptions {
    std::string gallery, remove;
    JsonOptions json;
};

std::string describe_index(const Gallery& gallery) {
    const std::optional<IndexedState> indexed = gallery.indexed();
    if (!indexed) return "none";
    const bool is_stale = indexed->content != gallery.content().counter;
    return indexed->kind + (is_stale ? ", of an earlier state" : "");
}

Json to_json(const Gallery& gallery, const std::vector<GalleryPerson>& people) {
    const GalleryNetwork& network = gallery.network();
    Json list = Json::array();
    for (const GalleryPerson& person : people) {
        list.push_back({{"name", person.name}, {"faces", person.faces}});
    }
    return {{"gallery", gallery.name()},
            {"network",
             {{"name", network.name},
              {"sha256", network.sha256},
              {"embedding_size", network.embedding_size},
              {"input", network.input},
              {"alignment", network.alignment}}},
            {"store", face_store_name(gallery.store())},
            {"faces", gallery.face_count()},
            {"index", describe_index(gallery)},
            {"people", list}};
}

void print_gallery(const Gallery& gallery, const std::vector<GalleryPerson>& people) {
    const GalleryNetwork& network = gallery.network();
    TextTable table({"person", "faces"});
    for (const GalleryPerson& person : people) table.add_row({person.name, format_count(person.faces)});
    fmt::print("{}\n", table.render());
    fmt::print("gallery     {} faces of {} people, {} embeddings of {} numbers, {}\n",
               format_count(gallery.face_count()), format_count(static_cast<int64_t>(people.size())),
               face_store_name(gallery.store()), network.embedding_size,
               format_bytes(std::filesystem::file_size(gallery.name())));
    fmt::print("network     {}, {}\n", network.name, network.input);
    fmt::print("SHA-256     {}\n", network.sha256);
    fmt::print("alignment   {}\n", network.alignment);
    fmt::print("index       {}\n", describe_index(gallery));
}

void run_gallery(const GalleryOptions& options) {
    if (!options.remove.empty()) {
        Gallery gallery(options.gallery, SqliteMode::kReadWrite);
        const int64_t faces = gallery.remove(options.remove);
        put_json(options.json,
                 {{"gallery", options.gallery}, {"removed", options.remove}, {"removed_faces", faces}});
        if (!options.json.print) {
            fmt::print("{}: {} is removed, {} faces\n", options.gallery, options.remove, format_count(faces));
        }
        return;
    }
    const Gallery gallery(options.gallery, SqliteMode::kReadOnly);
    const std::vector<GalleryPerson> people = gallery.people();
    put_json(options.json, to_json(gallery, people));
    if (!options.json.print) print_gallery(gallery, people);
}

struct IndexOptions {
    std::string gallery;
    std::string kind = "hnsw";
    int threads = 0;
    JsonOptions json;
};

void run_index(const IndexOptions& options, Progress& progress) {
    Gallery gallery(options.gallery, SqliteMode::kReadWrite);
    const ThreadPool pool(options.threads);  // for its count of cores
    const std::filesystem::path file = index_path(options.gallery);
    const int64_t faces =
        build_index(gallery, file, index_kind_of(options.kind), load_index_library(), pool.size(), progress);
    const uint64_t bytes = std::filesystem::file_size(file);
    put_json(options.json,
             {{"file", file.string()}, {"kind", options.kind}, {"faces", faces}, {"bytes", bytes}});
    if (!options.json.print) {
        fmt::print("{}: {} index of {} faces, {}\n", file.string(), options.kind, format_count(faces),
                   format_bytes(bytes));
    }
}

}  // namespace

void add_gallery_command(CLI::App& program, Action& action) {
    auto options = std::make_shared<GalleryOptions>();
    CLI::App* command = program.add_subcommand("gallery", "Who is in a gallery; removes people");
    command->add_option("DB", options->gallery, "The gallery")->required();
    command->add_option("--remove", options->remove, "Remove this person with all faces")->type_name("NAME");
    add_json_options(*command, options->json);
    command->callback([options, &action] { action = [options](Progress&) { run_gallery(*options); }; });
}

void add_index_command(CLI::App& program, Action& action) {
    auto options = std::make_shared<IndexOptions>();
    CLI::App* command =
        program.add_subcommand("index", "Approximate search for a large gallery: writes DB.faiss beside it");
    command->add_option("DB", options->gallery, "The gallery")->required();
    command
        ->add_option("--kind", options->kind,
                     "hnsw: a graph, finds most; ivf: lists, smaller; ivfpq: lists of codes, smallest")
        ->check(CLI::IsMember({"hnsw", "ivf", "ivfpq"}))
        ->capture_default_str();
    command->add_option("--threads", options->threads, "0: all cores")
        ->check(CLI::Range(0, 1024))
        ->capture_default_str();
    add_json_options(*command, options->json);
    command->callback(
        [options, &action] { action = [options](Progress& progress) { run_index(*options, progress); }; });
}

}  // namespace quantface
