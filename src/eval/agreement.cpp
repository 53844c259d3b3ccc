#include "eval/agreement.h"

#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "eval/distribution.h"
#include "eval/embeddings.h"

namespace quantface {

EmbeddingAgreement measure_agreement(std::span<const float> student, std::span<const float> teacher,
                                     int64_t dimension) {
    if (dimension < 1 || student.size() != teacher.size() || student.empty() ||
        student.size() % static_cast<size_t>(dimension) != 0) {
        fail_usage(std::to_string(student.size()) + " and " + std::to_string(teacher.size()) +
                   " numbers do not make the same count of embeddings of " + std::to_string(dimension));
    }
    const auto width = static_cast<size_t>(dimension);
    EmbeddingAgreement agreement;
    std::vector<double> cosines;
    for (size_t start = 0; start < student.size(); start += width) {
        const auto of_student = student.subspan(start, width), of_teacher = teacher.subspan(start, width);
        if (!is_valid_embedding(of_teacher)) {
            fail_work("the teacher's embedding of image " + std::to_string(start / width) +
                      " is zero or not finite; nothing can be compared with it");
        }
        if (is_valid_embedding(of_student)) {
            cosines.push_back(cosine_similarity(of_student, of_teacher));
        } else {
            cosines.push_back(0);
            ++agreement.invalid_embeddings;
        }
    }
    const Distribution distribution = describe(std::move(cosines));
    agreement.images = distribution.count;
    agreement.mean = distribution.mean;
    agreement.standard_deviation = distribution.standard_deviation;
    agreement.minimum = distribution.minimum;
    static_assert(kReportedQuantiles[0] == 0.01);
    agreement.first_percentile = distribution.quantiles[0];
    return agreement;
}

}  // namespace quantface
