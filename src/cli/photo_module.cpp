// lib/quantface/quantface_photos.so.
#include "cli/photo_module.h"

extern "C" __attribute__((visibility("default"))) const quantface::PhotoModule quantface_photo_module;

const quantface::PhotoModule quantface_photo_module = {
    quantface::kProgramVersion, quantface::open_face_finder, quantface::make_built_in_finder};
