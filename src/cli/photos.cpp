#include "cli/photos.h"

#include <fmt/format.h>

#include "base/error.h"

namespace quantface {

struct PhotoAligner::State {};

PhotoAligner::PhotoAligner(const PhotoOptions&) : state_(std::make_unique<State>()) {}
PhotoAligner::~PhotoAligner() = default;

Image PhotoAligner::face(const Image& photo, const std::string& name, int side) const {
    if (photo.height == side && photo.width == side) return photo;
    fail_bad_input(fmt::format("{}: {} x {} pixels where the network takes aligned faces of {} x {}", name,
                               photo.width, photo.height, side, side));
}

std::string PhotoAligner::description() const {
    return "aligned faces as they are";
}

}  // namespace quantface
