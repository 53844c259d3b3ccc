// What the measures mean, for readers who are not of the field.
#include "report/figure_text.h"
#include "report/page_context.h"

namespace quantface::report {

namespace {

struct Definition {
    const char* term;
    const char* words;
};

constexpr Definition kDefinitions[] = {
    {"Score",
     "Cosine of the angle between two embeddings, from \u22121 to 1. A pair is accepted at or above a "
     "threshold. IJB "
     "compares templates: the embeddings of several images of a person, combined and scaled to length 1."},
    {"Genuine, impostor pair", "Two images of one person; of two different people."},
    {"FAR (FMR)",
     "False accept rate, also false match rate: the share of impostor pairs that are accepted. A rate of 1/n "
     "can "
     "only be measured with at least n impostor pairs; where there are fewer, nothing is stated."},
    {"TAR, FNMR",
     "True accept rate: the share of genuine pairs that are accepted, here at the largest threshold that "
     "keeps the "
     "stated FAR. FNMR = 1 \u2212 TAR: the false non-match rate."},
    {"10-fold accuracy",
     "The share of pairs decided rightly, by the protocol of LFW: each tenth of the pairs is judged with the "
     "threshold that is best on the other nine. \u00b1 is the standard deviation over the ten."},
    {"EER", "Equal error rate: where FAR and FNMR are the same. Lower is better."},
    {"AUC", "Area under the ROC: the chance that a genuine pair scores higher than an impostor pair."},
    {"d\u2032",
     "Distance between the means of genuine and impostor scores in units of their common standard deviation "
     "(the root of the mean of their variances). Higher is better."},
    {"ROC, DET",
     "The trade between both errors as the threshold moves: TAR against FAR, and FNMR against FAR, the "
     "latter on "
     "logarithmic axes so that small errors can be told apart."},
    {"Rank n, TPIR at FPIR",
     "Search in a gallery. Rank n: the right person is among the first n. TPIR: found first and above the "
     "threshold "
     "at which the stated share (FPIR) of people who are not in the gallery is taken for someone in it."},
    {"Signal to noise",
     "Power of a layer\u2019s float32 outputs over the power of their difference to the quantized ones, in "
     "decibels: "
     "6 dB are about one bit."},
};

}  // namespace

Html definitions_section(const PageContext& page) {
    Html lines;
    for (const Definition& definition : kDefinitions)
        lines += element("div", element("dt", definition.term) + element("dd", definition.words));
    const Json& settings = member(page.document, "settings");
    std::string interval =
        "Percentile bootstrap: people, not pairs, are drawn again with replacement, as pairs that "
        "share a person are not independent; the interval holds the middle ";
    const auto confidence = number_at(settings, "confidence");
    interval += confidence ? fixed_text(*confidence * 100, 0) + " % of the results" : "of the results";
    if (const auto rounds = number_at(settings, "bootstrap"))
        interval += " of " + count_text(rounds) + " draws";
    interval +=
        ". It says how far the figure depends on who is in the benchmark, and nothing about other data.";
    lines += element("div", element("dt", "Interval") + element("dd", interval));
    return element("section",
                   element("h2", "What the measures mean", {{"id", "measures"}}) +
                       element("dl", lines, {{"class", "definitions"}}),
                   {{"aria-labelledby", "measures"}});
}

}  // namespace quantface::report
