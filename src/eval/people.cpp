#include "eval/people.h"

#include <numeric>

#include "base/error.h"

namespace quantface {

PeopleByPairs::PeopleByPairs(int64_t count) : parent_(static_cast<size_t>(count)) {
    QF_CHECK(count >= 0 && count <= INT32_MAX);
    std::iota(parent_.begin(), parent_.end(), 0);
}

int32_t PeopleByPairs::root(int32_t image) {
    auto& parent = parent_;
    while (parent[static_cast<size_t>(image)] != image) {
        auto& up = parent[static_cast<size_t>(image)];
        up = parent[static_cast<size_t>(up)];
        image = up;
    }
    return image;
}

void PeopleByPairs::join(int64_t a, int64_t b) {
    const int32_t first = root(static_cast<int32_t>(a)), second = root(static_cast<int32_t>(b));
    // The lower one leads, so that a person's root is the first of its images.
    if (first < second) {
        parent_[static_cast<size_t>(second)] = first;
    } else {
        parent_[static_cast<size_t>(first)] = second;
    }
}

std::vector<int32_t> PeopleByPairs::people() {
    std::vector<int32_t> people(parent_.size());
    int32_t count = 0;
    for (size_t image = 0; image < parent_.size(); ++image) {
        const auto leader = static_cast<size_t>(root(static_cast<int32_t>(image)));
        people[image] = leader == image ? count++ : people[leader];
    }
    return people;
}

}  // namespace quantface
