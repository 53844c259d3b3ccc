// Who is on which image where nobody says it: what pairs of one person tell.
#pragma once

#include <cstdint>
#include <vector>

namespace quantface {

// Joins images of one person; the rest counts as strangers. Images 0..count-1.
class PeopleByPairs {
  public:
    explicit PeopleByPairs(int64_t count);

    // Both show the same person.
    void join(int64_t a, int64_t b);

    // Of each image, people numbered from 0 in the order of their first image.
    std::vector<int32_t> people();

  private:
    int32_t root(int32_t image);

    std::vector<int32_t> parent_;
};

}  // namespace quantface
