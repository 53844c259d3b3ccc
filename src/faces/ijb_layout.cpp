#include "faces/ijb_layout.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>
#include <unordered_set>

#include "base/error.h"
#include "base/mapped_file.h"

namespace quantface {

namespace {

namespace fs = std::filesystem;

// The file of meta/ whose name ends so; empty where there is none.
fs::path meta_file(const fs::path& folder, const std::string& ending) {
    std::vector<fs::path> found;
    std::error_code error;
    for (fs::directory_iterator entry(folder / "meta", error), end; !error && entry != end;
         entry.increment(error)) {
        if (entry->path().filename().string().ends_with(ending)) found.push_back(entry->path());
    }
    if (found.size() > 1) {
        fail_bad_input((folder / "meta").string() + ": more than one file *" + ending +
                       "; one data set a folder");
    }
    return found.empty() ? fs::path() : found[0];
}

// Fields of the lines of a file of hundreds of megabytes, without a copy.
class Fields {
  public:
    Fields(const fs::path& path, char separator)
        : path_(path),
          separator_(separator),
          file_(path),
          text_(reinterpret_cast<const char*>(file_.bytes().data()), file_.bytes().size()) {}

    // Goes to the next line that is not blank; false at the end.
    bool next_line() {
        while (!text_.empty()) {
            const size_t end = std::min(text_.find('\n'), text_.size());
            line_ = text_.substr(0, end);
            text_.remove_prefix(std::min(end + 1, text_.size()));
            ++number_;
            while (!line_.empty() && (line_.back() == '\r' || line_.back() == ' ')) line_.remove_suffix(1);
            if (!line_.empty()) return true;
        }
        return false;
    }

    std::string_view field() {
        while (separator_ == ' ' && line_.starts_with(' ')) line_.remove_prefix(1);
        if (line_.empty()) fail("has too few fields");
        const size_t end = std::min(line_.find(separator_), line_.size());
        const std::string_view found = line_.substr(0, end);
        line_.remove_prefix(std::min(end + 1, line_.size()));
        return found;
    }

    int64_t whole_number() {
        const std::string_view text = field();
        int64_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc() || end != text.data() + text.size())
            fail("'" + std::string(text.substr(0, 40)) + "' is no whole number");
        return number;
    }

    float number() {
        const std::string_view text = field();
        float number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number))
            fail("'" + std::string(text.substr(0, 40)) + "' is no number");
        return number;
    }

    void end_of_line() {
        if (!line_.empty()) fail("has more fields than it should have");
    }

    [[noreturn]] void fail(const std::string& what) const {
        fail_bad_input(path_.string() + ": line " + std::to_string(number_) + ": " + what);
    }

  private:
    fs::path path_;
    char separator_;
    MappedFile file_;
    std::string_view text_, line_;
    int64_t number_ = 0;
};

// A name that stays below its folder.
std::string checked_name(Fields& fields) {
    std::string name(fields.field());
    const fs::path path = name;
    if (path.is_absolute() || std::find(path.begin(), path.end(), "..") != path.end())
        fields.fail("'" + name + "' leaves the folder of photographs");
    return name;
}

void read_images(const fs::path& templates, const fs::path& landmarks, IjbLayout& layout) {
    Fields rows(templates, ' ');
    while (rows.next_line()) {
        IjbImage image;
        image.name = checked_name(rows);
        image.template_id = rows.whole_number();
        image.medium = rows.whole_number();
        rows.end_of_line();
        layout.images.push_back(std::move(image));
    }
    if (layout.images.empty()) fail_bad_input(templates.string() + ": no image in it");
    Fields points(landmarks, ' ');
    size_t count = 0;
    for (; points.next_line(); ++count) {
        const std::string name = checked_name(points);
        if (count == layout.images.size() || name != layout.images[count].name) {
            points.fail("image " + name + ", where " + templates.filename().string() + " has " +
                        (count == layout.images.size() ? "no more" : layout.images[count].name));
        }
        IjbImage& image = layout.images[count];
        for (auto& point : image.landmarks) point = {points.number(), points.number()};
        image.score = points.number();
        points.end_of_line();
    }
    if (count != layout.images.size()) {
        fail_bad_input(landmarks.string() + ": " + std::to_string(count) + " images, where " +
                       templates.filename().string() + " has " + std::to_string(layout.images.size()));
    }
}

std::unordered_set<int64_t> template_ids(const IjbLayout& layout) {
    std::unordered_set<int64_t> ids;
    for (const IjbImage& image : layout.images) ids.insert(image.template_id);
    return ids;
}

void read_pairs(const fs::path& path, IjbLayout& layout) {
    const std::unordered_set<int64_t> known = template_ids(layout);
    Fields rows(path, ' ');
    while (rows.next_line()) {
        const int64_t a = rows.whole_number(), b = rows.whole_number(), label = rows.whole_number();
        rows.end_of_line();
        if (label != 0 && label != 1) rows.fail("the truth should be 1 or 0");
        if (!known.contains(a) || !known.contains(b))
            rows.fail("template " + std::to_string(known.contains(a) ? b : a) + " has no image");
        layout.pairs.push_back({a, b, label == 1});
    }
    if (layout.pairs.empty()) fail_bad_input(path.string() + ": no pair in it");
}

// TEMPLATE_ID,SUBJECT_ID,... below a line of names; one line an image, so templates come several times.
void read_subjects(const fs::path& path, const IjbLayout& layout, std::vector<IjbTemplateSubject>& subjects) {
    const std::unordered_set<int64_t> known = template_ids(layout);
    std::unordered_set<int64_t> seen;
    for (const IjbTemplateSubject& subject : subjects) seen.insert(subject.template_id);
    Fields rows(path, ',');
    if (!rows.next_line()) fail_bad_input(path.string() + ": empty");
    while (rows.next_line()) {
        const int64_t id = rows.whole_number(), subject = rows.whole_number();
        if (!known.contains(id)) rows.fail("template " + std::to_string(id) + " has no image");
        if (seen.insert(id).second) subjects.push_back({id, subject});
    }
}

}  // namespace

bool is_ijb_layout(const fs::path& folder) {
    return !meta_file(folder, "_face_tid_mid.txt").empty();
}

IjbLayout read_ijb_layout(const fs::path& folder) {
    IjbLayout layout;
    layout.photos = folder / "loose_crop";
    std::error_code ignored;
    if (!fs::is_directory(layout.photos, ignored))
        fail_bad_input(layout.photos.string() + ": no such folder");
    const auto needed = [&](const std::string& ending) {
        const fs::path path = meta_file(folder, ending);
        if (path.empty()) fail_bad_input((folder / "meta").string() + ": no file *" + ending + " in it");
        layout.meta_files.push_back(path);
        return path;
    };
    const fs::path templates = needed("_face_tid_mid.txt");
    read_images(templates, needed("_name_5pts_score.txt"), layout);
    read_pairs(needed("_template_pair_label.txt"), layout);
    const fs::path probes = meta_file(folder, "_1N_probe_mixed.csv");
    if (probes.empty()) return layout;
    for (const char* ending :
         {"_1N_gallery_G1.csv", "_1N_gallery_S1.csv", "_1N_gallery_G2.csv", "_1N_gallery_S2.csv"}) {
        const fs::path gallery = meta_file(folder, ending);
        if (gallery.empty()) continue;
        layout.meta_files.push_back(gallery);
        read_subjects(gallery, layout, layout.gallery);
    }
    if (layout.gallery.empty()) return layout;
    layout.meta_files.push_back(probes);
    read_subjects(probes, layout, layout.probes);
    return layout;
}

}  // namespace quantface
