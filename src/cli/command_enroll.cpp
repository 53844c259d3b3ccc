// quantface enroll: photographs of people into a gallery.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/json_output.h"
#include "cli/photo_embedding.h"
#include "cli/text_table.h"

namespace quantface {

namespace {

namespace fs = std::filesystem;

struct EnrollOptions {
    std::string gallery, person;
    std::vector<std::string> photos;
    std::string folders;
    std::string store = "int8";
    PhotoModelOptions model;
    int threads = 0;
    JsonOptions json;
};

struct Work {
    std::vector<std::string> people, photos;  // [i]: photo i and whose it is

    void add(const std::string& person, const std::vector<std::string>& of_person) {
        people.insert(people.end(), of_person.size(), person);
        photos.insert(photos.end(), of_person.begin(), of_person.end());
    }
};

// Every folder right below is a person; hidden ones are passed over.
Work work_of_folders(const std::string& folder) {
    std::vector<fs::path> people;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        if (entry->is_directory() && !entry->path().filename().string().starts_with('.')) {
            people.push_back(entry->path());
        }
    }
    if (error) fail_bad_input(folder + ": cannot be read: " + error.message());
    if (people.empty()) fail_bad_input(folder + ": has no folders, one for each person");
    std::sort(people.begin(), people.end());
    Work work;
    for (const fs::path& person : people) work.add(person.filename().string(), photos_of(person.string()));
    return work;
}

Work work_of(const EnrollOptions& options) {
    const bool has_name = !options.person.empty(), has_photos = !options.photos.empty();
    if (!options.folders.empty()) {
        if (has_name) fail_usage("--folders names the people; NAME and PHOTO do not go with it");
        return work_of_folders(options.folders);
    }
    if (!has_name || !has_photos) fail_usage("enroll takes DB NAME PHOTO... or DB --folders DIR");
    Work work;
    for (const std::string& photo : options.photos) work.add(options.person, photos_of(photo));
    return work;
}

struct Counts {
    int64_t enrolled = 0;
    std::vector<std::string> already;  // photos
    std::vector<std::string> notes;
    SkippedImages skipped;
};

class Enrolment {
  public:
    Enrolment(const EnrollOptions& options, const Work& work)
        : options_(options),
          work_(work),
          store_(face_store_of(options.store)),
          embedder_(options.model),
          pool_(options.threads) {
        std::error_code error;
        // An empty file is what a gallery is that another process is just making.
        const bool exists = fs::exists(options.gallery, error) && fs::file_size(options.gallery, error) > 0;
        if (exists) open_gallery();
    }

    const Counts& run(Progress& progress) {
        const int64_t batch = PhotoEmbedder::batch_size(pool_);
        const auto count = static_cast<int64_t>(work_.photos.size());
        progress.start("enrolling, photos", count);
        for (int64_t first = 0; first < count; first += batch) {
            if (progress.stop_requested()) fail_work("interrupted; what was enrolled stays");
            const int64_t size = std::min(batch, count - first);
            enroll_batch(static_cast<size_t>(first), static_cast<size_t>(size));
            progress.advance(size);
        }
        progress.finish();
        return counts_;
    }

    const std::optional<Gallery>& gallery() const { return gallery_; }
    const LoadedModel& model() const { return embedder_.model(); }

  private:
    // Made only once there is a face to put into it.
    void open_gallery() {
        gallery_.emplace(Gallery::open_or_create(options_.gallery, embedder_.network(), store_));
        gallery_->require_network(embedder_.network());
        note_alignment();
    }

    // Embeddings stay comparable, but faces that are cut out in one way agree better.
    void note_alignment() {
        const std::string& own = gallery_->network().alignment;
        if (own == embedder_.network().alignment) return;
        counts_.notes.push_back(
            fmt::format("{}: its first faces were aligned another way ({}) than these ({})", options_.gallery,
                        own, embedder_.network().alignment));
    }

