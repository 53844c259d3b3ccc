#include "base/error.h"
#include "faces/face_detector.h"

namespace quantface {

std::unique_ptr<FaceFinder> make_built_in_finder() {
    fail_usage("photographs: name a face detector with --detector FILE.onnx");
}

}  // namespace quantface
