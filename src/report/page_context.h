// What all sections of a page need to know.
#pragma once

#include <string>
#include <vector>

#include "report/document.h"
#include "report/headline.h"
#include "report/html.h"

namespace quantface::report {

// Pictures lie in the page once, as <img>; the page's copy of the document names them by number instead, and
// the script puts them back where the document is downloaded.
struct PagePictures {
    int count = 0;
};

struct PageContext {
    Json document;  // checked; pictures taken out as they are shown
    std::vector<Headline> headlines;
    int teacher_index = -1;
    PagePictures pictures;

    const Json& models() const { return list_at(document, "models"); }
};

// A model's name with the sample of its line in the plots. Colour and dashes: classes series-0 (the teacher,
// or the first model) to series-7 of the style sheet, over again from there with other dashes.
Html model_label(const PageContext& page, size_t model);
// The number of its colour and the number of its dashes.
std::pair<int, int> series_of(const PageContext& page, size_t model);

// <figure> for a plot that the script draws: `kind` says which, `about` names what of (an index). Empty where
// this build has no plotting library.
Html plot_figure(const std::string& kind, const std::string& about, const std::string& label,
                 const Html& caption);

// An <img> of a data URL in the document, which is replaced there by the picture's number; empty where it is
// no picture's data URL.
Html picture(PageContext& page, Json& data_url, const std::string& description, int side);

// The sections from top to bottom; empty where there is nothing to say.
Html verdict_section(const PageContext& page);
Html size_section(const PageContext& page);
Html benchmark_sections(PageContext& page);
Html agreement_section(const PageContext& page);
Html layers_section(const PageContext& page);
Html synthetic_faces_section(PageContext& page);
Html repeat_section(const PageContext& page);
Html definitions_section(const PageContext& page);

}  // namespace quantface::report