    void enroll_batch(size_t first, size_t size) {
        const auto photos = embedder_.embed(
            work_.photos, first, size,
            [&](size_t index, const Sha256& sha256) { return is_new(index, sha256); }, counts_.skipped,
            pool_);
        std::vector<NewFace> faces;
        for (size_t i = 0; i < size; ++i) {
            if (!photos[i].embedding) continue;
            faces.push_back(
                {work_.people[first + i], work_.photos[first + i], photos[i].sha256, *photos[i].embedding});
        }
        if (faces.empty()) return;
        if (!gallery_) open_gallery();
        const std::vector<bool> added = gallery_->enroll(faces);
        for (size_t i = 0; i < faces.size(); ++i) {
            if (added[i]) {
                ++counts_.enrolled;
                note_others(faces[i]);
            } else {
                counts_.already.push_back(faces[i].photo);
            }
        }
    }

    bool is_new(size_t index, const Sha256& sha256) {
        if (!gallery_ || !gallery_->has_face(work_.people[index], sha256)) return true;
        counts_.already.push_back(work_.photos[index]);
        return false;
    }

    void note_others(const NewFace& face) {
        for (const std::string& other : gallery_->others_with(face.person, face.photo_sha256)) {
            counts_.notes.push_back(fmt::format("{}: the same photo is enrolled for {} and for {}",
                                                face.photo, other, face.person));
        }
    }

    const EnrollOptions& options_;
    const Work& work_;
    FaceStore store_;
    PhotoEmbedder embedder_;
    ThreadPool pool_;
    std::optional<Gallery> gallery_;
    Counts counts_;
};

Json to_json(const EnrollOptions& options, const std::vector<std::string>& photos, const Counts& counts,
             const std::optional<Gallery>& gallery) {
    return {{"gallery", options.gallery},
            {"enrolled", counts.enrolled},
            {"already", counts.already},
            {"skipped", skipped_json(counts.skipped, photos)},
            {"notes", counts.notes},
            {"people", gallery ? gallery->person_count() : 0},
            {"faces", gallery ? gallery->face_count() : 0}};
}

void print_counts(const EnrollOptions& options, const Counts& counts, const std::optional<Gallery>& gallery) {
    constexpr size_t kNamed = 10;
    for (size_t i = 0; i < std::min(counts.already.size(), kNamed); ++i) {
        fmt::print("{}: enrolled already\n", counts.already[i]);
    }
    if (counts.already.size() > kNamed) {
        fmt::print("and {} more were enrolled already\n",
                   format_count(static_cast<int64_t>(counts.already.size() - kNamed)));
    }
    fmt::print("{}: {} faces enrolled", options.gallery, format_count(counts.enrolled));
    if (gallery) {
        fmt::print("; it has {} faces of {} people", format_count(gallery->face_count()),
                   format_count(gallery->person_count()));
    }
    fmt::print("\n");
}

void run_enroll(const EnrollOptions& options, Progress& progress) {
    const Work work = work_of(options);
    for (size_t i = 0; i < work.people.size(); ++i) {
        if (i == 0 || work.people[i] != work.people[i - 1]) require_person_name(work.people[i]);
    }
    Enrolment enrolment(options, work);
    const Counts& counts = enrolment.run(progress);
    put_json(options.json, to_json(options, work.photos, counts, enrolment.gallery()));
    if (!options.json.print) print_counts(options, counts, enrolment.gallery());
    for (const std::string& note : counts.notes) fmt::print(stderr, "note: {}\n", note);
    print_notes(enrolment.model());
    counts.skipped.report(static_cast<int64_t>(work.photos.size()));
}

}  // namespace

void add_enroll_command(CLI::App& program, Action& action) {
    auto options = std::make_shared<EnrollOptions>();
    CLI::App* command = program.add_subcommand("enroll", "Photos of people into a gallery");
    command->add_option("DB", options->gallery, "The gallery, made where there is none")->required();
    command->add_option("NAME", options->person, "Whose face is on the photos");
    command->add_option("PHOTO", options->photos, "Photos, or folders of them");
    command->add_option("--folders", options->folders, "Each folder in this one is a person of its name")
        ->type_name("DIR");
    command
        ->add_option("--store", options->store,
                     "How a new gallery keeps embeddings: int8 (a byte a number) or float")
        ->check(CLI::IsMember({"int8", "float"}))
        ->capture_default_str();
    command->add_option("--threads", options->threads, "0: all cores")
        ->check(CLI::Range(0, 1024))
        ->capture_default_str();
    add_photo_model_options(*command, options->model);
    add_json_options(*command, options->json);
    command->callback(
        [options, &action] { action = [options](Progress& progress) { run_enroll(*options, progress); }; });
}

}  // namespace quantface
