// An evaluation as the document of docs/evaluation_json.md.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/bench_measurement.h"
#include "cli/evaluation.h"
#include "cli/json_output.h"

namespace quantface {

struct EvaluationContext {
    std::vector<std::string> command;
    bool flip = false;
    std::string ijb;
    int threads = 1;
    std::vector<std::string> missing;
    bool pictures = false;                                      // embed the worst pairs' faces
    std::vector<CallTimes> speed;                               // of each network, or empty
    std::vector<std::map<std::string, double>> layer_noise_db;  // of each network, or empty
    std::string faces_description, faces_sheet;                 // a picture as a data URI; empty: none
};

Json evaluation_document(const EvaluationSetup& setup, const std::vector<DataResult>& results,
                         const EvaluationContext& context);

// "data:image/jpeg;base64,..."
std::string picture_uri(const Image& image, int jpeg_quality);

}  // namespace quantface
