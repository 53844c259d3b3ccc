#include "cli/search_decision.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "cli/measured_threshold.h"
#include "cli/text_table.h"
#include "gallery/impostor_threshold.h"

namespace quantface {

SearchDecision decide_threshold(const Gallery& gallery, const DecisionOptions& options, ThreadPool& pool,
                                Progress& progress) {
    SearchDecision decision;
    decision.people = gallery.person_count();
    decision.faces = gallery.face_count();
    decision.far = options.fpir
                       ? far_of_identification_rate(*options.fpir, std::max<int64_t>(decision.people, 1))
                       : options.far;
    if (!(decision.far > 0 && decision.far <= 1)) {
        fail_usage(fmt::format("a rate of {:g}; it must be above 0, at most 1", decision.far));
    }
    decision.fpir_by_people = false_positive_identification_rate(decision.far, decision.people);
    decision.fpir_by_faces = false_positive_identification_rate(decision.far, decision.faces);
    if (!options.thresholds.empty()) {
        const MeasuredThreshold measured =
            read_measured_threshold(options.thresholds, gallery.network().sha256, decision.far);
        if (measured.flip) {
            fail_usage(options.thresholds +
                       ": was measured with --flip; a gallery holds embeddings without mirror images, so "
                       "evaluate without it");
        }
        decision.threshold = measured.cosine;
        decision.reached_far = measured.reached_far;
        decision.source = measured.benchmark;
        decision.pairs = measured.impostor_pairs;
        return decision;
    }
    const ImpostorThreshold own = impostor_threshold(gallery, decision.far, pool, progress);
    decision.threshold = own.cosine;
    if (own.cosine) decision.reached_far = own.reached_far;
    decision.source = "the gallery's own people";
    decision.pairs = own.pairs;
    decision.lacking_pairs = std::max<int64_t>(own.needed_pairs - own.pairs, 0);
    return decision;
}

Json to_json(const SearchDecision& decision) {
    const auto or_null = [](const std::optional<double>& value) { return value ? Json(*value) : Json(); };
    return {{"threshold", or_null(decision.threshold)},
            {"far", decision.far},
            {"reached_far", or_null(decision.reached_far)},
            {"measured_on", decision.source},
            {"impostor_pairs", decision.pairs},
            {"lacking_pairs", decision.lacking_pairs},
            {"people", decision.people},
            {"faces", decision.faces},
            {"fpir_by_people", decision.fpir_by_people},
            {"fpir_by_faces", decision.fpir_by_faces}};
}

std::string describe(const SearchDecision& decision) {
    if (!decision.threshold) {
        return fmt::format(
            "no decision: a pairwise FAR of {:g} takes {} pairs of different people; of {} there are {}, {} "
            "are "
            "lacking (enroll more people, or give --thresholds of an evaluation)\n",
            decision.far, format_count(decision.pairs + decision.lacking_pairs), decision.source,
            format_count(decision.pairs), format_count(decision.lacking_pairs));
    }
    return fmt::format(
        "threshold   cosine {:.4f}: pairwise FAR {:g} (reached {:.2g}), measured on {}, {} pairs\n"
        "search      1 of {} people, {} faces: a stranger is taken for somebody with a probability (FPIR) of "
        "{:.3g}, were each person compared once, to {:.3g}, were all faces independent\n",
        *decision.threshold, decision.far, *decision.reached_far, decision.source,
        format_count(decision.pairs), format_count(decision.people), format_count(decision.faces),
        decision.fpir_by_people, decision.fpir_by_faces);
}

}  // namespace quantface
