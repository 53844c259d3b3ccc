// Photographs as they come, to faces aligned for a network: what `align`, `verify`, `embed`, `enroll`,
// `search` and `eval` share.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "faces/face_detector.h"
#include "faces/image.h"

namespace CLI {
class App;
}

namespace quantface {

struct PhotoOptions {
    std::string detector;  // a SCRFD or YuNet .onnx; empty: the built-in detector
    bool centred = false;  // of several the one the photo is centred on (centred_face), else the largest
    bool detect = false;   // also in images that have the size of an aligned face
};

void add_photo_options(CLI::App& command, PhotoOptions& options);

// What was found in a photograph.
struct FoundFace {
    DetectedFace face;  // the chosen one
    int faces = 0;      // found in all
};

// A detector that cannot be opened: no fault of the photograph that was to be looked at.
class DetectorError final : public Error {
  public:
    using Error::Error;
};

// Thread-safe. The detector is opened when the first photograph needs it.
class PhotoAligner {
  public:
    explicit PhotoAligner(const PhotoOptions& options);
    ~PhotoAligner();

    // The face of side x side pixels. An image of exactly that size is taken for an aligned face and given
    // back as it is, unless options.detect; `found`, where given, is then nothing. Throws Error(kBadInput)
    // "NAME: no face found" where there is none, and DetectorError where the detector cannot be opened: of
    // kind kBadInput where its file is no detector, kUsage where the program was installed without its
    // library for photographs.
    Image face(const Image& photo, const std::string& name, int side,
               std::optional<FoundFace>* found = nullptr) const;

    // One line on how faces were found and aligned, for reports and for the key of cached embeddings: another
    // detector file, choice or version of the method has another line. Reads the detector's file; throws
    // Error(kBadInput) where it cannot be read.
    std::string description() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace quantface
