// What was found in a photograph, in JSON documents.
#pragma once

#include <optional>

#include "cli/json_output.h"
#include "cli/photos.h"

namespace quantface {

// {"landmarks": [[x, y], ...], "box": [left, top, width, height], "score": S, "faces": N} in pixels of the
// photograph; all null where the image was taken for an aligned face.
inline Json found_face_json(const std::optional<FoundFace>& found) {
    if (!found) return {{"landmarks", nullptr}, {"box", nullptr}, {"score", nullptr}, {"faces", nullptr}};
    const DetectedFace& face = found->face;
    Json landmarks = Json::array();
    for (const auto& point : face.landmarks) landmarks.push_back({point[0], point[1]});
    return {{"landmarks", landmarks},
            {"box", {face.left, face.top, face.width, face.height}},
            {"score", face.score},
            {"faces", found->faces}};
}

}  // namespace quantface
